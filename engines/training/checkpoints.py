"""Checkpoints: all that a run needs to go on exactly, in one canonical layout for every engine.

A checkpoint is ``checkpoints/step-000000123.safetensors`` with the arrays ``model/<layer>/<role>``,
``optimizer/<slot>/<layer>/<role>`` and ``engine/<name>`` (what an engine needs beside them), and by it
``step-000000123.json``, written last: without it, or where the SHA-256 in it does not fit, the arrays
do not count. ``best-…`` holds the best weights so far alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder, read_bytes, write_atomic, write_text_atomic
from engines.contract.records import from_plain, to_plain
from engines.training.early_stopping import EarlyStopping
from engines.training.tensors import dump_tensors, parse_tensors

Arrays = Mapping[str, npt.NDArray[Any]]
KEPT = 2
"""So many checkpoints are kept, so that a damaged one has another behind it."""


@dataclass(frozen=True)
class CheckpointRecord:
    """Where a run stood. ``step`` steps are done; ``position`` of them in epoch ``epoch`` (from 0).

    ``learning_rate`` is the base rate in force (a person may have changed it), ``early_stopping`` the best
    value so far and the patience used. ``sha256`` is that of the arrays' file, ``digest`` the record's own.
    """

    kind: ClassVar[str] = "checkpoint"
    step: int
    epoch: int
    position: int
    learning_rate: float
    early_stopping: EarlyStopping
    engine: str = ""
    schedule: str = ""
    sha256: str = ""
    digest: str = ""
    created: str = ""
    version: int = 1


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint read back whole; ``path`` is the arrays' file."""

    record: CheckpointRecord
    arrays: Arrays = field(repr=False)
    path: Path


def file_name(role: str, step: int) -> str:
    """Return the arrays' file name; ``role`` is ``step`` or ``best``."""
    return f"{role}-{step:09d}.safetensors"


def save_checkpoint(folder: Path, role: str, record: CheckpointRecord, arrays: Arrays) -> Path:
    """Write a checkpoint whole: the arrays first, the record that makes them count last.

    Raises:
        WorkbenchError: ``DISK_FULL`` or ``FILE_UNWRITABLE``; earlier checkpoints are intact, also one of
            this step with these arrays.
    """
    make_folder(folder)
    path = folder / file_name(role, record.step)
    data, fresh = dump_tensors(arrays), not path.exists()
    try:
        write_atomic(path, data)
        text = _sealed_text(replace(record, sha256=_sha256(data)))
        write_text_atomic(path.with_suffix(".json"), text)
    except WorkbenchError:
        if fresh:
            _remove(path)
        raise
    return path


def _sealed_text(record: CheckpointRecord) -> str:
    """Return the record as JSON that carries the SHA-256 of its own text, the digest left empty."""
    text = json.dumps(to_plain(replace(record, digest="")), indent=1) + "\n"
    return text.replace('"digest": ""', f'"digest": "{_sha256(text.encode())}"', 1)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint by its arrays' file.

    Raises:
        WorkbenchError: ``FILE_MISSING``, or ``FILE_DAMAGED`` naming the file that a bit was flipped in.
    """
    record = read_checkpoint_record(path)
    data = read_bytes(path)
    if _sha256(data) != record.sha256:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why="SHA-256")
    return Checkpoint(record, parse_tensors(data, str(path)), path)


def _read_record(path: Path) -> CheckpointRecord:
    text = read_bytes(path)
    try:
        record = from_plain(CheckpointRecord, json.loads(text))
    except (ValueError, WorkbenchError) as error:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why=str(error)) from error
    if _sha256(text.replace(record.digest.encode(), b"", 1)) != record.digest:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why="SHA-256")
    return record


def read_checkpoint_record(path: Path) -> CheckpointRecord:
    """Read the record beside an arrays' file; raises as ``load_checkpoint`` does."""
    return _read_record(path.with_suffix(".json"))


def list_checkpoints(folder: Path, role: str = "step") -> list[Path]:
    """Return the arrays' files of ``role`` that have a record, oldest first."""
    found = folder.glob(f"{role}-*.safetensors")
    return sorted(path for path in found if path.with_suffix(".json").exists())


def latest_valid(folder: Path, role: str = "step") -> tuple[Checkpoint | None, list[WorkbenchError]]:
    """Return the newest whole checkpoint of ``role``, and why newer ones were passed over."""
    passed: list[WorkbenchError] = []
    for path in reversed(list_checkpoints(folder, role)):
        try:
            return load_checkpoint(path), passed
        except WorkbenchError as error:
            passed.append(error)
    return None, passed


def prune(folder: Path, best_steps: set[int]) -> None:
    """Remove all but the newest ``KEPT`` checkpoints and the best ones of ``best_steps``."""
    wanted = {file_name("best", step) for step in best_steps}
    stale = [path for path in list_checkpoints(folder, "best") if path.name not in wanted]
    for path in [*list_checkpoints(folder)[:-KEPT], *stale]:
        with suppress(PermissionError):  # Windows keeps what somebody reads, an export perhaps
            _remove(path)


def referenced_best(folder: Path) -> set[int]:
    """Return the steps of the best weights that the kept checkpoints speak of."""
    steps = set()
    for path in list_checkpoints(folder)[-KEPT:]:
        try:
            steps.add(read_checkpoint_record(path).early_stopping.best_step)
        except WorkbenchError:
            continue
    return steps


def _remove(path: Path) -> None:
    # The record goes first: arrays without one do not count, a record without arrays would be a fault.
    path.with_suffix(".json").unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def model_arrays(arrays: Arrays) -> dict[str, npt.NDArray[np.float32]]:
    """Return a checkpoint's weights by their canonical names ``<layer>/<role>``."""
    return {name[len("model/") :]: array for name, array in arrays.items() if name.startswith("model/")}


def run_weights(folder: Path, which: str) -> dict[str, npt.NDArray[np.float32]]:
    """Return the weights of the ``best`` or the ``last`` checkpoint; without a best one the last counts.

    Raises:
        WorkbenchError: ``CHECKPOINT_NONE``, or ``FILE_DAMAGED`` where none is whole.
    """
    last, passed = latest_valid(folder)
    best: Checkpoint | None = None
    if which == "best":
        if last is not None and last.record.early_stopping.best_step >= 0:
            best = load_checkpoint(folder / file_name("best", last.record.early_stopping.best_step))
        elif last is None:
            best, _ = latest_valid(folder, "best")
    chosen = best or last
    if chosen is None:
        raise passed[0] if passed else WorkbenchError(ErrorCode.CHECKPOINT_NONE, path=str(folder.parent))
    return model_arrays(chosen.arrays)
