"""safetensors: weights alone, shown as one node for each module that they belong to.

Own reading of the header, since its lengths are what a hostile file lies about; the arrays are
memory-mapped. Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.views import GraphView, NodeView, WeightView
from engines.exchange.sniff import Look

MAX_HEADER = 100_000_000
"""The format's own limit."""

_TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "|i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_SIZES = {"BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1} | {name: np.dtype(t).itemsize for name, t in _TYPES.items()}


@dataclass(frozen=True)
class Entry:
    """One array of the file: ``start`` and ``end`` count from the end of the header."""

    name: str
    type: str
    shape: tuple[int, ...]
    start: int
    end: int


def match(look: Look) -> bool:
    """Tell whether it begins with a header's length and a JSON table, or is called so."""
    head = look.head
    if len(head) >= 9 and head[8:9] == b"{":
        (length,) = struct.unpack_from("<Q", head)
        if 2 <= length <= min(look.size - 8, MAX_HEADER):
            return True
    return look.path.suffix.lower() == ".safetensors" and not look.is_folder


def open_graph(path: Path) -> GraphView:
    """Show the file's arrays with their statistics.

    Raises:
        WorkbenchError: ``FILE_DAMAGED`` where the header does not fit the file.
    """
    from engines.graph.layout import lay_out

    data: Any = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
    try:
        base, entries, metadata = _header(data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, struct.error) as error:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why=str(error)[:200]) from error
    groups: dict[str, list[WeightView]] = {}
    for entry in entries:
        groups.setdefault(_module(entry.name), []).append(_weight(entry, data, base))
    nodes = tuple(_node(module, weights) for module, weights in groups.items())
    return lay_out(
        GraphView(
            name=path.stem,
            format="safetensors",
            nodes=nodes,
            edges=(),
            bytes=len(data),
            parameters=sum(math.prod(entry.shape) for entry in entries),
            facts={"arrays": str(len(entries)), **metadata},
        )
    )


def _header(data: Any) -> tuple[int, list[Entry], Mapping[str, str]]:
    (length,) = struct.unpack_from("<Q", data[:8].tobytes())
    if length > MAX_HEADER or 8 + length > len(data):
        raise ValueError(f"the header claims {length} bytes, the file has {len(data)}")
    table = json.loads(data[8 : 8 + length].tobytes().decode("utf-8"))
    metadata = table.pop("__metadata__", {})
    entries = sorted((_entry(name, row) for name, row in table.items()), key=lambda entry: entry.start)
    at = 0
    for entry in entries:
        if entry.start != at:
            raise ValueError(f"{entry.name} begins at {entry.start}, not at {at}")
        at = entry.end
    if at != len(data) - 8 - length:
        raise ValueError(f"the arrays end at {at}, the file at {len(data) - 8 - length}")
    return 8 + length, entries, {str(key): str(value) for key, value in metadata.items()}


def _entry(name: str, row: Mapping[str, Any]) -> Entry:
    start, end = row["data_offsets"]
    shape = tuple(row["shape"])
    whole = all(type(number) is int and number >= 0 for number in (*shape, start, end))
    if not whole or row["dtype"] not in _SIZES or math.prod(shape) * _SIZES[row["dtype"]] != end - start:
        raise ValueError(f"{name[:80]} has a type, shape or place that do not fit")
    return Entry(name, row["dtype"], shape, start, end)


def _weight(entry: Entry, data: Any, base: int) -> WeightView:
    from engines.graph.weights import array_view

    stored = data[base + entry.start : base + entry.end]
    if entry.type in _TYPES:
        array = np.frombuffer(stored, _TYPES[entry.type])
    elif entry.type == "BF16":  # the upper half of a float32
        array = (np.frombuffer(stored, "<u2").astype(np.uint32) << 16).view(np.float32)
    else:
        nan = math.nan
        return WeightView(
            entry.name, entry.type, entry.shape, entry.end - entry.start, nan, nan, nan, nan, nan
        )
    view = array_view(entry.name, array.reshape(entry.shape), entry.type.lower())
    return WeightView(**{**vars(view), "bytes": entry.end - entry.start})


def _module(name: str) -> str:
    for separator in ("/", "."):
        if separator in name:
            return name.rsplit(separator, 1)[0]
    return name


def _node(module: str, weights: list[WeightView]) -> NodeView:
    path = tuple(part for part in module.replace("/", ".").split(".") if part)
    return NodeView(
        id=module,
        name=module,
        op=f"{len(weights)} arrays",
        family="other",
        scope=path[:-1],
        weights=tuple(weights),
    )
