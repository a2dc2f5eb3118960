"""The graph room's jobs, as the tools host runs them: each a generator of events.

Stages of ``Progress``: for an optimization ``read``, the passes' names, ``prove``,
``measure``, ``write``; for an export ``load``, ``export``, ``write``.
Every ``yield`` is a point where a stop is obeyed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engines.contract.events import Answer, Event, Finished, Progress
from engines.contract.files import digests_of, make_folder
from engines.contract.jobs import ExportDesignJob, OptimizeJob
from engines.contract.views import ExportView, OptimizeView, ProofView
from engines.design.onnx_export import PRODUCER, to_onnx
from engines.graph import read_onnx
from engines.graph.layout import lay_out
from engines.graph.onnx_file import load_with_files, save_model
from engines.graph.onnx_jobs import Flags, stoppable
from engines.graph.optimize import Optimization, begin, first_differing_node, run_passes
from engines.graph.passes import chosen
from engines.graph.profile import before_and_after
from engines.graph.proof import prove as hold_against
from engines.graph.reference import Reference, answered, make_reference, read_reference
from engines.graph.report import write_report
from engines.training.checkpoints import run_weights
from engines.training.model_facts import model_facts, output_name, trained_by
from engines.training.run_folder import CHECKPOINTS, now, read_design, read_recipe


@stoppable
def export_design(job: ExportDesignJob, flags: Flags) -> Iterator[Event]:
    """Write a run's checkpoint as ONNX from its design, whole or not at all; answered with an ``ExportView``.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``CHECKPOINT_NONE``, ``CHECKPOINT_UNFIT``, ``EXPORT_FAILED`` …
    """
    run, target = Path(job.run), Path(job.target)
    yield Progress(stage="load", done=0, total=3)
    spec, weights = read_design(run), run_weights(run / CHECKPOINTS, job.checkpoint)
    yield Progress(stage="export", done=1, total=3)
    name = output_name(spec, read_recipe(run).loss)
    facts = model_facts(run, spec, trained_by(run))
    model = to_onnx(spec, weights, outputs=[name], facts=facts, target=str(target))
    yield Progress(stage="write", done=2, total=3)
    make_folder(target.parent)
    save_model(model, target)
    opset = model.opset_import[0].version
    yield Answer(ExportView(str(target), "", target.stat().st_size, opset, PRODUCER))
    yield Finished()


@stoppable
def optimize(job: OptimizeJob, flags: Flags) -> Iterator[Event]:
    """Run the passes; answered with an ``OptimizeView``.

    The target and the report are written whole at the end. Where the whole proof fails no target is
    written, and the view's ``target`` is "".
    """
    steps = chosen(job.passes)
    total = len(steps) + 4
    yield Progress(stage="read", done=0, total=total)
    source, files = load_with_files(Path(job.model))
    beside = Path(job.target).parent
    digests = digests_of(files, beside)
    samples = read_reference(Path(job.reference), source) if job.reference else make_reference(source)
    work = begin(source, samples)
    for number, view in enumerate(run_passes(work, steps), start=1):
        yield Progress(stage=view.name, done=number, total=total)
    yield Progress(stage="prove", done=total - 3, total=total)
    proof = _whole_proof(work, samples)
    yield Progress(stage="measure", done=total - 2, total=total)
    answer = _view(job, work, samples, proof)
    yield Progress(stage="write", done=total - 1, total=total)
    if proof.status != "failed":
        save_model(work.model, Path(job.target))
        digests |= digests_of([Path(job.target)], beside)
    answer = replace(answer, files=digests, measured=now())
    if job.report:
        write_report(answer, Path(job.report))
    yield Answer(answer)
    yield Finished({"status": proof.status, "max_abs_error": proof.max_abs_error})


def _whole_proof(work: Optimization, samples: Reference) -> ProofView:
    """Prove the result on every sample; where the passes' few samples missed a fault, name the node."""
    proof = hold_against(work.model, answered(samples, work.source), work.bound)
    if proof.status != "failed":
        return proof
    return replace(proof, where=first_differing_node(work.source, work.model, samples) or proof.where)


def _view(job: OptimizeJob, work: Optimization, samples: Reference, proof: ProofView) -> OptimizeView:
    before, after = before_and_after(work.source, work.model, samples)
    name = Path(job.model).stem
    return OptimizeView(
        source=job.model,
        target="" if proof.status == "failed" else job.target,
        before=before,
        after=after,
        passes=tuple(work.steps),
        proof=proof,
        graph_before=lay_out(read_onnx.graph_view(work.source, name)),
        graph_after=lay_out(read_onnx.graph_view(work.model, name)),
    )
