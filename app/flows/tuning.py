"""Tune for this machine, as a flow: measure ways to train a design, keep the table, take the fastest."""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.desk import Desk, Ended
from app.flows.main_job import prepare
from app.plans import Plan, default_engine, installed_engine, make_plan, prepared_folder
from app.project import Project
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Failed, Finished
from engines.contract.files import make_folder, read_bytes
from engines.contract.jobs import TuneJob
from engines.contract.records import from_plain
from engines.contract.spec import Recipe
from engines.contract.views import TuneRow, TuneView
from engines.design import storage
from engines.design.fit import check_fit
from engines.training.run_folder import write_record
from engines.training.tune import CLEARLY_MORE_THREADS

FOLDER = "tuning"
"""Where a project keeps the tables of its tunings."""
SECONDS = 8.0
Tuned = Generator[Event, None, TuneView]


@dataclass(frozen=True)
class TuneOrder:
    """What ``modelwright tune`` was asked for."""

    design: str
    data: str = ""
    engine: str = ""
    device: str = ""
    settings: tuple[str, ...] = ()
    seconds: float = SECONDS
    batch_size: bool = False
    apply: bool = False


def tune(desk: Desk, order: TuneOrder) -> Generator[Event, None, None]:
    """Measure, answer with a ``TuneView``, keep it in the project, and write what was chosen if asked to.

    Raises:
        WorkbenchError: ``TEMPLATE_FIXED`` where a template's recipe was to be written.
    """
    plan = make_plan(order.design, order.data, order.settings)
    if order.apply and plan.project is None and not Path(order.design).is_file():
        raise WorkbenchError(ErrorCode.TEMPLATE_FIXED, name=order.design)
    engine = order.engine or (plan.project.engine if plan.project else "") or default_engine()
    row = installed_engine(engine)
    desk.warm(row.name)
    manifest = yield from prepare(desk, plan.data)
    check_fit(plan.spec, plan.recipe, manifest)
    job = TuneJob(
        plan.spec,
        plan.recipe,
        str(prepared_folder(manifest)),
        manifest,
        order.device or "cpu",
        order.seconds,
        order.batch_size,
    )
    view = yield from _measure(desk, row.name, job)
    if plan.project is not None:
        keep(plan.project, plan.name, view)
    if order.apply:
        _apply(plan, order.design, view.chosen)
    yield Answer(view)
    yield Finished({"before": view.before, "after": view.after, **view.chosen})


def _measure(desk: Desk, engine: str, job: TuneJob) -> Tuned:
    """Measure in one process, then in one more for each thread count that needs its own."""
    view = yield from _ask(desk, engine, job)
    for threads in view.elsewhere:
        row = yield from _with(desk, engine, job, view, threads)
        if _wins(row, view):
            # Another process ran at another moment: both have to say it twice.
            known = yield from _with(desk, engine, job, view, int(view.chosen["threads"]))
            again = yield from _with(desk, engine, job, view, threads)
            view = replace(view, after=max(view.after, known.samples_per_second))
            slower = min(row.samples_per_second, again.samples_per_second)
            row = replace(row, samples_per_second=slower)
        view = with_threads(view, row)
    return view


def _with(
    desk: Desk, engine: str, job: TuneJob, view: TuneView, threads: int
) -> Generator[Event, None, TuneRow]:
    """Measure the way that was chosen with another count of threads, in a process of its own."""
    recipe = replace(tuned(job.recipe, view.chosen), threads=threads)
    try:
        found = yield from _ask(desk, engine, replace(job, recipe=recipe, threads_only=True))
    except Ended as ended:
        if not isinstance(ended.event, Failed):
            raise
        return TuneRow("threads", {"threads": threads}, code=ended.event.code, facts=ended.event.facts)
    return found.rows[0]


def _wins(row: TuneRow, view: TuneView) -> bool:
    return row.samples_per_second > CLEARLY_MORE_THREADS * view.after > 0


def with_threads(view: TuneView, row: TuneRow) -> TuneView:
    """Return ``view`` with a thread count that was measured elsewhere; it is taken where it wins clearly."""
    wins = _wins(row, view)
    rows = [
        replace(other, chosen=False) if wins and other.stage == "threads" else other for other in view.rows
    ]
    place = 1 + max((index for index, other in enumerate(rows) if other.stage == "threads"), default=-1)
    rows.insert(place, replace(row, chosen=wins))
    if not wins:
        return replace(view, rows=tuple(rows))
    chosen = {**view.chosen, **row.settings}
    return replace(view, rows=tuple(rows), chosen=chosen, after=row.samples_per_second)


def _ask(desk: Desk, engine: str, job: TuneJob) -> Tuned:
    """Ask for one table, and pass on all but the answer, which may not be the last."""
    asking = desk.ask(engine, job, TuneView)
    while True:
        try:
            event = next(asking)
        except StopIteration as end:
            view: TuneView = end.value
            return view
        if not isinstance(event, Answer):
            yield event


def _apply(plan: Plan, design: str, chosen: Mapping[str, str | int]) -> None:
    if plan.project is not None:
        stored = plan.project.load_design(plan.name)
        stored.set_recipe(tuned(stored.recipe, chosen))
        plan.project.save_design(stored)
    else:
        stored = storage.load(Path(design))
        stored.set_recipe(tuned(stored.recipe, chosen))
        storage.save(stored, Path(design))


def tuned(recipe: Recipe, chosen: Mapping[str, str | int]) -> Recipe:
    """Return the recipe with what a tuning chose."""
    return replace(recipe, **chosen)  # type: ignore[arg-type]


def keep(project: Project, design: str, view: TuneView) -> None:
    """Write the table into the project, where the window finds it again."""
    path = _path(project, design, view.engine, view.device)
    make_folder(path.parent)
    write_record(path, view)


def kept(project: Project, design: str, engine: str, device: str) -> TuneView | None:
    """Return the table of an earlier tuning; None where there is none that can be read."""
    try:
        text = read_bytes(_path(project, design, engine, device))
        view: TuneView = from_plain(TuneView, json.loads(text))
    except (WorkbenchError, ValueError):
        return None
    return view


def _path(project: Project, design: str, engine: str, device: str) -> Path:
    words = re.sub(r"[^\w-]", "-", f"{engine}-{device}")
    return project.folder / FOLDER / f"{design}.{words}.json"
