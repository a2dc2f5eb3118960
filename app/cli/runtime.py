"""``modelwright profile``: how fast a model file answers on one of ONNX Runtime's execution providers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.cli.figures import count, number, table
from app.cli.models import proof_lines
from app.cli.options import AsJson, Provider
from app.cli.reporting import HumanPrinter, conclude
from app.flows import runtime
from engines.contract.views import ProfileView, ProofView

MOST_NODES = 10
"""So many nodes are printed; the JSON has them all."""


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    application.command()(profile)


def profile(
    model: Annotated[Path, typer.Argument(metavar="M.onnx", help="An ONNX file.")],
    provider: Provider = "",
    reference: Annotated[
        Path | None,
        typer.Option(
            metavar="F.npz", help="An .npz with “inputs” and “outputs”: proves the file there, too."
        ),
    ] = None,
    optimized: Annotated[
        Path | None,
        typer.Option(
            metavar="O.onnx", help="The optimized file, measured in turns with it and held against it."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure how fast an ONNX file answers one sample.

    A provider is where ONNX Runtime computes, a CPU or a GPU; what it leaves to another is told.
    """
    conclude(
        lambda desk: runtime.profile(desk, model, provider, reference, optimized),
        HumanPrinter({ProfileView: _profile, ProofView: proof_lines}),
        as_json,
    )


def _profile(view: ProfileView) -> Iterator[str]:
    facts = view.facts
    yield f"{count(facts.nodes, 'node')}, one sample, one thread, on {view.provider}:"
    yield f"  {number(facts.latency_plain_ms)} ms as the file is"
    yield f"  {number(facts.latency_runtime_ms)} ms with ONNX Runtime's own optimizer"
    if len(view.placement) > 1:
        parts = ", ".join(f"{many:,} on {provider}" for provider, many in view.placement.items())
        yield f"  nodes after its optimizer: {parts}"
    if (against := view.against_cpu) is not None:
        yield f"  {number(view.cpu_ms)} ms on the CPU"
        yield f"  largest difference to the CPU {number(against.max_abs_error)}: {against.status}"
    yield "  slowest nodes:"
    yield from (f"    {line}" for line in _slowest(view))


def _slowest(view: ProfileView) -> list[str]:
    """Return the nodes that take longest, each with what it ran on."""
    slowest = sorted(view.nodes, key=lambda node: -node.milliseconds)[:MOST_NODES]
    return table(
        [
            [node.name.removeprefix(f"{node.provider}_"), node.provider, f"{number(node.milliseconds)} ms"]
            for node in slowest
        ]
    )
