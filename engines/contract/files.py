"""Write files so that a kill, a full disk or a power cut leaves the old file or the new one, never half.

Standard library only: every room and every worker uses it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from engines.contract.errors import ErrorCode, WorkbenchError

SUFFIX = ".modelwright-part"
"""What the name of what is unfinished ends in; a leftover of a killed process is swept by ``sweep``."""

_OPEN_FILES_KEEP_NAMES = os.name == "nt"
_BLINK_S = 2.0

FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}
"""What the system says of a disk without room, or of a person's share of it that is used up."""


def write_atomic(path: Path, content: bytes | Callable[[BinaryIO], object]) -> None:
    """Write ``content`` (bytes, or a function that writes into the open file) as ``path``, all or nothing.

    Temporary name in the same folder, flush, fsync, rename, fsync of the folder. Folders are not made.

    Raises:
        WorkbenchError: ``DISK_FULL`` or ``FILE_UNWRITABLE``; what was there before is untouched.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        with part.open("xb") as file:
            if isinstance(content, bytes):
                file.write(content)
            else:
                content(file)
            file.flush()
            os.fsync(file.fileno())
        _give_name(part, path)
        sync_folder(path.parent)
    except BaseException as fault:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        if isinstance(fault, OSError):
            raise unwritable(path, fault) from fault
        raise


def _give_name(part: Path, path: Path) -> None:
    """Rename; where open files keep their names (Windows), a reader's blink is waited out."""
    deadline = time.monotonic() + _BLINK_S
    while True:
        try:
            part.replace(path)
        except PermissionError:
            if not _OPEN_FILES_KEEP_NAMES or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def write_text_atomic(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with the line ends it has, all or nothing."""
    write_atomic(path, text.encode("utf-8"))


def sync_folder(folder: Path) -> None:
    """Flush the names in ``folder`` to the disk; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as fault:
        # Some network file systems refuse to sync folders; the file itself is safe by now.
        if fault.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make ``folder`` and its parents; raises ``FILE_UNWRITABLE`` or ``DISK_FULL``."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise unwritable(folder, fault) from fault


def existing(path: Path) -> str:
    """Return the whole path of a file; raises ``FILE_MISSING`` or ``FILE_IS_FOLDER``."""
    if path.is_dir():
        raise WorkbenchError(ErrorCode.FILE_IS_FOLDER, path=str(path.absolute()))
    if not path.is_file():
        raise WorkbenchError(ErrorCode.FILE_MISSING, path=str(path.absolute()))
    return str(path.absolute())


def read_bytes(path: Path) -> bytes:
    """Read a whole file; raises ``FILE_MISSING`` or ``FILE_UNREADABLE``."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise unreadable(path, fault) from fault


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal; raises ``FILE_MISSING`` or ``FILE_UNREADABLE``."""
    total = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                total.update(block)
    except OSError as fault:
        raise unreadable(path, fault) from fault
    return total.hexdigest()


def digests_of(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file by its path as seen from ``folder``; raises as ``sha256_of`` does."""
    return {_seen_from(folder, file): sha256_of(file) for file in files}


def _seen_from(folder: Path, file: Path) -> str:
    try:
        return Path(os.path.relpath(file, folder)).as_posix()
    except ValueError:  # on another drive
        return str(file.absolute())


def are_unchanged(digests: Mapping[str, str], folder: Path) -> bool:
    """Tell whether every file of ``digests_of`` is there and as it was."""
    try:
        return all(sha256_of(folder / name) == digest for name, digest in digests.items())
    except WorkbenchError:
        return False


def sweep(folder: Path) -> list[Path]:
    """Delete what is unfinished below ``folder``, files and folders of them; returns it.

    Call it only while nobody writes there.
    """
    left = sorted(folder.rglob(f"*{SUFFIX}"))
    for path in left:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    return left


def unwritable(path: Path, fault: OSError) -> WorkbenchError:
    """Return the error that says why ``path`` could not be written."""
    code = ErrorCode.DISK_FULL if fault.errno in FULL else ErrorCode.FILE_UNWRITABLE
    return WorkbenchError(code, path=str(path), why=fault.strerror or str(fault))


def unreadable(path: Path, fault: OSError) -> WorkbenchError:
    """Return the error that says why ``path`` could not be read."""
    if isinstance(fault, FileNotFoundError):
        return WorkbenchError(ErrorCode.FILE_MISSING, path=str(path))
    if isinstance(fault, IsADirectoryError) or path.is_dir():
        return WorkbenchError(ErrorCode.FILE_IS_FOLDER, path=str(path))
    return WorkbenchError(ErrorCode.FILE_UNREADABLE, path=str(path), why=fault.strerror or str(fault))
