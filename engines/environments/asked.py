"""Ask an interpreter who it is and what is in it: in a child, with a deadline, whatever it does."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.records import from_plain
from engines.environments.commands import NO_WINDOW, end_family
from engines.environments.last_words import last_words

DEADLINE_S = 15.0
OLDEST = (3, 10)
"""The worker's language."""
_MOST_BYTES = 1 << 20
_PARTING_S = 5.0

_MARK = "\x1emodelwright\x1e"
_QUESTION = (
    r"""
import sys
facts = {"python": sys.executable, "version": "%d.%d.%d" % sys.version_info[:3], "packages": {}}
facts["base"] = getattr(sys, "_base_executable", "") or sys.executable
if sys.version_info >= (3, 8):
    from importlib import metadata
    from importlib.util import find_spec
    for name in sys.argv[1:]:
        try:
            if find_spec(name) is None:
                continue
        except Exception:
            continue
        version = ""
        try:
            version = metadata.version(name)
        except Exception:
            try:  # onnxruntime-gpu, tensorflow-cpu: other names for the same package
                version = metadata.version(metadata.packages_distributions()[name][0])
            except Exception:
                pass
        facts["packages"][name] = version
import json
import re
sys.stdout.write("\n"""
    + _MARK
    + r"""" + json.dumps(facts) + "\n")
"""
)


@dataclass(frozen=True)
class Asked:
    """What an interpreter said: its own path, its version, and the packages that were asked for."""

    python: str
    version: str
    base: str = ""
    packages: Mapping[str, str] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version))


def ask(python: str, packages: Sequence[str] = (), deadline: float = DEADLINE_S) -> Asked:
    """Ask ``python`` for its version, and for the versions of ``packages``; none is imported.

    Raises:
        WorkbenchError: ``INTERPRETER_GONE``, ``INTERPRETER_FOLDER``, ``INTERPRETER_NO_PYTHON``,
            ``INTERPRETER_HANGS`` or ``INTERPRETER_DIES``.
    """
    if not Path(python).exists():
        raise WorkbenchError(ErrorCode.INTERPRETER_GONE, python=python)
    if Path(python).is_dir():
        raise WorkbenchError(ErrorCode.INTERPRETER_FOLDER, python=python)
    status, out, err = _run([python, "-c", _QUESTION, *packages], python, deadline)
    _, mark, answer = out.rpartition(_MARK)
    asked = _parsed(answer) if mark else None
    if asked is not None:
        return asked if asked.python else replace(asked, python=python)
    why = last_words(err) or last_words(out)
    if status != 0:
        raise WorkbenchError(ErrorCode.INTERPRETER_DIES, err, python=python, status=status, why=why)
    raise WorkbenchError(ErrorCode.INTERPRETER_NO_PYTHON, out, python=python, why=why)


def too_old(asked: Asked) -> bool:
    """Tell whether the worker cannot run there."""
    return asked.numbers[:2] < OLDEST


def _parsed(answer: str) -> Asked | None:
    try:
        asked: Asked = from_plain(Asked, json.loads(answer.strip().splitlines()[0]))
    except (ValueError, IndexError, WorkbenchError):
        return None
    return asked if asked.numbers else None


def _run(command: Sequence[str], python: str, deadline: float) -> tuple[int, str, str]:
    try:
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            creationflags=NO_WINDOW,
        )
    except OSError as fault:
        why = fault.strerror or str(fault)
        raise WorkbenchError(ErrorCode.INTERPRETER_NO_PYTHON, python=python, why=why) from fault
    out, err = _Tail(process.stdout), _Tail(process.stderr)
    try:
        process.wait(deadline)
    except subprocess.TimeoutExpired:
        end_family(process.pid)
        process.wait()
        raise WorkbenchError(ErrorCode.INTERPRETER_HANGS, python=python, seconds=round(deadline)) from None
    return process.returncode, out.text(), err.text()


class _Tail:
    """Reads a pipe to its end and remembers the last of it: what says no end must not fill the memory."""

    def __init__(self, pipe: IO[bytes] | None) -> None:
        assert pipe is not None
        self._said = b""
        self._thread = threading.Thread(target=self._read, args=(pipe,), name="a Python's words", daemon=True)
        self._thread.start()

    def text(self) -> str:
        """Return what was said; a child that holds the pipe open after its parent's end is not waited for."""
        self._thread.join(_PARTING_S)
        return self._said.decode("utf-8", "replace")

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while chunk := os.read(pipe.fileno(), 65536):
                self._said = (self._said + chunk)[-_MOST_BYTES:]
