"""Locks of a folder that the system takes back when their holder dies: one says that a run is being written,
the other guards a moment in which a record is read, changed and written again."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import unwritable

NAME, CHANGES = ".lock", ".changes"
PATIENCE_S = 0.5
"""A reader that asks ``is_locked`` holds the lock for a blink; so long a writer tries again."""
CHANGE_S = 30.0
"""A change waits so long for another one, whose disk may be slow."""

_HELD = (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
"""What a system says of a lock that another process holds; anything else is a fault of the file system."""

if os.name == "nt":
    import msvcrt

    def _try_lock(file: BinaryIO) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined, unused-ignore]

else:
    import fcntl

    def _try_lock(file: BinaryIO) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


class FolderLock:
    """Held by the one process that writes a run folder, or by ``name`` by who changes a record of it.

    Raises:
        WorkbenchError: ``RUN_BUSY`` where another one holds it, ``FILE_UNWRITABLE`` where there are no locks.
    """

    def __init__(self, folder: Path, name: str = NAME, patience: float = PATIENCE_S) -> None:
        self._file = _open(folder, name)
        deadline = time.monotonic() + patience
        while True:
            try:
                _try_lock(self._file)
            except OSError as error:
                held = error.errno in _HELD
                if held and time.monotonic() < deadline:
                    time.sleep(0.01)
                    continue
                self._file.close()
                if not held:
                    raise unwritable(folder, error) from error
                raise WorkbenchError(ErrorCode.RUN_BUSY, path=str(folder)) from error
            return

    def release(self) -> None:
        """Let another process write."""
        self._file.close()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let nobody else change the folder's records meanwhile: none of two changes is lost."""
    lock = FolderLock(folder, CHANGES, CHANGE_S)
    try:
        yield
    finally:
        lock.release()


def _open(folder: Path, name: str) -> BinaryIO:
    try:
        return (folder / name).open("a+b")
    except OSError as fault:
        raise unwritable(folder, fault) from fault


def is_locked(folder: Path) -> bool:
    """Tell whether a living process writes ``folder``."""
    try:
        file = (folder / NAME).open("r+b")
    except OSError:
        return False
    with file:
        try:
            _try_lock(file)
        except OSError as error:
            return error.errno in _HELD
    return False
