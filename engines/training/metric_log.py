"""Every step's metrics, appended as rows of numbers to one file that another process reads as it grows.

Layout: the bytes ``MWMETRIC``, a little-endian uint32 length, a JSON header ``{"columns": […]}`` of that
length, then one row a step from step 0 on: one little-endian float32 a column, or one float64 where the
header says ``"type": "<f8"`` (a run in double precision: its losses are compared to the last digit). A
last row cut short by a kill does not count.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder, unwritable

MAGIC = b"MWMETRIC"
SINGLE, DOUBLE = "<f4", "<f8"
Values = Mapping[str, npt.NDArray[np.floating[Any]]]


class Header(NamedTuple):
    """The columns, where the rows begin, and the NumPy type of every number."""

    columns: tuple[str, ...]
    begin: int
    type: str

    @property
    def width(self) -> int:
        """Bytes of a row."""
        return len(self.columns) * np.dtype(self.type).itemsize


def read_header(file: BinaryIO) -> Header | None:
    """Return what the file says of itself; None while the header is not whole.

    Raises:
        WorkbenchError: ``FILE_DAMAGED`` if this is no such file.
    """
    file.seek(0)
    start = file.read(len(MAGIC) + 4)
    if len(start) < len(MAGIC) + 4:
        return None
    (length,) = struct.unpack("<I", start[len(MAGIC) :])
    text = file.read(min(length, 1 << 20))
    if not start.startswith(MAGIC):
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(file.name), why="MWMETRIC")
    return _header(text, length, str(file.name))


def _header(text: bytes, length: int, where: str) -> Header | None:
    if len(text) < length:
        return None
    try:
        plain = json.loads(text)
        columns = tuple(str(name) for name in plain["columns"])
        kind = {SINGLE: SINGLE, DOUBLE: DOUBLE}[plain.get("type", SINGLE)]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=where, why=str(error)) from error
    if not columns or len(set(columns)) < len(columns):
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=where, why=f"columns {columns}")
    return Header(columns, len(MAGIC) + 4 + length, kind)


class MetricLog:
    """The writer's side: one a run, in the worker's process; ``double`` keeps float64 in a new file."""

    def __init__(self, path: Path, double: bool = False) -> None:
        self.path = path
        self.columns: tuple[str, ...] = ()
        self.type = DOUBLE if double else SINGLE
        self._lost = 0
        make_folder(path.parent)
        try:
            self._file = path.open("r+b" if path.exists() else "w+b")
        except OSError as fault:
            raise unwritable(path, fault) from fault

    def append(self, values: Values) -> None:
        """Append one chunk of steps; the first call fixes the columns.

        Raises:
            WorkbenchError: ``DISK_FULL`` or ``FILE_UNWRITABLE``.
        """
        rows = b""
        if not self.columns:
            self.columns = tuple(values)
            plain = {"columns": self.columns, **({"type": self.type} if self.type != SINGLE else {})}
            header = json.dumps(plain).encode()
            rows = MAGIC + struct.pack("<I", len(header)) + header
            rows += np.full(self._lost * len(self.columns), np.nan, self.type).tobytes()
        rows += np.stack([values[name] for name in self.columns], axis=1).astype(self.type).tobytes()
        try:
            self._file.write(rows)
            self._file.flush()
        except OSError as fault:
            raise unwritable(self.path, fault) from fault

    def go_on_at(self, step: int) -> None:
        """Cut off what came after ``step`` steps; steps that a power cut took count as NaN."""
        found = read_header(self._file)
        if found is None:
            self._file.seek(0)
            self._file.truncate()
            self._lost = step
            return
        self.columns, begin, self.type = found
        width = found.width
        rows = min((self._file.seek(0, os.SEEK_END) - begin) // width, step)
        self._file.truncate(begin + rows * width)
        self._file.seek(0, os.SEEK_END)
        self._file.write(np.full((step - rows) * len(self.columns), np.nan, self.type).tobytes())

    def sync(self) -> None:
        """Flush to the disk."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as fault:
            raise unwritable(self.path, fault) from fault

    def close(self) -> None:
        """Close the file."""
        self._file.close()
