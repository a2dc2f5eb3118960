"""Tune for this machine, as a flow: measure ways to train a design, keep the table, take the fastest."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.desk import Desk
from app.flows.main_job import prepare
from app.flows.measuring import Measuring, tuned
from app.plans import Plan, default_engine, installed_engine, make_plan, prepared_folder, project_plan
from app.project import Project
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Stopped
from engines.contract.files import make_folder
from engines.contract.jobs import TuneJob
from engines.contract.records import to_plain
from engines.contract.spec import GraphSpec
from engines.contract.views import TuneView
from engines.design import storage
from engines.design.fit import check_fit
from engines.training.run_folder import now, read_plain, write_record

FOLDER = "tuning"
"""Where a project keeps the tables of its tunings."""
SECONDS = 5.0


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
    view = yield from Measuring(desk, row.name, job).events()
    yield from _conclude(desk, plan, order, view)


def _conclude(desk: Desk, plan: Plan, order: TuneOrder, view: TuneView) -> Iterator[Event]:
    """Keep the table, write what was chosen if asked to, and end; stopped, that is the best so far."""
    view = replace(view, created=now(), about=_digest(plan.spec))
    if plan.project is not None:
        keep(plan.project, plan.name, view)
    if order.apply and view.chosen:
        _apply(plan, order.design, view.chosen)
    yield Answer(view)
    if desk.stopping:
        yield Stopped(step=0, kept=True)
    else:
        yield Finished({"before": view.before, "after": view.after, **view.chosen})


def _apply(plan: Plan, design: str, chosen: Mapping[str, str | int]) -> None:
    if plan.project is not None:
        stored = plan.project.load_design(plan.name)
        stored.set_recipe(tuned(stored.recipe, chosen))
        plan.project.save_design(stored)
    else:
        stored = storage.load(Path(design))
        stored.set_recipe(tuned(stored.recipe, chosen))
        storage.save(stored, Path(design))


def keep(project: Project, design: str, view: TuneView) -> None:
    """Write the table into the project, where the window finds it again."""
    path = _path(project, design, view.engine, view.device)
    make_folder(path.parent)
    write_record(path, view)


def kept(project: Project, design: str, engine: str, device: str) -> TuneView | None:
    """Return the table of an earlier tuning; None where none can be read, or the layers are others now."""
    try:
        view: TuneView = read_plain(_path(project, design, engine, device), TuneView)
        now_is = _digest(project_plan(project, design).spec)
    except WorkbenchError:
        return None
    return view if view.about == now_is else None


def _digest(spec: GraphSpec) -> str:
    return hashlib.sha256(json.dumps(to_plain(spec), sort_keys=True).encode()).hexdigest()


def _path(project: Project, design: str, engine: str, device: str) -> Path:
    words = re.sub(r"[^\w-]", "-", f"{engine}-{device}")
    return project.folder / FOLDER / f"{design}.{words}.json"
