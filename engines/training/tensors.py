"""The safetensors file format in NumPy alone, since the worker starts in anyone's interpreter.

An 8-byte little-endian length, a JSON header, then the arrays' bytes.
Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import read_bytes

Arrays = Mapping[str, npt.NDArray[Any]]

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_NAMES = {np.dtype(code): name for name, code in _TYPES.items()}


def dump_tensors(arrays: Arrays, metadata: Mapping[str, str] | None = None) -> bytes:
    """Return ``arrays`` as the bytes of a safetensors file, in their order."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    buffers, offset = [], 0
    for name, array in arrays.items():
        little = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).reshape(array.shape)
        end = offset + little.nbytes
        header[name] = {
            "dtype": _NAMES[little.dtype],
            "shape": list(array.shape),
            "data_offsets": [offset, end],
        }
        buffers.append(little.tobytes())
        offset = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *buffers])


def parse_tensors(data: bytes, where: str) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays (read-only views) in the bytes of a safetensors file.

    Raises:
        WorkbenchError: ``FILE_DAMAGED`` naming ``where`` if the bytes are no such file.
    """
    try:
        (length,) = struct.unpack_from("<Q", data)
        header = json.loads(data[8 : 8 + length])
        header.pop("__metadata__", None)
        return {name: _view(data, 8 + length, entry) for name, entry in header.items()}
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=where, why=str(error)) from error


def _view(data: bytes, base: int, entry: Mapping[str, Any]) -> npt.NDArray[Any]:
    begin, end = entry["data_offsets"]
    dtype = np.dtype(_TYPES[entry["dtype"]])
    array: npt.NDArray[Any] = np.frombuffer(data, dtype, (end - begin) // dtype.itemsize, base + begin)
    return array.reshape(entry["shape"])


def read_tensors(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Read a safetensors file."""
    return parse_tensors(read_bytes(path), str(path))


def npz_file(arrays: Arrays) -> bytes:
    """Return arrays as the content of NumPy's ``.npz`` file."""
    content = io.BytesIO()
    np.savez(content, **arrays)  # type: ignore[arg-type]  # NumPy takes any name for its option's
    return content.getvalue()
