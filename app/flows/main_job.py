"""The main job step by step, as generators of events over a desk: prepare, train, export, prove, optimize.

Each ends with exactly one last event, or raises ``WorkbenchError`` or ``Ended``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, cast

from app.debugging import stepwise
from app.desk import TOOLS, Desk, Ended
from app.engine_facts.health import version_notes
from app.flows.engines import install as install
from app.flows.engines import probe as probe
from app.flows.engines import probe_all as probe_all
from app.flows.exports import Exporter, write_model
from app.flows.runtime import ask_runtime
from app.messages.table import tell
from app.own_layers import demand_trusted
from app.plans import (
    DataChoice,
    Plan,
    data_choice,
    default_engine,
    installed_engine,
    make_plan,
    prepare_job,
    prepared_folder,
    train_job,
)
from app.proofs import check_proof, export_summary, optimize_summary, samples_of
from app.recipe_settings import apply_settings
from app.run_files import changing, discarded
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Crashed, Event, Failed, Finished, Log, Stopped
from engines.contract.files import existing, make_folder, unwritable
from engines.contract.jobs import (
    DebugChoice,
    EvaluateJob,
    EvaluateOnnxJob,
    ExportJob,
    OptimizeJob,
    ProveJob,
    ReadGraphJob,
)
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.contract.views import Evaluation, GraphView, OptimizeView, ProofView
from engines.design.fit import check_fit
from engines.runs.verify import verify
from engines.training.run_folder import (
    RunRecord,
    read_data,
    read_design,
    read_recipe,
    read_run,
    write_record,
)

Record = TypeVar("Record")
NEEDED = ("run.json", "design.json", "recipe.json", "data.json", "split.npz", "manifest.json")
"""The files without which nothing more can be done with a run; checkpoints have others to fall back on."""
Answering = Generator[Event, None, None]


@dataclass(frozen=True)
class TrainOrder:
    """What ``modelwright train`` was asked for."""

    design: str
    data: str
    engine: str
    device: str
    settings: tuple[str, ...] = ()
    resume: Path | None = None
    out: Path | None = None
    debug: DebugChoice | None = None


def train(desk: Desk, order: TrainOrder) -> Answering:
    """Train a design, or go on with a run."""
    if order.resume is not None:
        yield from resume(desk, order.resume, order.engine, order.device, order.settings, order.debug)
        return
    plan = make_plan(order.design, order.data, order.settings)
    row = installed_engine(order.engine or (plan.project.engine if plan.project else "") or default_engine())
    with a_folder(order.out) as out:
        desk.warm(row.name)
        yield from version_notes(row)
        manifest = yield from prepare(desk, plan.data)
        check_fit(plan.spec, plan.recipe, manifest)
        if order.debug:
            plan = replace(plan, recipe=stepwise(plan.recipe, row))
        yield from train_plan(desk, plan, manifest, row.name, order.device or "cpu", out, order.debug)


def train_plan(
    desk: Desk,
    plan: Plan,
    manifest: DataManifest,
    engine: str,
    device: str,
    out: Path | None = None,
    debug: DebugChoice | None = None,
) -> Answering:
    """Train a plan whose data are prepared, in a new run folder."""
    run = out or plan.new_run()
    desk.run_folder = run
    try:
        job = replace(train_job(plan.spec, plan.recipe, manifest, run, device), debug=debug)
        yield from discarded(desk, run, desk.run(engine, job))
    finally:
        if out is None:
            with suppress(OSError):  # a folder in which no run began is empty, and goes
                run.rmdir()


def resume(
    desk: Desk,
    run: Path,
    engine: str,
    device: str,
    settings: tuple[str, ...],
    debug: DebugChoice | None = None,
) -> Answering:
    """Go on with a run in its folder, from its last checkpoint; a setting given anew replaces the stored one.

    Raises:
        WorkbenchError: ``ENGINE_OF_RUN`` for another engine: ``app.flows.further`` goes on there.
    """
    record = yield from open_run(desk, run)
    if engine and engine != record.engine:
        raise WorkbenchError(ErrorCode.ENGINE_OF_RUN, run=run.name, engine=record.engine)
    spec: GraphSpec = read_design(run)
    recipe: Recipe = apply_settings(read_recipe(run), settings)
    row = installed_engine(record.engine)
    desk.warm(row.name)
    yield from version_notes(row)
    manifest = yield from data_of_run(desk, run)
    job = train_job(spec, recipe, manifest, run, device or record.device, resume=True)
    yield from desk.run(row.name, replace(job, debug=debug))


def prepare(desk: Desk, choice: DataChoice) -> Generator[Event, None, DataManifest]:
    """Prepare data into the cache and return their manifest."""
    return (yield from desk.ask(TOOLS, prepare_job(choice), DataManifest))


def data_of_run(desk: Desk, run: Path) -> Generator[Event, None, DataManifest]:
    """Return the manifest of a run's own data, prepared again where the cache lost them."""
    return (yield from data_again(desk, read_data(run), str(run)))


def data_again(desk: Desk, wanted: DataManifest, user: str) -> Generator[Event, None, DataManifest]:
    """Return ``wanted``, prepared again where the cache lost it; ``user`` is what began with these data."""
    if (prepared_folder(wanted) / "manifest.json").is_file():
        return wanted
    manifest = yield from prepare(desk, DataChoice(wanted.source, wanted.options))
    if manifest.digest != wanted.digest:
        raise WorkbenchError(
            ErrorCode.DATA_CHANGED, run=user, have=manifest.digest[:12], wanted=wanted.digest[:12]
        )
    return manifest


def evaluate(desk: Desk, subject: Path, data: str, split: str, device: str, provider: str = "") -> Answering:
    """Evaluate a run or an ONNX file on one split; ``provider`` is ONNX Runtime's, or else the device."""
    if subject.is_dir():
        evaluation = yield from _evaluate_run(desk, subject, data, split, device)
    else:
        model = existing(subject)
        manifest = yield from prepare(desk, data_choice(data))
        folder = str(prepared_folder(manifest))
        job = EvaluateOnnxJob(model, folder, split, provider or device)
        evaluation = yield from ask_runtime(desk, job, Evaluation)
    yield Finished(dict(evaluation.values))


def _evaluate_run(
    desk: Desk, run: Path, data: str, split: str, device: str
) -> Generator[Event, None, Evaluation]:
    record = yield from open_run(desk, run)
    row = installed_engine(record.engine)
    desk.warm(row.name)
    manifest = yield from prepare(desk, data_choice(data)) if data else data_of_run(desk, run)
    check_fit(read_design(run), read_recipe(run), manifest)
    folder = str(prepared_folder(manifest))
    job = EvaluateJob(str(run.absolute()), folder, split, device=device or record.device)
    return (yield from desk.ask(row.name, job, Evaluation))


def export(
    desk: Desk, run: Path, target: Path, checkpoint: str = "best", exporter: Exporter = Exporter.ENGINE
) -> Answering:
    """Export a run to ONNX and prove it; a file that failed its proof is never called ``target``.

    Raises:
        WorkbenchError: ``PROOF_FAILED`` or ``NOT_PROVABLE``; the file then lies as ``NAME.unproven.onnx``.
    """
    record = yield from open_run(desk, run)
    row = installed_engine(record.engine)
    desk.warm(row.name)
    demand_file(target)
    manifest = yield from data_of_run(desk, run)
    job = _export_job(run, manifest, target, checkpoint)
    figures = Path(job.reference).with_name("proof.json")
    with changing(job.reference, figures, job.target, target):
        written = yield from write_model(desk, row.name, job, exporter)
        proof = yield from desk.ask(TOOLS, ProveJob(job.target, job.reference), ProofView)
        write_record(figures, proof)
        check_proof(proof, job.target)
        _give_name(Path(job.target), target)
    yield Finished(export_summary(proof, written, target))


def optimize(
    desk: Desk,
    model: Path,
    target: Path,
    report: Path | None,
    reference: Path | None,
    figures: Path | None = None,
) -> Answering:
    """Run the passes over an ONNX file; proven on ``reference``, or else on the data it was trained with.

    ``figures`` takes the view as JSON, without the graphs.
    """
    source = existing(model)
    for written in filter(None, (target, report)):
        demand_file(written)
        if written.exists() and written.samefile(source):
            raise WorkbenchError(ErrorCode.TARGET_IS_SOURCE, path=source)
    samples = existing(reference) if reference else (yield from _own_samples(desk, source))
    job = OptimizeJob(
        source,
        str(target.absolute()),
        reference=samples,
        report=str(report.absolute()) if report else "",
    )
    with changing(*(path for path in (target, report, figures) if path is not None)):
        view = yield from desk.ask(TOOLS, job, OptimizeView)
        if figures is not None:
            write_record(figures, replace(view, graph_before=None, graph_after=None))
    if view.proof.status == "failed":
        check_proof(view.proof, view.target)
    yield Finished(optimize_summary(view))


def inspect(desk: Desk, path: Path) -> Answering:
    """Read a model, a file or a folder, into its graph."""
    there = str(path.absolute()) if path.is_dir() else existing(path)
    view = yield from desk.ask(TOOLS, ReadGraphJob(there), GraphView)
    nodes = sum(node.family != "io" for node in view.nodes)
    yield Finished({"nodes": nodes, "parameters": view.parameters, "bytes": view.bytes})


def _own_samples(desk: Desk, model: str) -> Generator[Event, None, str]:
    """Return test samples of the data that the file says it learned, "" where those are not here."""
    view = yield from but_answers(desk.ask(TOOLS, ReadGraphJob(model), GraphView))
    return samples_of(view.facts.get("modelwright.data_digest", ""))


def but_answers(asking: Generator[Event, None, Record]) -> Generator[Event, None, Record]:
    """Yield a job's events without what it answered, where that is only half the way."""
    while True:
        try:
            event = next(asking)
        except StopIteration as end:
            return cast("Record", end.value)
        if not isinstance(event, Answer):
            yield event


def but_the_end(events: Iterator[Event]) -> Answering:
    """Yield a job's events without its ``Finished``, where more is to follow; raises ``Ended``."""
    for event in events:
        if isinstance(event, (Stopped, Failed, Crashed)):
            raise Ended(event)
        if not isinstance(event, Finished):
            yield event


def demand_file(target: Path) -> None:
    """Make the folder of ``target``; raises ``FILE_IS_FOLDER``, or what ``make_folder`` raises."""
    if target.is_dir():
        raise WorkbenchError(ErrorCode.FILE_IS_FOLDER, path=str(target.absolute()))
    make_folder(target.absolute().parent)


def _give_name(proven: Path, target: Path) -> None:
    try:
        proven.replace(target)
    except OSError as fault:
        raise unwritable(target, fault) from fault


def _export_job(run: Path, manifest: DataManifest, target: Path, checkpoint: str) -> ExportJob:
    artifacts = run.absolute() / "artifacts"
    make_folder(artifacts)
    return ExportJob(
        run=str(run.absolute()),
        data=str(prepared_folder(manifest)),
        target=str(target.absolute().with_suffix(f".unproven{target.suffix or '.onnx'}")),
        reference=str(artifacts / "reference.npz"),
        checkpoint=checkpoint,
    )


def check_run(desk: Desk, run: Path) -> Answering:
    """Read every file of a run against its hash; raises ``FILE_DAMAGED`` with the first that differs."""
    for finding in verify(run):
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(run / finding.path), why=finding.problem)
    yield Finished()


def open_run(desk: Desk, run: Path) -> Generator[Event, None, RunRecord]:
    """Return a run's record, once its files are found whole; the work is about it from here on."""
    record = read_run(run)
    desk.run_folder = run.absolute()
    for finding in verify(run):
        facts = {"path": str(run / finding.path), "why": finding.problem}
        if finding.path in NEEDED:
            raise WorkbenchError(ErrorCode.FILE_DAMAGED, **facts)
        yield Log("warning", tell(ErrorCode.FILE_DAMAGED, facts).text)
    demand_trusted(run, read_design(run))
    return record


@contextmanager
def a_folder(wanted: Path | None) -> Iterator[Path | None]:
    """Make the folder that was asked for, if one was; one made here that stays empty goes again."""
    was_there = wanted is not None and wanted.exists()
    folder = empty_folder(wanted) if wanted else None
    try:
        yield folder
    finally:
        if folder is not None and not was_there:
            with suppress(OSError):  # a run began in it
                folder.rmdir()


def empty_folder(folder: Path) -> Path:
    """Make a folder that is empty or not there yet; raises ``RUN_EXISTS``."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkbenchError(ErrorCode.RUN_EXISTS, path=str(folder.absolute()))
    make_folder(folder)
    return folder.absolute()
