"""Prepared data as the workers read it: memory-mapped arrays, NumPy alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Shards:
    """``inputs`` and ``targets`` of all samples (memory-mapped), and the samples' indices by split."""

    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[Any]
    indices: Mapping[str, npt.NDArray[np.int64]]


def open_shards(folder: Path | str) -> Shards:
    """Open the arrays of a prepared data set.

    Raises:
        WorkbenchError: ``DATA_SHARDS_BROKEN`` naming the file that is missing or broken.
    """
    folder = Path(folder)
    indices = {split: np.asarray(_load(folder / f"{split}.npy"), np.int64) for split in SPLITS}
    return Shards(_load(folder / "inputs.npy"), _load(folder / "targets.npy"), indices)


def _load(path: Path) -> npt.NDArray[Any]:
    try:
        loaded: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise WorkbenchError(
            ErrorCode.DATA_SHARDS_BROKEN, path=str(path.parent), file=path.name, why=str(error)
        ) from error
    return loaded
