"""``modelwright tune``: measure ways to train a design on this machine, and take the fastest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from app.cli.figures import duration, table
from app.cli.options import AsJson, Data, Design, Device, Engine, Settings
from app.cli.reporting import HumanPrinter, conclude
from app.flows import tuning
from app.messages import words
from app.messages.table import tell
from engines.contract.events import Event, Tuning
from engines.contract.views import TuneRow, TuneView


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    application.command()(tune)


class TunePrinter(HumanPrinter):
    """The whole table, what is taken, and how to set it; everything before is progress."""

    def __init__(self) -> None:
        super().__init__({TuneView: tune_lines})

    def tell(self, event: Event) -> None:
        """Say what is in hand."""
        if isinstance(event, Tuning):
            self.progress(doing_line(event))
        super().tell(event)


def doing_line(event: Tuning) -> str:
    """Return what is in hand, and how long it may still take."""
    way = _way(event.settings) or words.RECIPE_AS_IT_IS
    doing = words.TUNE_DOING[event.doing].format(way=way)
    return words.TUNE_LEFT.format(doing=doing, left=duration(max(1.0, event.left)))


def tune_lines(view: TuneView) -> list[str]:
    """Return the table as lines."""
    head = ("", "way", "samples/s", "spread", "beside the first", "ready after", "")
    rows = [head, *(_cells(row) for row in view.rows)]
    lines = [line.rstrip() for line in table(rows)]
    if any(row.stage == "batch_size" for row in view.rows) and "batch_size" not in view.chosen:
        lines.append(words.BATCH_SIZE_SHOWN)
    if view.before != view.after and view.after:
        said = words.TUNED if view.chosen else words.TUNE_SEEMED
        lines.append(said.format(before=view.before, after=view.after, ratio=view.after / view.before))
    if view.early:
        lines.append(words.TUNE_EARLY)
    if not view.chosen:
        return [*lines, words.RECIPE_STAYS]
    chosen = " ".join(f"--set {key}={value}" for key, value in view.chosen.items())
    return [*lines, f"Chosen: {chosen}"]


def _cells(row: TuneRow) -> tuple[str, ...]:
    stage = words.TUNE_STAGES.get(row.stage, row.stage)
    way = ", ".join(str(value).replace("_", " ") for value in row.settings.values())
    if row.code:
        return (stage, way, "–", "", "", "", tell(row.code, row.facts).what)
    rate, spread = f"{row.samples_per_second:,.0f}", f"± {row.spread / 2:.0%}"
    chosen = "chosen" if row.chosen else ""
    return (stage, way, rate, spread, _gain(row), duration(row.compile_seconds), chosen)


def _gain(row: TuneRow) -> str:
    if not row.gain:
        return ""
    return words.TUNE_GAIN.format(gain=row.gain, noise=row.noise) if row.is_told_apart else words.TUNE_NO_GAIN


def _way(settings: Mapping[str, str | int]) -> str:
    return ", ".join(_setting(key, value) for key, value in settings.items())


def _setting(key: str, value: str | int) -> str:
    return words.TUNE_SETTINGS.get(key, "{}").format(str(value).replace("_", " "))


def tune(
    design: Design,
    data: Data = "",
    engine: Engine = "",
    device: Device = "",
    settings: Settings = [],  # noqa: B006 - typer copies it
    seconds: Annotated[
        float, typer.Option(metavar="S", min=0.1, help="About so long is measured.")
    ] = tuning.SECONDS,
    batch_size: Annotated[
        bool, typer.Option("--batch-size", help="Take the fastest batch size, too: it changes the results.")
    ] = False,
    apply: Annotated[bool, typer.Option("--apply", help="Write what was chosen into the recipe.")] = False,
    as_json: AsJson = False,
) -> None:
    """Measure which way to train is the fastest on this machine.

    Measured are threads, run modes, memory layouts, batch sizes and steps a call.
    """
    order = tuning.TuneOrder(design, data, engine, device, tuple(settings), seconds, batch_size, apply)
    conclude(lambda desk: tuning.tune(desk, order), TunePrinter(), as_json)
