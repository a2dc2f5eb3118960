"""``.npz`` and ``.npy`` files: numbers only; arrays of objects are refused, since they are pickles."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import unreadable
from engines.data.options import Options
from engines.data.raw import Raw

Array = npt.NDArray[Any]
INPUTS = ("inputs", "x", "X", "data", "images", "features", "x_train")
TARGETS = ("targets", "target", "y", "labels", "label", "y_train")
MOST_BYTES = 64 * 2**30
"""No array may claim more than this: a few bytes of a broken header can name any size."""


def read_npz(path: Path, options: Options) -> Raw:
    """Read the arrays ``inputs`` and ``targets`` (or x and y, data and labels …) of an ``.npz``."""
    arrays = _load(path)
    inputs = _pick(path, arrays, INPUTS, "inputs")
    targets = _pick(path, arrays, (options.target,) if options.target else TARGETS, "targets")
    classes = arrays.get("classes", np.array([], np.str_))
    return _raw(path, arrays[inputs], arrays[targets], targets, tuple(str(name) for name in classes.ravel()))


def read_npy(path: Path, options: Options) -> Raw:
    """Read a table ``(n, columns)`` of an ``.npy``; ``target`` is a column's number from 0, or the last."""
    arrays = _load(path)
    table = arrays[_pick(path, arrays, (path.name,), path.name)]
    _demand(
        path,
        path.name,
        table.ndim == 2 and table.shape[1] > 1,
        f"a table is wanted, it has shape {table.shape}",
    )
    columns = table.shape[1]
    column = options.target or str(columns - 1)
    if not column.isdecimal() or int(column) >= columns:
        names = ", ".join(str(place) for place in range(columns))
        raise WorkbenchError(ErrorCode.DATA_COLUMN_UNKNOWN, path=str(path), name=column, columns=names)
    kept = [place for place in range(columns) if place != int(column)]
    return _raw(path, table[:, kept], table[:, int(column)], column, ())


def _raw(path: Path, inputs: Array, targets: Array, target_name: str, classes: tuple[str, ...]) -> Raw:
    _demand(path, "inputs", inputs.ndim >= 2, f"it has shape {inputs.shape}; (samples, values) is the least")
    _demand(path, "inputs", inputs.dtype.kind in "fiub", f"it holds {inputs.dtype}, not numbers")
    _demand(path, "inputs", math.prod(inputs.shape[1:]) > 0, f"its samples are empty: {inputs.shape}")
    _demand(
        path, target_name, targets.dtype.kind in "fiubU", f"it holds {targets.dtype}, not numbers or text"
    )
    targets = targets[:, 0] if targets.ndim == 2 and targets.shape[1] == 1 else targets
    fits = targets.ndim in (1, 2) and targets.shape[0] == inputs.shape[0] and targets.size > 0
    shapes = f"{targets.shape} does not go with inputs {inputs.shape}"
    _demand(path, target_name, fits or inputs.shape[0] == 0, shapes)
    _demand(path, target_name, targets.ndim == 1 or targets.dtype.kind != "U", "text has to be (samples,)")
    flat = inputs.ndim == 2
    names = tuple(f"column{place}" for place in range(inputs.shape[1])) if flat else ()
    return Raw(
        path=str(path),
        inputs=inputs.astype(np.float64),
        target=targets if targets.dtype.kind == "U" else targets.astype(np.float64),
        target_name=target_name,
        features=names,
        lines=np.arange(1, len(inputs) + 1),
        columns=tuple(range(1, len(names) + 2)) if flat else (),
        scale="1/255" if inputs.dtype == np.uint8 and not flat else "",
        classes=classes,
    )


def _load(path: Path) -> dict[str, Array]:
    """Read every array; whatever NumPy and zipfile make of a broken file becomes one error."""
    try:
        with path.open("rb") as file:
            if file.read(2) == b"PK":
                file.seek(0)
                return _unpack(path, file)
        return {path.name: np.load(path, mmap_mode="r", allow_pickle=False)}
    except WorkbenchError:
        raise
    except OSError as fault:
        if fault.errno is not None:
            raise unreadable(path, fault) from None
        raise _refused(path, path.name, str(fault)) from None
    except Exception as fault:  # noqa: BLE001 - a mutated file raises whatever zipfile, zlib and ast do
        raise _refused(path, path.name, str(fault) or type(fault).__name__) from None


def _unpack(path: Path, file: BinaryIO) -> dict[str, Array]:
    """Read a zip of arrays; what unpacks to more than memory holds is refused before it is unpacked."""
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            _demand(path, entry.filename, entry.file_size <= MOST_BYTES, f"it claims {entry.file_size} bytes")
    file.seek(0)
    with np.load(file, allow_pickle=False) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    return {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}


def _pick(path: Path, arrays: Mapping[str, Array], names: tuple[str, ...], wanted: str) -> str:
    for name in names:
        if name in arrays:
            return name
    raise _refused(path, wanted, f"it is not among: {', '.join(arrays)}")


def _demand(path: Path, name: str, holds: bool, why: str) -> None:
    if not holds:
        raise _refused(path, name, why)


def _refused(path: Path, name: str, why: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DATA_ARRAY, path=str(path), name=name, why=why.strip().rstrip("."))
