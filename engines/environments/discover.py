"""Find every Python on this machine, and which engines are in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path

from engines.contract.capabilities import EngineRow, Interpreter
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments.asked import DEADLINE_S, OLDEST, Asked, ask, too_old
from engines.environments.commands import NO_WINDOW

_AT_ONCE = 4
_A_WINDOWS_PATH = re.compile(r"[A-Za-z]:\\.*\S")
_NAMES = ("python3", "python", *(f"python3.{minor}" for minor in range(10, 16)))
_INSIDE = ("bin/python", "python.exe", "Scripts/python.exe")


def candidates(near: Sequence[Path] = (), home: Path | None = None) -> list[Path]:
    """Return paths that may be Pythons, each real interpreter once; nothing is started.

    On the PATH, of pyenv, conda, uv, Homebrew, python.org and the py launcher, and in environments inside
    the folders ``near``.
    """
    home = home or Path.home()
    found: dict[Path, Path] = {}
    for path in (Path(sys.executable), *_on_path(), *_in_places(home), *_of_conda(home), *_beside(near)):
        with suppress(OSError):  # it lies where this person may not look
            if path.is_file():
                found.setdefault(_identity(path), path)
    return list(found.values())


def python_at(path: Path) -> Path:
    """Return the whole path of an interpreter; of a folder, the one of the environment in it.

    Links are not followed: an environment's Python is one, and it is the link that makes the environment.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100
    inside = (whole / place for place in _INSIDE)
    return next((one for one in inside if one.exists()), whole) if whole.is_dir() else whole


def _identity(path: Path) -> Path:
    """An environment's own path counts, since its packages are its own; other links are followed."""
    inside = (path.parent.parent / "pyvenv.cfg").exists() or (path.parent / "pyvenv.cfg").exists()
    return path.parent.absolute() if inside else path.resolve()


def _on_path() -> Iterator[Path]:
    for name in _NAMES:
        for folder in os.get_exec_path():
            there = shutil.which(name, path=folder)
            if there and Path(folder).name != "shims":  # pyenv's shims are scripts; its versions come below
                yield Path(there)


def _in_places(home: Path) -> Iterator[Path]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    places = (
        (pyenv / "versions", "*/bin/python"),
        (home / ".pyenv/pyenv-win/versions", "*/python.exe"),
        (home / ".local/share/uv/python", "*/bin/python3"),
        (home / "AppData/Roaming/uv/python", "*/python.exe"),
        (home / "AppData/Local/Programs/Python", "*/python.exe"),
        (Path("/opt/homebrew/bin"), "python3.*[0-9]"),
        (Path("/usr/local/bin"), "python3.*[0-9]"),
        (Path("/Library/Frameworks/Python.framework/Versions"), "3.*/bin/python3"),
    )
    for folder, pattern in places:
        yield from sorted(folder.glob(pattern))
    if os.name == "nt":
        yield from _of_launcher()


def _of_launcher() -> Iterator[Path]:
    """Ask Windows' py launcher, whose lines end in a path."""
    try:
        said = subprocess.run(
            ["py", "-0p"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            creationflags=NO_WINDOW,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return
    yield from (Path(found.group()) for line in said.splitlines() if (found := _A_WINDOWS_PATH.search(line)))


def _of_conda(home: Path) -> Iterator[Path]:
    roots = [Path(os.environ[name]) for name in ("CONDA_PREFIX", "CONDA_ROOT") if os.environ.get(name)]
    roots += [home / name for name in ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba")]
    listed = home / ".conda" / "environments.txt"
    if listed.is_file():
        roots += [Path(line) for line in listed.read_text(errors="replace").split("\n") if line.strip()]
    for root in roots:
        with suppress(OSError):
            for folder in (root, *sorted((root / "envs").glob("*"))):
                yield from (folder / inside for inside in _INSIDE)


def _beside(near: Sequence[Path]) -> Iterator[Path]:
    """Environments that lie in the folders: ``.venv``, ``venv`` or whatever they are called."""
    for folder in near:
        for config in sorted(folder.glob("*/pyvenv.cfg")):
            yield from (config.parent / inside for inside in _INSIDE)


def discover(
    rows: Sequence[EngineRow], found: Sequence[Path], deadline: float = DEADLINE_S
) -> Iterator[Interpreter]:
    """Ask the Pythons ``found``, a few at a time, and yield each as it answers; some cannot be used."""
    packages = [row.package for row in rows]
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask a Python") as pool:
        asked = {pool.submit(ask, str(path), packages, deadline): str(path) for path in found}
        try:
            for answer in as_completed(asked):
                try:
                    yield _interpreter(asked[answer], answer.result(), rows)
                except WorkbenchError as fault:
                    facts = dict(fault.facts)
                    yield Interpreter(asked[answer], "", why_not=fault.code.value, facts=facts)
        finally:
            for waiting in asked:
                waiting.cancel()


def _interpreter(path: str, asked: Asked, rows: Sequence[EngineRow]) -> Interpreter:
    engines = {row.name: asked.packages[row.package] for row in rows if row.package in asked.packages}
    if not too_old(asked):
        return Interpreter(path, asked.version, engines)
    facts = {"python": path, "version": asked.version, "wanted": ".".join(map(str, OLDEST))}
    return Interpreter(path, asked.version, engines, ErrorCode.INTERPRETER_OLD.value, facts)


def sorted_for_a_person(found: Sequence[Interpreter]) -> tuple[Interpreter, ...]:
    """Usable ones first, the newest of them first, then by path."""
    return tuple(sorted(found, key=lambda one: (bool(one.why_not), _newest_first(one.version), one.python)))


def _newest_first(version: str) -> tuple[int, ...]:
    return tuple(-int(part) for part in version.split(".")) if version else (0,)
