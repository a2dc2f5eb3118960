"""What was measured of a model is kept beside its files, and told again as long as none of them changed.

The optimizer's report lies beside the optimized file; what was made of a run's checkpoints, the stages of its
compiler and the file in its engine's own format, among the run's artifacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from app.desk import TOOLS, Desk
from app.flows import main_job, saving, stages
from app.flows.exports import Exporter
from app.flows.main_job import Answering, but_answers
from app.run_files import changing
from engines.contract.errors import WorkbenchError
from engines.contract.events import Answer, Finished
from engines.contract.files import are_unchanged, digests_of, existing
from engines.contract.jobs import ProveJob, ReadGraphJob
from engines.contract.views import ExportView, GraphView, LoweredView, OptimizeView, ProofView, SavedView
from engines.training.run_folder import ARTIFACTS, CHECKPOINTS, now, read_plain, write_record

STAGES, SAVED = "stages.json", "saved.json"
Kept = TypeVar("Kept", OptimizeView, LoweredView, SavedView)


def look_again(
    desk: Desk, model: Path, optimized: Path, reference: Path | None, run: Path | None
) -> Answering:
    """Read a model's graph, tell what is kept of it, and prove it again on ``reference``."""
    graph = yield from desk.ask(TOOLS, ReadGraphJob(existing(model)), GraphView)
    report = kept(optimized.with_suffix(".json"), OptimizeView)
    if report is not None and model.name in report.files:
        after = None
        if report.target:
            after = yield from but_answers(desk.ask(TOOLS, ReadGraphJob(existing(optimized)), GraphView))
            report = replace(report, target=str(optimized))
        yield Answer(replace(report, source=str(model), graph_before=graph, graph_after=after))
    if run is not None:
        yield from _of_the_run(run)
    if reference is not None:
        yield from desk.ask(TOOLS, ProveJob(str(model), str(reference)), ProofView)


def export(desk: Desk, run: Path, target: Path, exporter: Exporter) -> Answering:
    """Export a run, read the file's graph, and tell what is kept of the same checkpoints."""
    yield from main_job.export(desk, run, target, exporter=exporter)
    yield from desk.ask(TOOLS, ReadGraphJob(existing(target)), GraphView)
    yield from _of_the_run(run)


def compiled(desk: Desk, run: Path) -> Answering:
    """Show the stages of the compiler of the run's engine, and keep them."""
    digests = _checkpoints(run)
    for event in stages.stages(desk, run):
        match event:
            case Answer(record=LoweredView() as plain):
                view = replace(plain, measured=now(), files=digests)
                yield Answer(view)
                _keep(run, STAGES, view)
            case _:
                yield event


def save(desk: Desk, run: Path, target: Path) -> Answering:
    """Write the run's model in its engine's own format; answered with a ``SavedView``, which is kept."""
    digests = _checkpoints(run)
    proof: ProofView | None = None
    written: ExportView | None = None
    for event in saving.save(desk, run, target):
        match event:
            case Answer(record=ProofView() as proof):
                continue
            case Answer(record=ExportView() as written):
                continue
            case Finished() if proof is not None and written is not None:
                digests |= digests_of(_files_of(target), run / ARTIFACTS)
                view = SavedView(written, proof, now(), digests)
                yield Answer(view)
                _keep(run, SAVED, view)
        yield event


def kept(path: Path, kind: type[Kept]) -> Kept | None:
    """Return the report in ``path``, None where there is none or a file that it is about has changed."""
    try:
        found: Kept = read_plain(path, kind)
    except WorkbenchError:
        return None
    return found if found.files and are_unchanged(found.files, path.parent) else None


def _of_the_run(run: Path) -> Iterator[Answer]:
    """Tell what is kept of the run's checkpoints as they are now."""
    known = {f"../{CHECKPOINTS}/{path.name}" for path in _records(run)}
    lowered = kept(run / ARTIFACTS / STAGES, LoweredView)
    if lowered is not None and known <= set(lowered.files):
        yield Answer(lowered)
    saved = kept(run / ARTIFACTS / SAVED, SavedView)
    if saved is not None and known <= set(saved.files):
        target = run / ARTIFACTS / Path(saved.view.target).name  # the project may have moved
        yield Answer(replace(saved, view=replace(saved.view, target=str(target))))


def _checkpoints(run: Path) -> dict[str, str]:
    return digests_of(_records(run), run / ARTIFACTS)


def _records(run: Path) -> list[Path]:
    """Return the checkpoints' records, each of which has the hash of its arrays."""
    return sorted((run / CHECKPOINTS).glob("*.json"))


def _files_of(target: Path) -> list[Path]:
    """Return a written file, or what lies in it where a format is a folder."""
    return sorted(path for path in target.rglob("*") if path.is_file()) if target.is_dir() else [target]


def _keep(run: Path, name: str, view: LoweredView | SavedView) -> None:
    path = run / ARTIFACTS / name
    with changing(path):
        write_record(path, view)
