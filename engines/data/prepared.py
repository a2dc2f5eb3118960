"""Open what was prepared: the manifest, checked against the files, and memory-mapped arrays."""

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
from engines.contract.files import read_bytes, sha256_of
from engines.contract.records import from_plain
from engines.contract.spec import DataManifest

MANIFEST = "manifest.json"
SPLITS = ("train", "validation", "test")
ARRAYS = ("inputs", "targets", *SPLITS)


@dataclass(frozen=True)
class PreparedData:
    """A prepared set: all samples in order, memory-mapped, and each split's indices."""

    manifest: DataManifest
    inputs: npt.NDArray[np.float32]
    targets: npt.NDArray[Any]
    indices: Mapping[str, npt.NDArray[np.int64]]


def open_prepared(folder: Path) -> PreparedData:
    """Open a prepared set; raises ``DATA_SHARDS_BROKEN`` naming the file that is missing or broken."""
    manifest = read_manifest(folder)
    arrays = {name: _open(folder, name) for name in ARRAYS}
    indices = {name: np.asarray(arrays[name]) for name in SPLITS}
    return PreparedData(manifest, arrays["inputs"], arrays["targets"], indices)


def read_manifest(folder: Path) -> DataManifest:
    """Read the manifest alone; raises ``DATA_SHARDS_BROKEN``."""
    return _manifest(folder)[0]


def intact_manifest(folder: Path) -> DataManifest | None:
    """Return the manifest if every file is there with its SHA-256, ``None`` where it is not."""
    try:
        manifest, files = _manifest(folder)
        whole = all(files.get(f"{name}.npy") == sha256_of(folder / f"{name}.npy") for name in ARRAYS)
    except WorkbenchError:
        return None
    return manifest if whole else None


def _manifest(folder: Path) -> tuple[DataManifest, Mapping[str, str]]:
    try:
        data = json.loads(read_bytes(folder / MANIFEST))
        return from_plain(DataManifest, data), data.get("files", {})
    except WorkbenchError as fault:
        raise _broken(folder, MANIFEST, fault) from fault
    except (ValueError, RecursionError) as fault:
        raise _broken(folder, MANIFEST, fault) from fault


def _open(folder: Path, name: str) -> npt.NDArray[Any]:
    try:
        return np.asarray(np.lib.format.open_memmap(folder / f"{name}.npy", mode="r"))
    except (OSError, ValueError, OverflowError) as fault:
        if is_lack_of_memory(fault):
            raise
        raise _broken(folder, f"{name}.npy", fault) from fault


def _broken(folder: Path, file: str, fault: Exception) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DATA_SHARDS_BROKEN, path=str(folder), file=file, why=str(fault))
