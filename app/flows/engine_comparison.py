"""One design on several engines: trained one after the other, their files proven against one another.

The comparison is a folder ``comparisons/ID`` beside ``runs/``: the record, and every engine's ONNX file and
answers. It is written whole after every step, so that what is done stays, and it can be gone on with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.desk import Desk
from app.flows.comparison_work import ComparisonWork
from app.flows.entrants import entrants_of
from app.flows.main_job import Answering, data_again, prepare
from app.plans import Plan, is_installed, known_engine, make_plan
from app.project import new_run_folder
from engines.contract.comparison import Comparison, Entrant
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.design.fit import check_fit
from engines.registry import ENGINES
from engines.runs.engine_comparison import (
    BOUND_STEPS,
    CHECK_BOUND,
    COMPARISONS,
    curve_bound,
    draws_masks,
    read_comparison,
    without_masks,
)
from engines.training.order import batch_shape
from engines.training.run_folder import DATA, DESIGN, RECIPE, now, read_plain, write_record


@dataclass(frozen=True)
class ComparisonOrder:
    """What is to be compared. ``parts``: check (``steps`` steps in fp64, which decides whether semantics
    agree) and whole (the recipe as it is), in which ``dropout`` keeps random masks, which every engine draws
    for itself. ``engines`` are names, or ``ENGINE[:DEVICE][:MODE]`` so that one engine can be compared with
    itself; ``devices`` are those of engines that train on another than ``device``.
    """

    design: str
    data: str
    engines: tuple[str, ...]
    settings: tuple[str, ...] = ()
    device: str = "cpu"
    parts: tuple[str, ...] = ("check", "whole")
    steps: int = BOUND_STEPS
    dropout: bool = False
    devices: Mapping[str, str] = field(default_factory=dict)


def compare_engines(desk: Desk, order: ComparisonOrder) -> Answering:
    """Train, export and prove on every engine; ends with ``Finished`` where all was tried.

    Raises:
        WorkbenchError: ``ENGINES_FEW``, ``ENGINE_UNKNOWN``, or what the design, data and recipe have.
    """
    _check_several(order, "")
    plan = make_plan(order.design, order.data, order.settings)
    entrants = _check_several(order, plan.recipe.run_mode)
    manifest = yield from prepare(desk, plan.data)
    check_fit(plan.spec, plan.recipe, manifest)
    steps, _ = batch_shape(manifest.splits.get("train", 0), plan.recipe.batch_size)
    spec = plan.spec if order.dropout else without_masks(plan.spec)
    folder = _new_folder(plan)
    for name, record in ((DESIGN, spec), (RECIPE, plan.recipe), (DATA, manifest)):
        write_record(folder / name, record)
    begun = _begun(folder.name, plan, order, spec, steps, entrants)
    yield from ComparisonWork(desk, folder, begun, spec, plan.recipe, manifest).events()


def _check_several(order: ComparisonOrder, run_mode: str) -> tuple[Entrant, ...]:
    """Return those who take part, where they are two at least."""
    found = entrants_of(order.engines, run_mode, order.device, order.devices)
    if len(found) < 2:
        there = [row.title for row in ENGINES if row.visible and row.trains and is_installed(row)]
        said = ", ".join(known_engine(one.engine).title for one in found) or "none"
        raise WorkbenchError(ErrorCode.ENGINES_FEW, engines=said, installed=", ".join(there) or "none")
    return found


def resume_comparison(desk: Desk, folder: Path) -> Answering:
    """Go on with a comparison where it was stopped: what is done stays, what failed is tried again."""
    found = read_comparison(folder)
    spec: GraphSpec = read_plain(folder / DESIGN, GraphSpec)
    recipe: Recipe = read_plain(folder / RECIPE, Recipe)
    wanted: DataManifest = read_plain(folder / DATA, DataManifest)
    manifest = yield from data_again(desk, wanted, str(folder))
    again = tuple(_again(one) for one in found.entrants)
    found = replace(found, state="running", entrants=again)
    yield from ComparisonWork(desk, folder, found, spec, recipe, manifest).events()


def _begun(
    name: str,
    plan: Plan,
    order: ComparisonOrder,
    spec: GraphSpec,
    steps: int,
    entrants: tuple[Entrant, ...],
) -> Comparison:
    recipe = plan.recipe
    whole = recipe.epochs * steps
    return Comparison(
        id=name,
        title=plan.spec.name,
        data=plan.data.source,
        created=now(),
        device=order.device,
        precision=recipe.precision,
        seed=recipe.seed,
        epochs=recipe.epochs,
        total_steps=min(recipe.steps or whole, whole),
        steps_per_epoch=steps,
        bound=curve_bound(spec, recipe.precision),
        bound_steps=BOUND_STEPS,
        entrants=entrants,
        metric=next(iter(recipe.metrics), ""),
        masks=draws_masks(spec),
        dropout_off=spec != plan.spec,
        parts=order.parts,
        check_steps=order.steps,
        check_bound=CHECK_BOUND,
    )


def _new_folder(plan: Plan) -> Path:
    home = plan.runs_folder.parent
    make_folder(home / COMPARISONS)
    return new_run_folder(home / COMPARISONS, plan.name)


def _again(one: Entrant) -> Entrant:
    """Return an entrant that may try again what it did not do; its runs stay."""
    return replace(one, state="waiting" if one.state in ("failed", "stopped") else one.state)
