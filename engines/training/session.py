"""From a training job to the loop: folder, data, weights, checkpoint, plan; and every end recorded."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event, Failed, Log, Progress
from engines.contract.faults import failure
from engines.contract.jobs import TrainJob
from engines.contract.spec import DataManifest, Recipe
from engines.training import manifest
from engines.training.checkpoints import (
    Checkpoint,
    latest_valid,
    load_checkpoint,
    model_arrays,
    save_checkpoint,
)
from engines.training.checkpoints import file_name as checkpoint_name
from engines.training.control import ControlFlags
from engines.training.early_stopping import EarlyStopping
from engines.training.evaluation import shape_targets
from engines.training.handover import check_parent, steered, take_over
from engines.training.ids import check_ids
from engines.training.initial_weights import initial_weights
from engines.training.loop import Position, TrainingLoop, best_arrays
from engines.training.order import batch_shape, epoch_batches
from engines.training.plan import Plan, choose_plan
from engines.training.recipes import check_recipe
from engines.training.run_folder import RunFolder, read_data, read_recipe
from engines.training.shards import Shards, open_shards
from engines.training.trainer import Prepares, Trainer, TrainerMaker


def train(
    job: TrainJob, flags: ControlFlags, engine: str, make: TrainerMaker
) -> Generator[Event, None, None]:
    """Answer a training job; ends with ``Finished``, ``Stopped`` or ``Failed``.

    A run whose resuming is refused, for want of its device say, stays what it was.

    Raises:
        WorkbenchError: only where there is no run folder to record the fault in.
    """
    check_recipe(job.recipe)
    shards = open_shards(job.data)
    _check_fit(job, shards)
    folder = RunFolder(Path(job.run), job.resume)
    try:
        trainer = _ready(job, engine, make, shards, folder)
        yield from _train(job, flags, engine, trainer, shards, folder)
    except _RefusedError as refused:
        yield _told(refused.error)
    except WorkbenchError as error:
        yield _failed(folder, _told(error))
    except Exception as error:
        _failed(folder, failure(error, job.kind))
        raise
    finally:
        folder.close()


class _RefusedError(Exception):
    """A run cannot be resumed, and nothing of it was touched; ``error`` says why."""

    def __init__(self, error: WorkbenchError) -> None:
        super().__init__(str(error))
        self.error = error


def _told(error: WorkbenchError) -> Failed:
    return Failed(code=error.code.value, facts=error.facts, details=error.details)


def _ready(job: TrainJob, engine: str, make: TrainerMaker, shards: Shards, folder: RunFolder) -> Trainer:
    try:
        if job.resume:
            _check_data(folder, job.manifest)
        return make(_in_force(job, folder, engine), shards)
    except WorkbenchError as error:
        if job.resume:
            raise _RefusedError(error) from error
        raise


def _check_fit(job: TrainJob, shards: Shards) -> None:
    """Refuse data that the design cannot take in or be compared with, and an empty training split."""
    inputs, wanted = job.spec.inputs, tuple(shards.inputs.shape[1:])
    for number, layer in enumerate(inputs):
        if number or layer.output_shape != wanted:
            shapes = {"have": str(layer.output_shape), "wanted": str(wanted)}
            raise WorkbenchError(
                ErrorCode.DESIGN_DATA_INPUT, node=layer.name, data=job.manifest.name, **shapes
            )
    shape_targets(shards.targets, job.spec.output.output_shape, job.recipe.loss)
    check_ids(job.spec, shards.inputs, job.manifest.name)
    _check_batches(job, len(shards.indices["train"]))


def _check_batches(job: TrainJob, samples: int) -> None:
    """Refuse a split without samples, and a batch that cannot be cut into the recipe's equal parts."""
    if not samples:
        raise WorkbenchError(ErrorCode.DATA_SAMPLES_FEW, path=job.data, have=0, wanted=1)
    _, size = batch_shape(samples, job.recipe.batch_size)
    if size % job.recipe.accumulate:
        wanted = f"a divisor of the {size} samples that a batch has"
        parts = job.recipe.accumulate
        raise WorkbenchError(ErrorCode.RECIPE_INVALID, setting="accumulate", value=parts, wanted=wanted)


def _failed(folder: RunFolder, event: Failed) -> Failed:
    # The disk may be full or the folder gone: each is tried, and the fault itself is told all the same.
    if not folder.begun:
        with suppress(WorkbenchError, OSError):
            folder.discard()
        return event
    for record in (
        lambda: folder.note(event),
        lambda: folder.update(state="failed", code=event.code, facts=event.facts),
        folder.seal,
    ):
        with suppress(WorkbenchError, OSError):
            record()
    return event


def _train(
    job: TrainJob,
    flags: ControlFlags,
    engine: str,
    trainer: Trainer,
    shards: Shards,
    folder: RunFolder,
) -> Iterator[Event]:
    if job.resume:
        manifest.loosen(folder.path)
        before = read_recipe(folder.path)
        position, notes = _resume(job, folder, trainer, before)
        folder.take_recipe(job.recipe, before)
    else:
        if job.parent:
            check_parent(job)
        weights = initial_weights(job.spec, job.recipe.seed)
        folder.begin(job, engine, trainer.environment, shards, weights)
        if job.parent:
            take_over(job, folder)
            position, notes = _resume(job, folder, trainer, job.recipe)
        else:
            position, notes = _begin(job, folder, trainer), []
    for note in notes:
        yield folder.note(note)
    yield from _prepare(job, folder, trainer, shards)
    plan = _plan(job, folder, trainer, shards)
    if engine == folder.record.engine:
        folder.update(run_mode=plan.mode, device=job.device)
    trainer.set_threads(plan.threads)
    yield from TrainingLoop(job, folder, shards, trainer, flags, plan, position, job.resume).events()


def _in_force(job: TrainJob, folder: RunFolder, engine: str) -> TrainJob:
    """Return a resumed job with the mode that its run has had, which may not be the one it asked for."""
    if not job.resume or job.recipe.run_mode != read_recipe(folder.path).run_mode:
        return job
    record = folder.record
    mode = record.run_mode if record.engine == engine else ""
    return replace(job, recipe=replace(job.recipe, run_mode=mode or job.recipe.run_mode))


def _prepare(job: TrainJob, folder: RunFolder, trainer: Trainer, shards: Shards) -> Iterator[Event]:
    """Compile what wants to be compiled; where that fails, say how the run goes on."""
    if isinstance(trainer, Prepares) and trainer.compiles:
        yield Progress(stage="compile", done=0, total=1)
        fault = trainer.prepare(_first_epoch(job, shards))
        if fault is not None:
            text = f"{fault.code.value}: {fault.facts.get('why', '')}"
            yield folder.note(Log(level="warning", text=text, code=fault.code.value, facts=fault.facts))


def _first_epoch(job: TrainJob, shards: Shards) -> npt.NDArray[np.int64]:
    return epoch_batches(len(shards.indices["train"]), job.recipe.batch_size, job.recipe.seed, 0)


def _check_data(folder: RunFolder, data: DataManifest) -> None:
    wanted = read_data(folder.path).digest
    if data.digest != wanted:
        facts = {"run": folder.path.name, "have": data.digest[:12], "wanted": wanted[:12]}
        raise WorkbenchError(ErrorCode.DATA_CHANGED, **facts)


def _begin(job: TrainJob, folder: RunFolder, trainer: Trainer) -> Position:
    trainer.load_state(best_arrays(folder.initial()), 0)
    return Position(learning_rate=job.recipe.learning_rate)


def _resume(
    job: TrainJob, folder: RunFolder, trainer: Trainer, before: Recipe
) -> tuple[Position, list[Event]]:
    """Take over the newest whole checkpoint, and say which damaged ones were passed over.

    A run killed before its first checkpoint begins again from its initial weights.
    """
    checkpoint, passed = latest_valid(folder.checkpoints)
    notes: list[Event] = [_damage(error) for error in passed]
    if checkpoint is None:
        if passed:
            raise WorkbenchError(ErrorCode.CHECKPOINT_NONE, path=str(folder.path))
        folder.metrics.go_on_at(0)
        return _begin(job, folder, trainer), notes
    record = steered(checkpoint.record, job.recipe, before)
    if record != checkpoint.record:  # so that it stays in force if the run is killed before its next one
        save_checkpoint(folder.checkpoints, "step", record, checkpoint.arrays)
    trainer.load_state(checkpoint.arrays, record.step)
    folder.metrics.go_on_at(record.step)
    position = Position(record.step, record.early_stopping, record.learning_rate)
    if record.early_stopping.best_step >= 0:
        best = _best(folder, record.early_stopping.best_step, notes)
        if best is None:
            position.early_stopping = EarlyStopping()
        else:
            position.best = model_arrays(best.arrays)
    return position, notes


def _best(folder: RunFolder, step: int, notes: list[Event]) -> Checkpoint | None:
    try:
        return load_checkpoint(folder.checkpoints / checkpoint_name("best", step))
    except WorkbenchError as error:
        notes.append(_damage(error))
        return None


def _damage(error: WorkbenchError) -> Log:
    return Log(level="warning", text=f"{error.code.value}: {error.facts.get('path', '')}")


def _plan(job: TrainJob, folder: RunFolder, trainer: Trainer, shards: Shards) -> Plan:
    batches = _first_epoch(job, shards)
    moved = folder.record.device != job.device
    threads = (0 if moved else folder.record.threads) or job.recipe.threads
    chunk_steps = folder.record.chunk_steps or job.recipe.chunk_steps
    if threads and chunk_steps:
        trainer.measure(threads, batches)  # nothing to choose; what compiles at its first step does so now
    plan = choose_plan(
        lambda count: trainer.measure(count, batches),
        trainer.thread_candidates(),
        len(batches),
        threads,
        chunk_steps,
    )
    return replace(plan, mode=trainer.mode if isinstance(trainer, Prepares) else "")
