"""The wire: records as bytes over ``multiprocessing.connection``, never pickled.

A message is ``MWRT``, the header's length (uint32, little-endian), the header as JSON in UTF-8, padding
to a multiple of eight, and the arrays as little-endian, C-ordered buffers one after another. The header
holds the major version (``protocol``), the record as plain data with null where an array belongs, and
for each array its path, type and shape. NaN and infinities travel as the words Python's ``json`` uses.
Unknown fields are ignored; whatever does not fit raises ``WorkbenchError``.
"""

from __future__ import annotations

import json
import math
import struct
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import PROTOCOL
from engines.contract.records import from_plain, to_plain

LIMIT = 256 * 1024 * 1024
"""The most bytes one message may have."""

_MAGIC = b"MWRT"
_START = struct.Struct("<4sI")
_TYPES = {
    np.dtype(name).newbyteorder("<").str
    for name in ("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
}


def send(connection: Connection, record: Any) -> None:
    """Send ``record``; blocks while the other side's buffer is full.

    Raises:
        WorkbenchError: ``WIRE_TOO_LONG``, or ``WIRE_GARBLED`` for what cannot travel.
        OSError: the connection is closed.
    """
    connection.send_bytes(encode(record))


def receive(connection: Connection, kind: Any) -> Any:
    """Wait for a message and return it as a record of type ``kind`` (a dataclass or a union of them).

    Raises:
        WorkbenchError: the bytes are no such record.
        EOFError, OSError: the connection is closed, or the message is longer than ``LIMIT``.
    """
    return decode(connection.recv_bytes(LIMIT), kind)


def encode(record: Any) -> bytes:
    """Return the message of ``record``."""
    arrays: list[npt.NDArray[Any]] = []
    entries: list[dict[str, Any]] = []
    plain = _without_arrays(to_plain(record), (), arrays, entries)
    header = {"protocol": PROTOCOL, "record": plain, "arrays": entries}
    try:
        text = json.dumps(header, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise WorkbenchError(ErrorCode.WIRE_GARBLED, why=str(error)) from error
    padding = bytes(-(_START.size + len(text)) % 8)
    message = b"".join([_START.pack(_MAGIC, len(text)), text, padding, *(a.tobytes() for a in arrays)])
    if len(message) > LIMIT:
        raise WorkbenchError(ErrorCode.WIRE_TOO_LONG, bytes=len(message), limit=LIMIT)
    return message


def decode(message: bytes, kind: Any) -> Any:
    """Return the record in ``message``; its arrays are read-only views of the bytes."""
    try:
        header, body = _read_header(message)
        plain = _with_arrays(header["record"], header["arrays"], body)
        return from_plain(kind, plain)
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise WorkbenchError(ErrorCode.WIRE_GARBLED, why=f"{type(error).__name__}: {error}") from error


def _without_arrays(
    value: Any, path: tuple[str | int, ...], arrays: list[npt.NDArray[Any]], entries: list[dict[str, Any]]
) -> Any:
    if isinstance(value, dict):
        return {key: _without_arrays(item, (*path, key), arrays, entries) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_arrays(item, (*path, place), arrays, entries) for place, item in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    if not isinstance(value, np.ndarray):
        return value
    array = _little_endian(value)
    arrays.append(array)
    entries.append({"path": path, "type": array.dtype.str, "shape": array.shape})
    return None


def _little_endian(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    kind = array.dtype.newbyteorder("<")
    if kind.str not in _TYPES:
        raise WorkbenchError(ErrorCode.WIRE_GARBLED, why=f"arrays of {array.dtype} do not travel")
    return array.astype(kind, order="C", copy=False)


def _read_header(message: bytes) -> tuple[dict[str, Any], memoryview]:
    if len(message) < _START.size:
        raise ValueError("the message is cut short")
    magic, length = _START.unpack_from(message)
    if magic != _MAGIC:
        raise ValueError("it does not begin as a message does")
    end = _START.size + length
    if end > len(message):
        raise ValueError("the header is cut short")
    header = json.loads(message[_START.size : end])
    if not isinstance(header, dict):
        raise ValueError("the header is no table")
    if header.get("protocol") != PROTOCOL:
        theirs = str(header.get("protocol"))
        raise WorkbenchError(ErrorCode.PROTOCOL_MISMATCH, theirs=theirs, ours=PROTOCOL)
    return header, memoryview(message)[end + -end % 8 :]


def _with_arrays(plain: Any, entries: list[dict[str, Any]], body: memoryview) -> Any:
    root = [plain]
    start = 0
    for entry in entries:
        if entry["type"] not in _TYPES:
            raise ValueError(f"arrays of type {entry['type']!r} do not travel")
        kind = np.dtype(entry["type"])
        shape = tuple(entry["shape"])
        if not all(type(size) is int and size >= 0 for size in shape):
            raise ValueError("the shape is no shape")
        end = start + math.prod(shape) * kind.itemsize
        _put(root, entry["path"], np.ndarray(shape, kind, body[start:end]))
        start = end
    return root[0]


def _put(root: list[Any], path: list[Any], array: npt.NDArray[Any]) -> None:
    place: Any = root
    key: Any = 0
    for step in path:
        place, key = place[key], step
    if place[key] is not None:
        raise ValueError("an array's place is taken")
    place[key] = array
