"""``modelwright code``: a design as a script that runs without the workbench."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from app.cli.figures import count
from app.cli.options import AsJson, Design, Settings, Target
from app.cli.reporting import HumanPrinter, conclude
from app.desk import Desk
from app.home import data_cache
from app.plans import make_plan
from engines.contract.events import Event, Finished
from engines.contract.files import write_text_atomic
from engines.design.code import write_code


def register(application: typer.Typer) -> None:
    """Add this module's command."""
    application.command()(code)


def code(
    design: Design,
    to: Target,
    engine: Annotated[str, typer.Option(metavar="ENGINE", help="Whose code; torch alone for now.")] = "torch",
    settings: Settings = [],  # noqa: B006 - typer's own way to say "none"
    as_json: AsJson = False,
) -> None:
    """Write a design as a plain script that builds and trains it."""
    printer = HumanPrinter({Finished: _written})
    conclude(lambda desk: _write(desk, design, engine, tuple(settings), to), printer, as_json)


def _write(desk: Desk, design: str, engine: str, settings: tuple[str, ...], to: Path) -> Iterator[Event]:
    plan = make_plan(design, settings=settings)
    text = write_code(plan.spec, plan.recipe, engine)
    write_text_atomic(to, text)
    yield Finished({"file": str(to.absolute()), "lines": text.count("\n")})


def _written(event: Finished) -> Iterator[str]:
    yield f"File: {event.summary['file']}, {count(int(event.summary['lines']), 'line')}"
    yield f"Train it: python FILE FOLDER, with a folder of prepared data from {data_cache()}"
