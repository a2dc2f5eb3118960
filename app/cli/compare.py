"""``modelwright compare``: two runs, two model files, or one design on several engines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from app.cli.comparison_tables import comparison_lines
from app.cli.figures import named, number, table
from app.cli.options import AsJson, Data, Settings
from app.cli.reporting import HumanPrinter, conclude
from app.desk import Desk
from app.engine_facts.titles import titles
from app.flows import comparisons
from app.flows.engine_comparison import ComparisonOrder, compare_engines
from app.flows.entrants import engine_of
from app.flows.main_job import Answering
from app.messages import comparing
from engines.contract.comparison import Comparison, Verdict
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Hello, Validated
from engines.runs.engine_comparison import BOUND_STEPS, judge


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    application.command()(compare)


class ComparePrinter(HumanPrinter):
    """A column for each side, then what lies between them."""

    def __init__(self) -> None:
        super().__init__()
        self._engine = ""
        self._tables = False

    def tell(self, event: Event) -> None:
        """Print the comparison; while engines train, one line that moves."""
        match event:
            case Hello():
                self._engine = titles().get(event.engine, event.engine)
            case Validated():
                values = "  ".join(f"{name} {number(value)}" for name, value in event.values.items())
                self.progress(f"{self._engine}  epoch {event.epoch}  {values}")
            case Answer(record=Comparison(state="finished" | "stopped") as found):
                self._tables = True
                for line in comparison_lines(found):
                    self.line(line)
            case Finished() if not self._tables:
                for line in summary_lines(event.summary):
                    self.line(line)
            case _:
                pass


def compare(
    subjects: Annotated[
        list[Path] | None, typer.Argument(metavar="A B", help="Two runs or two model files.")
    ] = None,
    design: Annotated[
        str, typer.Option(metavar="DESIGN", help="Train this design on each of the engines.")
    ] = "",
    data: Data = "",
    engines: Annotated[
        str,
        typer.Option(
            metavar="ENGINE[:DEVICE][:MODE],…",
            help="Engines with commas between them; one against itself: torch:cpu,torch:cuda:0 or "
            "torch:eager,torch:compiled.",
        ),
    ] = "",
    devices: Annotated[
        list[str],
        typer.Option(
            "--device",
            metavar="[ENGINE=]DEVICE",
            help="Device for all engines, or for one: torch=cuda:0. May be given several times.",
        ),
    ] = [],  # noqa: B006 - typer copies it
    settings: Settings = [],  # noqa: B006 - typer copies it
    quick: Annotated[
        bool, typer.Option("--quick", help="The check in fp64 alone, without the whole training.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check/--no-check", help="Check in fp64 first: it tells meaning from rounding.")
    ] = True,
    steps: Annotated[int, typer.Option(metavar="N", min=1, help="Steps of the check.")] = BOUND_STEPS,
    dropout: Annotated[
        bool, typer.Option("--with-dropout", help="Keep dropout, whose masks differ between engines.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what differs between runs, model files or engines.

    Two runs, two model files, or one design trained on several engines.

    Of several engines the exit status is 0 only where all came to their end, no curves disagree (they
    may be within rounding, or not judged) and every ONNX file is proven against every engine.
    """
    names = tuple(name.strip() for name in engines.split(",") if name.strip())
    printer = ComparePrinter()
    if design and names and not subjects:
        parts = ("check",) if quick else ("check", "whole") if check else ("whole",)
        device, own = devices_of(devices, tuple(map(engine_of, names)))
        order = ComparisonOrder(design, data, names, tuple(settings), device, parts, steps, dropout, own)
        conclude(lambda desk: _compared(desk, order), printer, as_json)
    if design or names or subjects is None or len(subjects) != 2:
        raise typer.BadParameter("give two runs or model files, or --design with --engines")
    conclude(lambda desk: comparisons.compare(desk, subjects[0], subjects[1]), printer, as_json)


def devices_of(given: list[str], engines: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Return the device for all engines and those of single ones from ``cuda:0`` and ``torch=cuda:0``.

    Raises:
        BadParameter: for a device of an engine that is not compared, or a second one for all.
    """
    pairs = [words.rpartition("=") for words in given]
    own = {engine.strip(): device.strip() for engine, sign, device in pairs if sign}
    everywhere = [device.strip() for _, sign, device in pairs if not sign]
    strange = sorted(set(own) - set(engines))
    if strange:
        raise typer.BadParameter(f"--device names {', '.join(strange)}, which --engines does not")
    if len(everywhere) > 1:
        raise typer.BadParameter("--device names two devices for all engines")
    return (everywhere or ["cpu"])[0], own


def _compared(desk: Desk, order: ComparisonOrder) -> Answering:
    """Compare engines; a comparison that speaks against one of them fails.

    Raises:
        WorkbenchError: ``ENGINES_DISAGREE`` or ``ENGINE_LEFT_OUT``.
    """
    found: Comparison | None = None
    for event in compare_engines(desk, order):
        if isinstance(event, Answer) and isinstance(event.record, Comparison):
            found = event.record
        if isinstance(event, Finished) and found is not None:
            _check(found, judge(found))
        yield event


def _check(found: Comparison, verdict: Verdict) -> None:
    known = comparing.titles_of(found, titles())
    if verdict.failed:
        why = " ".join(f"{known[one.key]}: {comparing.reason(one)}" for one in found.entrants if one.code)
        engines = comparing.names(verdict.failed, known)
        raise WorkbenchError(ErrorCode.ENGINE_LEFT_OUT, engines=engines, why=why)
    if not verdict.clean:
        words = comparing.verdict_words(found, verdict, known)
        raise WorkbenchError(
            ErrorCode.ENGINES_DISAGREE, verdict=f"{words} {comparing.files_words(verdict)}".strip()
        )


def summary_lines(summary: Mapping[str, float | str]) -> list[str]:
    """Return a flat comparison as a table with a column for each side."""
    columns: dict[str, dict[str, str]] = {}
    between: list[str] = []
    for key, value in summary.items():
        column, dot, name = key.partition(".")
        if dot:
            columns.setdefault(column, {})[name] = _shown(name, value)
        else:
            between.append(f"{_words(key)}: {_shown(key, value)}")
    names = list(dict.fromkeys(name for values in columns.values() for name in values))
    rows = [["", *columns]]
    rows += [[_words(name), *(values.get(name, "–") for values in columns.values())] for name in names]
    return [*table(rows), *between]


def _words(name: str) -> str:
    return name.replace("_", " ")


def _shown(name: str, value: float | str) -> str:
    text = titles().get(str(value), str(value)) if name == "engine" else named(name, value)
    return text if len(text) <= 40 else f"…{text[-39:]}"
