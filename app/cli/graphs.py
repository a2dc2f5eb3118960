"""``modelwright optimize`` and ``inspect``: a model's graph, before and after passes or a compiler."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from app.cli.figures import count, number, size, table
from app.cli.models import proof_lines
from app.cli.options import AsJson, Target
from app.cli.reporting import HumanPrinter, conclude, file_line
from app.flows import main_job, stages
from engines.contract.errors import WorkbenchError
from engines.contract.events import Finished
from engines.contract.views import GraphView, LoweredView, ModelFacts, OptimizeView, TensorView
from engines.exchange.formats import identify
from engines.training.run_folder import RUN


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    application.command()(optimize)
    application.command()(inspect)


def optimize(
    model: Annotated[Path, typer.Argument(metavar="M.onnx", help="The file to optimize; it stays as it is.")],
    to: Target,
    report: Annotated[
        Path | None, typer.Option(metavar="R.html", help="Also write a report as one HTML file.")
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="F.npz",
            help="An .npz with “inputs” to prove with. Without it: the test samples of the data that it was "
            "trained on where they are here, else made ones.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make an ONNX file smaller and faster, with proof."""
    printer = HumanPrinter({OptimizeView: _report, Finished: file_line})
    conclude(lambda desk: main_job.optimize(desk, model, to, report, reference), printer, as_json)


def inspect(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A model file, or a run's folder.")],
    as_json: AsJson = False,
) -> None:
    """Say what a file is, its graph and its sizes.

    Of a run: what its engine's compiler makes of it, stage by stage, each timed and compared.
    """
    show = stages.stages if _is_run(path) else main_job.inspect
    printer = HumanPrinter({GraphView: graph_lines, LoweredView: stage_lines})
    conclude(lambda desk: show(desk, path), printer, as_json)


def _is_run(path: Path) -> bool:
    """Tell whether a folder is a run, or none of a known format either."""
    if not path.is_dir() or (path / RUN).is_file():
        return path.is_dir()
    try:
        return not identify(path).key
    except WorkbenchError:
        return True


def graph_lines(view: GraphView) -> list[str]:
    """Return what a person wants to know first of a graph."""
    lines = [f"{view.name}: {view.format}, {size(view.bytes)}, {count(view.parameters, 'parameter')}"]
    lines += [f"  {key}: {value}" for key, value in view.facts.items()]
    lines += [f"  in   {_tensor(tensor)}" for tensor in view.inputs]
    lines += [f"  out  {_tensor(tensor)}" for tensor in view.outputs]
    counts = Counter(node.op for node in view.nodes if node.family != "io")
    lines += [f"{count(counts.total(), 'operation')}:"]
    lines += [f"  {line}" for line in table([[op, f"{many:,}"] for op, many in counts.most_common()])]
    return lines + [f"Note: {note}" for note in view.notes]


def stage_lines(view: LoweredView) -> list[str]:
    """Return a line for each stage of an engine's compiler."""
    rows = [["", "operations", "ms", "error"]]
    for stage in view.stages:
        operations = f"{stages.operations(stage.graph):,}"
        rows.append([stage.title, operations, number(stage.latency_ms), number(stage.max_abs_error)])
    return [f"{view.compiler}, batch {view.batch:,}, {count(view.samples, 'sample')}", *table(rows)]


def _tensor(tensor: TensorView) -> str:
    return f"{tensor.name}  {tensor.type} [{', '.join(tensor.shape)}]"


def _report(view: OptimizeView) -> list[str]:
    passes = [["pass", "", "nodes", "error", "s"]]
    for step in view.passes:
        nodes = f"{step.nodes_before:,} → {step.nodes_after:,}"
        row = [
            step.title,
            step.state.replace("_", " "),
            nodes,
            number(step.max_abs_error),
            f"{step.seconds:.2f}",
        ]
        passes.append(row)
    before, after = _facts(view.before), _facts(view.after)
    figures = [["", "before", "after"]]
    figures += [[name, old, after[name]] for name, old in before.items()]
    return [*table(passes), "", *table(figures), "", *proof_lines(view.proof)]


def _facts(facts: ModelFacts) -> dict[str, str]:
    return {
        "nodes": f"{facts.nodes:,}",
        "bytes": size(facts.bytes),
        "parameters": f"{facts.parameters:,}",
        "batch norms": str(facts.operators.get("BatchNormalization", 0)),
        "latency, runtime's optimizer off": f"{number(facts.latency_plain_ms)} ms",
        "latency, runtime's optimizer on": f"{number(facts.latency_runtime_ms)} ms",
    }
