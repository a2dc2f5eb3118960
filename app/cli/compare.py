"""``modelwright compare``: two runs, two model files, or one design on several engines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from app import comparisons
from app.cli.figures import number, table
from app.cli.options import AsJson, Data, Device, Settings
from app.cli.reporting import HumanPrinter, conclude
from engines.contract.events import Event, Finished, Hello, Validated


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    application.command()(compare)


class ComparePrinter(HumanPrinter):
    """A column for each side, then what lies between them."""

    def __init__(self) -> None:
        super().__init__()
        self._engine = ""

    def tell(self, event: Event) -> None:
        """Print the comparison; while engines train, one line that moves."""
        if isinstance(event, Hello):
            self._engine = event.engine
        elif isinstance(event, Validated):
            values = "  ".join(f"{name} {number(value)}" for name, value in event.values.items())
            self.progress(f"{self._engine}  epoch {event.epoch}  {values}")
        elif isinstance(event, Finished):
            for line in summary_lines(event.summary):
                self.line(line)


def compare(
    subjects: Annotated[
        list[Path] | None, typer.Argument(metavar="A B", help="Two runs or two model files.")
    ] = None,
    design: Annotated[str, typer.Option(help="Train this design on each of the engines.")] = "",
    data: Data = "",
    engines: Annotated[str, typer.Option(help="Engines with commas between them.")] = "",
    device: Device = "cpu",
    settings: Settings = [],  # noqa: B006 - typer copies it
    as_json: AsJson = False,
) -> None:
    """Say what differs between two runs, two model files, or one training on several engines."""
    names = [name.strip() for name in engines.split(",") if name.strip()]
    printer = ComparePrinter()
    if design and names and not subjects:
        conclude(
            lambda desk: comparisons.compare_engines(desk, design, data, names, settings, device),
            printer,
            as_json,
        )
    if design or names or subjects is None or len(subjects) != 2:
        raise typer.BadParameter("give two runs or model files, or --design with --engines")
    conclude(lambda desk: comparisons.compare(desk, subjects[0], subjects[1]), printer, as_json)


def summary_lines(summary: Mapping[str, float | str]) -> list[str]:
    """Return a flat comparison as a table with a column for each side."""
    columns: dict[str, dict[str, str]] = {}
    between: list[str] = []
    for key, value in summary.items():
        column, dot, name = key.partition(".")
        if dot:
            columns.setdefault(column, {})[name] = _shown(value)
        else:
            between.append(f"{_words(key)}: {_shown(value)}")
    names = list(dict.fromkeys(name for values in columns.values() for name in values))
    rows = [["", *columns]]
    rows += [[_words(name), *(values.get(name, "–") for values in columns.values())] for name in names]
    return [*table(rows), *between]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return value if len(value) <= 40 else f"…{value[-39:]}"
    return number(value)
