"""Netron's server in a child process, serving a private copy of one model on a free loopback port.

Netron's server also hands out the files beside the model, so it gets a folder that holds nothing else.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

from engines.contract.errors import ErrorCode, WorkbenchError

_CHILD = Path(__file__).with_name("netron_child.py")
_GRACE = 2.0
_POLL = 0.02


class NetronServer:
    """Starts at once and never blocks: ``address`` is "" until the child listens. ``stop`` cleans up.

    Call it from one thread.
    """

    def __init__(self, model: Path, python: str = sys.executable) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="modelwright-netron-"))
        self._address_file = self._folder / "address"
        served = self._folder / "model"
        served.mkdir()
        try:
            copy = shutil.copyfile(model, served / model.name)
            self._process = self._spawn(python, copy)
        except OSError as fault:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise WorkbenchError(ErrorCode.UNEXPECTED, what=type(fault).__name__, why=str(fault)) from None

    @property
    def address(self) -> str:
        """Where it listens, ``http://127.0.0.1:PORT/``, or "" while it starts."""
        with contextlib.suppress(OSError):
            return self._address_file.read_text(encoding="utf-8")
        return ""

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._process.pid

    def wait(self, seconds: float = 20.0) -> str:
        """Return the address as soon as it is known; for callers that may block.

        Raises:
            WorkbenchError: ``UNEXPECTED`` where the child ended or took longer.
        """
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.alive:
            if self.address:
                return self.address
            time.sleep(_POLL)
        details = self._last_words()
        raise WorkbenchError(ErrorCode.UNEXPECTED, details, what="Netron", why="Its server did not start.")

    def stop(self) -> None:
        """End the child at once and remove the copy; calling it again does nothing.

        It has nothing to save, and the window does not wait for what it may still import.
        """
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_GRACE)
        shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> NetronServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self, python: str, model: Path) -> subprocess.Popen[bytes]:
        command = [python, "-I", str(_CHILD), str(model), str(self._address_file)]
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                creationflags=_NO_WINDOW,
            )

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            return (self._folder / "log").read_text(encoding="utf-8", errors="replace")[-4000:]
        return ""


_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)
