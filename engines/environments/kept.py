"""The environments that Modelwright makes and keeps, one folder an engine: made, told apart, removed.

A completion mark is written last; where it is missing the environment is half made, wherever its making was
ended. Nothing outside the folder is ever changed.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event, Log, Progress
from engines.contract.files import make_folder, unwritable, write_atomic, write_text_atomic
from engines.contract.records import from_plain, to_plain
from engines.environments import builders
from engines.environments.bases import Base
from engines.environments.builders import Way
from engines.environments.commands import CommandFailed, Started
from engines.environments.faults import install_fault
from engines.environments.locked import LOCKED, Locked
from engines.training.lock import FolderLock, is_locked

ABSENT, HALF_MADE, OUTDATED, READY = "absent", "half_made", "outdated", "ready"


@dataclass(frozen=True)
class Mark:
    """What was installed: the hash of the list, the Python's version, and every package."""

    digest: str
    python: str
    installed: Mapping[str, str] = field(default_factory=dict)
    version: int = 1


class Kept:
    """One engine's environment in ``folder``; it need not exist yet."""

    def __init__(self, engine: str, folder: Path) -> None:
        self.engine = engine
        self.folder = folder
        self.venv = folder / "venv"
        self.before = folder / "before"
        self.mark = folder / "complete.json"
        self.mark_before = folder / "before.json"
        self.log = folder / "install.log"
        scripts = self.venv / ("Scripts" if os.name == "nt" else "bin")
        self.python = scripts / ("python.exe" if os.name == "nt" else "python")

    @property
    def locked(self) -> Locked:
        """The list it is made from."""
        return LOCKED[self.engine]

    def state(self) -> str:
        """Return absent, half_made, outdated (made from an earlier list) or ready; starts nothing."""
        if not self.venv.exists():
            return ABSENT
        mark = self.read_mark()
        if mark is None or not self.python.exists():
            return HALF_MADE
        known = {self.locked.digest(mark.python, gpu) for gpu in (False, True)}
        return READY if mark.digest in known else OUTDATED

    def read_mark(self) -> Mark | None:
        """Return the completion mark, None where there is none that can be read."""
        try:
            mark: Mark = from_plain(Mark, json.loads(self.mark.read_bytes()))
        except (OSError, ValueError, WorkbenchError):
            return None
        return mark

    @property
    def has_put_aside(self) -> bool:
        """Whether a whole environment lies aside: the making of another one goes on, or was killed."""
        return self.before.exists() and self.mark_before.exists()

    def is_recoverable(self) -> bool:
        """Tell whether a making that was killed has left a whole environment aside."""
        return self.state() in (ABSENT, HALF_MADE) and self.has_put_aside and not self.is_busy()

    def is_busy(self) -> bool:
        """Tell whether another process builds here now."""
        return is_locked(self.folder)


def make(kept: Kept, base: Base, gpu: bool, started: Started) -> Iterator[Event]:
    """Make the environment anew from ``base``, whatever is there; ``gpu`` asks for builds for NVIDIA's.

    Yields what the installer says and ``Progress`` in the stages ``environment``, ``packages``, ``check``.
    Closing the generator, or calling what ``started`` is handed, leaves a half-made one; so does a failure.
    Where there was a whole one before, that one is back then; where this process is killed, ``recover``
    brings it back. On a full disk nothing is left of the new one.

    Raises:
        WorkbenchError: ``ENVIRONMENT_BUSY``, ``DISK_FULL``, ``FILE_UNWRITABLE``, ``NETWORK_DOWN`` or
            ``INSTALL_FAILED`` with the installer's last lines as details.
    """
    total = len(kept.locked.wanted(gpu)) + 2
    with _held(kept), _in_place_of_what_was(kept):
        yield Progress("environment", 0, total)
        yield from _noted(kept, _build(kept, base.python, gpu, started))
        yield Progress("check", total - 1, total)
        _write_mark(kept, base.version, gpu, started)


def remove(kept: Kept) -> None:
    """Delete the environment.

    Raises:
        WorkbenchError: ``ENVIRONMENT_NONE``, ``ENVIRONMENT_BUSY`` or ``FILE_UNWRITABLE``.
    """
    if kept.state() == ABSENT and not kept.before.exists():
        raise WorkbenchError(ErrorCode.ENVIRONMENT_NONE, engine=kept.engine, folder=str(kept.folder))
    with _held(kept), _telling(kept):
        kept.mark_before.unlink(missing_ok=True)
        _clear(kept)
        _delete(kept.before)


def recover(kept: Kept) -> None:
    """Bring back the whole environment that a making that was killed had put aside.

    Raises:
        WorkbenchError: ``ENVIRONMENT_BUSY`` or ``FILE_UNWRITABLE``.
    """
    with _held(kept), _telling(kept):
        _bring_back(kept)


@contextmanager
def _held(kept: Kept) -> Iterator[None]:
    """Hold the folder, so that two windows do not build in it at once."""
    make_folder(kept.folder)
    try:
        lock = FolderLock(kept.folder)
    except WorkbenchError as fault:
        if fault.code is not ErrorCode.RUN_BUSY:
            raise
        raise WorkbenchError(
            ErrorCode.ENVIRONMENT_BUSY, engine=kept.engine, folder=str(kept.folder)
        ) from fault
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _in_place_of_what_was(kept: Kept) -> Iterator[None]:
    """Put a whole environment aside while another is made; it returns where that does not come about."""
    with _telling(kept):
        if kept.state() in (READY, OUTDATED):
            _delete(kept.before)
            write_atomic(kept.mark_before, kept.mark.read_bytes())
            kept.venv.rename(kept.before)  # moved while its mark still stands, it counts as absent
        elif not kept.has_put_aside:
            _delete(kept.before)
        _clear(kept)
    try:
        yield
    except BaseException as fault:
        if isinstance(fault, WorkbenchError) and fault.code is ErrorCode.DISK_FULL:
            shutil.rmtree(kept.venv, ignore_errors=True)  # others need the space to save what they have
        _bring_back(kept)
        raise
    kept.mark_before.unlink(missing_ok=True)
    shutil.rmtree(kept.before, ignore_errors=True)


def _bring_back(kept: Kept) -> None:
    """Put back what was put aside, if anything was; killed at any moment, it can be done again."""
    if kept.has_put_aside:
        _delete(kept.venv)
        write_atomic(kept.mark, kept.mark_before.read_bytes())  # without an environment it says nothing yet
        kept.before.rename(kept.venv)
        kept.mark_before.unlink()


def _clear(kept: Kept) -> None:
    """Take the mark away first: from then on the environment counts as half made."""
    kept.mark.unlink(missing_ok=True)
    kept.log.unlink(missing_ok=True)
    _delete(kept.venv)


def _delete(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


@contextmanager
def _telling(kept: Kept) -> Iterator[None]:
    """Tell what the system has against a deletion as an error of ours."""
    try:
        yield
    except OSError as fault:
        named = Path(str(fault.filename or ""))  # while a tree is deleted it may be a name alone
        raise unwritable(named if named.is_absolute() else kept.venv, fault) from fault


def _build(kept: Kept, base: str, gpu: bool, started: Started) -> Iterator[Event]:
    """Build in the first way that goes; what one could not, the next one tries from the start."""
    wanted = kept.locked.wanted(gpu)
    first: WorkbenchError | None = None
    for way in builders.ways(kept.locked, base, kept.venv, kept.python, gpu):
        if first is not None and not _may_go(way, first, started):
            break
        try:
            yield from _counted(way.build(started), wanted)
        except CommandFailed as failed:
            fault = install_fault(failed, kept.engine, str(kept.folder))
            if failed.ended or fault.code is ErrorCode.DISK_FULL:
                raise fault from failed
            first = first if first and first.code is ErrorCode.NETWORK_DOWN else fault
            yield Log("warning", f"{way.name}: {failed.said or failed}")
        else:
            return
    if first is not None:
        raise first


def _may_go(way: Way, before: WorkbenchError, started: Started) -> bool:
    """Tell whether ``way`` is worth trying: without a network, only one that has a road of its own."""
    return before.code is not ErrorCode.NETWORK_DOWN or builders.has_own_road(way, started)


def _counted(lines: Iterator[str], requirements: tuple[str, ...]) -> Iterator[Event]:
    """Turn the installer's lines into events; a package of the list that is named counts as one step."""
    left = {builders.name_of(requirement) for requirement in requirements}
    count = len(left)
    for line in lines:
        yield Log("info", line)
        named = builders.package_in(line)
        if named in left:
            left.discard(named)
            yield Progress("packages", count - len(left), count + 2)


def _write_mark(kept: Kept, version: str, gpu: bool, started: Started) -> None:
    try:
        installed = builders.installed(kept.python, started)
    except CommandFailed as failed:
        raise install_fault(failed, kept.engine, str(kept.folder)) from failed
    mark = Mark(kept.locked.digest(version, gpu), version, installed)
    write_text_atomic(kept.mark, json.dumps(to_plain(mark), indent=1) + "\n")


def _noted(kept: Kept, events: Iterator[Event]) -> Iterator[Event]:
    """Keep what is said in the environment's own log, too."""
    for event in events:
        if isinstance(event, Log):
            with (
                suppress(OSError),
                kept.log.open("a", encoding="utf-8") as log,
            ):  # a full disk is told elsewhere
                log.write(event.text + "\n")
        yield event
