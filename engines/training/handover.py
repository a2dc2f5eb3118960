"""A new run that goes on from another one's checkpoint, perhaps on another engine: what it takes over.

It takes the checkpoint in the one canonical layout, the steps that led there and their validations; its
own record names the parent, the step and the engine that had done it. The parent is only read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import read_bytes
from engines.contract.jobs import TrainJob
from engines.training.checkpoints import Checkpoint, latest_valid, load_checkpoint, save_checkpoint
from engines.training.checkpoints import file_name as checkpoint_name
from engines.training.metric_log import read_header
from engines.training.run_folder import (
    CHECKPOINTS,
    EVENTS,
    METRICS,
    RunFolder,
    read_data,
    read_recipe,
    read_run,
)

ROWS_AT_ONCE = 1 << 16


def check_parent(job: TrainJob) -> None:
    """Refuse a parent that learned other data or has no checkpoint.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``DATA_CHANGED``, ``CHECKPOINT_NONE`` or ``FILE_DAMAGED``.
    """
    parent = Path(job.parent)
    wanted, have = read_data(parent).digest, job.manifest.digest
    if have != wanted:
        raise WorkbenchError(ErrorCode.DATA_CHANGED, run=parent.name, have=have[:12], wanted=wanted[:12])
    parent_checkpoint(parent, job.checkpoint)


def parent_checkpoint(run: Path, which: str) -> Checkpoint:
    """Return the ``last`` checkpoint of a run, or its ``best``, which holds weights alone.

    Raises:
        WorkbenchError: ``CHECKPOINT_NONE``, or ``FILE_DAMAGED`` where none is whole.
    """
    role = "best" if which == "best" else "step"
    found, passed = latest_valid(run / CHECKPOINTS, role)
    if found is None:
        raise passed[0] if passed else WorkbenchError(ErrorCode.CHECKPOINT_NONE, path=str(run))
    return found


def take_over(job: TrainJob, folder: RunFolder) -> None:
    """Fill a fresh run folder so that it can be gone on with as any run is."""
    parent = Path(job.parent)
    found = parent_checkpoint(parent, job.checkpoint)
    step = found.record.step
    _take_metrics(parent, folder, step)
    _take_validations(parent, folder, step)
    _take_best(parent, folder, found)
    # Its waiting for a better value begins anew: a person who goes on wants steps.
    patient = replace(found.record.early_stopping, waited=0)
    rate = _rate(job, parent, found)
    record = replace(found.record, early_stopping=patient, learning_rate=rate)
    save_checkpoint(folder.checkpoints, "step", record, found.arrays)
    engine = read_run(parent).engine
    folder.update(parent=parent.name, parent_step=step, parent_engine=engine, step=step)


def _rate(job: TrainJob, parent: Path, found: Checkpoint) -> float:
    """Return the rate in force: the parent's, which a person may have steered, unless a new one is given."""
    same = read_recipe(parent).learning_rate == job.recipe.learning_rate
    return found.record.learning_rate if same else job.recipe.learning_rate


def _take_best(parent: Path, folder: RunFolder, found: Checkpoint) -> None:
    step = found.record.early_stopping.best_step
    if step < 0:
        return
    best = load_checkpoint(parent / CHECKPOINTS / checkpoint_name("best", step))
    save_checkpoint(folder.checkpoints, "best", best.record, best.arrays)


def _take_metrics(parent: Path, folder: RunFolder, steps: int) -> None:
    for values in _chunks(parent / METRICS, steps):
        folder.metrics.append(values)
    folder.metrics.sync()


def _chunks(path: Path, steps: int) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        header = read_header(file)
        if header is None:
            return
        file.seek(header.begin)
        left = steps
        while left > 0 and (data := file.read(min(left, ROWS_AT_ONCE) * header.width)):
            whole = len(data) // header.width * header.width
            table = np.frombuffer(data[:whole], header.type).reshape(-1, len(header.columns))
            yield {name: table[:, place] for place, name in enumerate(header.columns)}
            left -= len(table)


def _take_validations(parent: Path, folder: RunFolder, step: int) -> None:
    """Copy the log's lines about validations up to ``step``; what a restart undid does not count."""
    kept: list[dict[str, Any]] = []
    for line in read_bytes(parent / EVENTS).splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue  # a line that a power cut spoiled
        if event.get("kind") == "started":
            kept = [known for known in kept if known["step"] <= event.get("first_step", 0)]
        elif event.get("kind") == "validated" and event.get("step", step + 1) <= step:
            kept.append(event)
    if kept:
        folder.append_lines(*(json.dumps(event, ensure_ascii=False) for event in kept))
