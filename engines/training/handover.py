"""A new run that goes on from another one's checkpoint, perhaps on another engine: what it takes over.

It takes the checkpoint in the one canonical layout, the steps that led there and their validations; its
own record names the parent, the step and the engine that had done it. The parent is only read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import read_bytes
from engines.contract.jobs import TrainJob
from engines.contract.spec import Recipe
from engines.training.checkpoints import (
    Checkpoint,
    CheckpointRecord,
    latest_valid,
    load_checkpoint,
    save_checkpoint,
)
from engines.training.checkpoints import file_name as checkpoint_name
from engines.training.early_stopping import EarlyStopping
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
    record = steered(found.record, job.recipe, read_recipe(parent))
    step = record.step
    _take_metrics(parent, folder, step)
    _take_validations(parent, folder, step)
    _take_best(parent, folder, record.early_stopping.best_step)
    # Its waiting for a better value begins anew: a person who goes on wants steps.
    patient = replace(record.early_stopping, waited=0)
    save_checkpoint(folder.checkpoints, "step", replace(record, early_stopping=patient), found.arrays)
    engine = read_run(parent).engine
    folder.update(parent=parent.name, parent_step=step, parent_engine=engine, step=step)


def steered(record: CheckpointRecord, recipe: Recipe, before: Recipe) -> CheckpointRecord:
    """Return the record as a run goes on from it whose recipe was ``before`` and is ``recipe`` now.

    The rate in force, which a person may have steered, gives way to a new one; where another figure is
    monitored now, or of another loss, there is no best value yet.
    """
    if recipe.learning_rate != before.learning_rate:
        record = replace(record, learning_rate=recipe.learning_rate)
    if (recipe.monitor, recipe.loss) != (before.monitor, before.loss):
        record = replace(record, early_stopping=EarlyStopping())
    return record


def _take_best(parent: Path, folder: RunFolder, step: int) -> None:
    """Take the best weights over, if there are any; damaged ones count as none, as where a run resumes."""
    if step >= 0:
        with suppress(WorkbenchError):
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
