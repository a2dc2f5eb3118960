"""Prepared data as the workers read it: memory-mapped arrays, NumPy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.faults import is_lack_of_memory
from engines.contract.records import from_plain
from engines.contract.spec import DataManifest

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Shards:
    """``inputs`` and ``targets`` of all samples (memory-mapped), and the samples' indices by split."""

    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[Any]
    indices: Mapping[str, npt.NDArray[np.int64]]


def open_shards(folder: Path | str) -> Shards:
    """Open the arrays of a prepared data set and hold their types and shapes against its manifest.

    Raises:
        WorkbenchError: ``DATA_SHARDS_BROKEN`` naming the file that is missing or does not fit.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    target_type = "int64" if manifest.task == "classification" else "float32"
    inputs = _array(folder / "inputs.npy", "float32", (manifest.samples, *manifest.input_shape))
    targets = _array(folder / "targets.npy", target_type, (manifest.samples, *manifest.target_shape))
    indices = {split: _indices(folder, split, manifest) for split in SPLITS}
    return Shards(inputs, targets, indices)


def read_manifest(folder: Path) -> DataManifest:
    """Read what a prepared data set says of itself; raises ``DATA_SHARDS_BROKEN``."""
    path = folder / "manifest.json"
    try:
        return from_plain(DataManifest, json.loads(path.read_bytes()))
    except (OSError, ValueError, WorkbenchError) as error:
        raise _broken(path, str(error)) from error


def _indices(folder: Path, split: str, manifest: DataManifest) -> npt.NDArray[np.int64]:
    path = folder / f"{split}.npy"
    rows = np.asarray(_array(path, "int64", (manifest.splits.get(split, 0),)))
    if len(rows) and not (rows.min() >= 0 and rows.max() < manifest.samples):
        raise _broken(path, f"an index is not within 0…{manifest.samples - 1}")
    return rows


def _array(path: Path, type_name: str, shape: tuple[int, ...]) -> npt.NDArray[Any]:
    try:
        loaded: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, OverflowError) as error:
        if is_lack_of_memory(error):
            raise
        raise _broken(path, str(error)) from error
    if not isinstance(loaded, np.ndarray) or loaded.dtype != np.dtype(type_name) or loaded.shape != shape:
        have = f"{getattr(loaded, 'dtype', type(loaded).__name__)} {getattr(loaded, 'shape', '')}"
        raise _broken(path, f"{type_name} {shape} is wanted, {have} is there")
    return loaded


def _broken(path: Path, why: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DATA_SHARDS_BROKEN, path=str(path.parent), file=path.name, why=why)
