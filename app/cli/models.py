"""``modelwright evaluate`` and ``export``: what a trained model is worth, and a proven file of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.cli.figures import count, number, size, table
from app.cli.options import AsJson, Checkpoint, Data, DeviceOfRun, Provider, Split, Target, Trust
from app.cli.reporting import HumanPrinter, conclude, file_line
from app.flows import main_job, saving
from app.flows.exports import Exporter
from app.own_layers import trust_choice
from engines.contract.events import Finished
from engines.contract.views import Evaluation, ExportView, ProofView


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    application.command()(evaluate)
    application.command()(export)


def evaluate(
    subject: Annotated[Path, typer.Argument(metavar="RUN|M.onnx", help="A run's folder or an ONNX file.")],
    data: Data = "",
    split: Annotated[Split, typer.Option(help="Which part of the data.")] = Split.TEST,
    device: DeviceOfRun = "",
    provider: Provider = "",
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Evaluate a run or an ONNX file on samples it was not trained on.

    A run is held against its own data unless others are named; for an ONNX file --data names them, and
    --device means the same as --provider.
    """
    if trust:
        trust_choice(str(subject))
    if subject.is_file() and not data:
        raise typer.BadParameter("name the data to evaluate an ONNX file on: --data DATA")
    conclude(
        lambda desk: main_job.evaluate(desk, subject, data, split.value, device, provider),
        HumanPrinter({Evaluation: _evaluation}),
        as_json,
    )


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    to: Target,
    checkpoint: Annotated[Checkpoint, typer.Option(help="Which state of the run.")] = Checkpoint.BEST,
    exporter: Annotated[
        Exporter, typer.Option(help="Who writes the file: the run's engine, or the design's own exporter.")
    ] = Exporter.ENGINE,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Export a run to ONNX, proven to answer as the trained model.

    With another ending the run's engine writes its own format: .keras, .savedmodel (a folder), .pt2.
    """
    if trust:
        trust_choice(str(run))
    printer = HumanPrinter({ExportView: _written, ProofView: proof_lines, Finished: file_line})
    if not saving.is_onnx(to):
        conclude(lambda desk: saving.save(desk, run, to, checkpoint.value), printer, as_json)
    conclude(lambda desk: main_job.export(desk, run, to, checkpoint.value, exporter), printer, as_json)


def proof_lines(proof: ProofView) -> list[str]:
    """Return a proof as lines: the verdict, then the largest errors."""
    words = proof.status.replace("_", " ")
    lines = [
        f"Proof: {words} on {count(proof.samples, 'sample')}",
        f"  largest absolute error {number(proof.max_abs_error)} (bound {number(proof.bound)})",
        f"  largest relative error {number(proof.max_rel_error)}",
    ]
    if proof.classes_agree >= 0:
        lines.append(f"  predicted classes that agree: {proof.classes_agree:.2%}")
    return lines


def _written(view: ExportView) -> Iterator[str]:
    opset = f"opset {view.opset}, " if view.opset else ""
    yield f"Written by {view.exporter}: {opset}{size(view.bytes)}"


def _evaluation(evaluation: Evaluation) -> Iterator[str]:
    yield f"{count(evaluation.samples, 'sample')} of the {evaluation.split} split{_where(evaluation)}"
    yield from (f"  {name.replace('_', ' ')}: {number(value)}" for name, value in evaluation.values.items())
    yield from _confusion(evaluation)


def _where(evaluation: Evaluation) -> str:
    """Say which of ONNX Runtime's providers computed, and what it left to the CPU."""
    if not evaluation.nodes_elsewhere:
        return f", on {evaluation.provider}" if evaluation.provider else ""
    return f", on {evaluation.provider}, which left {count(evaluation.nodes_elsewhere, 'node')} to the CPU"


def _confusion(evaluation: Evaluation) -> list[str]:
    if not evaluation.confusion or len(evaluation.classes) > 20:
        return []
    head = ["true \\ predicted", *evaluation.classes]
    rows = [
        [name, *(str(many) for many in counts)]
        for name, counts in zip(evaluation.classes, evaluation.confusion)
    ]
    return table([head, *rows])
