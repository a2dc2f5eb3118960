"""Going on from a run as a new run: on another engine, from the best weights, or for more epochs.

A run keeps its engine for life. To go on elsewhere makes a new run beside it, which takes over the
checkpoint (weights and the optimizer's state), the steps that led there, and the name of its parent.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from app.desk import Desk
from app.flows.main_job import Answering, data_of_run, empty_folder, open_run
from app.plans import installed_engine, train_job
from app.project import new_run_folder
from app.recipe_settings import apply_settings
from app.run_files import discarded
from engines.contract.capabilities import EngineRow
from engines.contract.errors import WorkbenchError
from engines.contract.spec import Recipe
from engines.training.run_folder import RunRecord, read_design, read_recipe, read_run


@dataclass(frozen=True)
class Further:
    """How to go on: ``engine`` "" is the run's own, ``epochs`` how many after those that are done (0: as
    many as the recipe has left). ``checkpoint``: last, with the optimizer's state, or best, weights alone."""

    engine: str = ""
    device: str = ""
    settings: tuple[str, ...] = ()
    checkpoint: str = "last"
    out: Path | None = None
    epochs: int = 0


def is_other(run: Path, engine: str) -> bool:
    """Tell whether ``engine`` is named and is not the run's own; a folder that is no run has none."""
    try:
        return bool(engine) and engine != read_run(run).engine
    except WorkbenchError:
        return False


def go_on(desk: Desk, run: Path, further: Further) -> Answering:
    """Train a new run that goes on from a checkpoint of ``run``, which is only read."""
    record = yield from open_run(desk, run)
    row = installed_engine(further.engine or record.engine)
    recipe = recipe_for(row, further_recipe(read_recipe(run), record, further))
    manifest = yield from data_of_run(desk, run)
    new = empty_folder(further.out) if further.out else new_run_folder(run.absolute().parent, record.design)
    desk.run_folder = new
    device = further.device or (record.device if row.name == record.engine else "cpu")
    job = train_job(read_design(run), recipe, manifest, new, device)
    job = replace(job, parent=str(run.absolute()), checkpoint=further.checkpoint)
    try:
        yield from discarded(desk, new, desk.run(row.name, job))
    finally:
        with suppress(OSError):  # a folder in which no run began is empty, and goes
            new.rmdir()


def further_recipe(recipe: Recipe, record: RunRecord, further: Further) -> Recipe:
    """Return the recipe that a run goes on with; a check's limit of steps is lifted."""
    changed = apply_settings(replace(recipe, steps=0), further.settings)
    if not further.epochs:
        return changed
    return replace(changed, epochs=done_epochs(record) + further.epochs)


def done_epochs(record: RunRecord) -> int:
    """Return how many whole epochs a run has done."""
    return record.step // record.steps_per_epoch if record.steps_per_epoch else 0


def recipe_for(row: EngineRow, recipe: Recipe) -> Recipe:
    """Return the recipe as ``row`` can follow it: a way of running that it lacks becomes its own first."""
    return recipe if recipe.run_mode in ("", *row.modes) else replace(recipe, run_mode="")
