"""Looking at a file's first bytes and its table of contents without running or loading anything of it."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import unreadable

HEAD_BYTES = 4096
_MOST_NAMES = 100_000


class Look:
    """What can be seen of ``path`` from outside; each part is read once, when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_folder = path.is_dir()
        if not path.exists():
            raise WorkbenchError(ErrorCode.FILE_MISSING, path=str(path))
        try:
            self.size = path.stat().st_size
        except OSError as fault:
            raise unreadable(path, fault) from fault

    @cached_property
    def head(self) -> bytes:
        """The first bytes, empty for a folder."""
        if not self.path.is_file():
            return b""
        try:
            with self.path.open("rb") as file:
                return file.read(HEAD_BYTES)
        except OSError as fault:
            raise unreadable(self.path, fault) from fault

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names inside a zip archive, none where it is no zip archive."""
        if not self.head.startswith(b"PK\x03\x04"):
            return ()
        try:
            with zipfile.ZipFile(self.path) as archive:
                return tuple(archive.namelist()[:_MOST_NAMES])
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError):
            return ()

    @cached_property
    def protobuf_fields(self) -> frozenset[int]:
        """The top-level field numbers if the whole file is a protobuf message, none otherwise."""
        if not self.path.is_file() or not self.size:
            return frozenset()
        try:
            with self.path.open("rb") as file:
                return frozenset(_fields(file, self.size))
        except (OSError, ValueError):
            return frozenset()


def _fields(file: BinaryIO, size: int) -> Iterator[int]:
    """Yield field numbers, jumping over contents; raises ``ValueError`` where the bytes are no message.

    Source: https://protobuf.dev/programming-guides/encoding/
    """
    while file.tell() < size:
        tag = _varint(file)
        number, kind = tag >> 3, tag & 7
        if number == 0:
            raise ValueError("field 0")
        if kind == 0:
            _varint(file)
        else:
            length = {1: 8, 5: 4}.get(kind) or (_varint(file) if kind == 2 else -1)
            if length < 0 or file.tell() + length > size:
                raise ValueError("length")
            file.seek(length, 1)
        yield number


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            break
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("varint")
