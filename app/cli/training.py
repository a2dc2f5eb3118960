"""``modelwright train``: prepare the data, train in a process of its own, keep everything in a run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli.figures import count, duration, named, number
from app.cli.options import AsJson, Checkpoint, Data, Design, Device, Engine, Settings, Trust
from app.cli.reporting import HumanPrinter, conclude
from app.debugging import how_to_attach
from app.flows import main_job
from app.flows.further import Further, go_on, is_other
from app.messages import words
from app.own_layers import trust_choice
from engines.contract.events import (
    Answer,
    CheckpointSaved,
    Event,
    Finished,
    Listening,
    Metrics,
    Started,
    Stopped,
    Validated,
)
from engines.contract.jobs import DebugChoice
from engines.contract.spec import DataManifest
from widgets.data.words import warning_words
from widgets.rooms.run_figures import figure_text, figure_title


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    application.command()(train)


class TrainPrinter(HumanPrinter):
    """A line for each validation, the loss as it moves between them."""

    def __init__(self) -> None:
        super().__init__()
        self._started: Started | None = None

    def tell(self, event: Event) -> None:
        """Print what training has to say."""
        match event:
            case Answer(record=DataManifest() as manifest):
                self.line(_data_line(manifest))
                for warning in manifest.warnings:
                    self.line(f"  {warning_words(warning)}")
            case Listening():
                self.line(words.ATTACHED if event.state == "attached" else how_to_attach(event))
            case Started():
                self._started = event
                self.line(_started_line(event))
                if event.first_step >= event.total_steps:
                    self.line(
                        f"All {count(event.total_steps, 'step')} were done before; more: --set epochs=N"
                    )
            case Metrics():
                self.progress(self._metrics_line(event))
            case Validated():
                self.line(self._validated_line(event))
            case CheckpointSaved(best=True):
                self.progress(f"checkpoint after step {event.step}")
            case Finished() | Stopped():
                self._end(event)
            case _:
                pass

    def _metrics_line(self, event: Metrics) -> str:
        values = "  ".join(f"{name} {number(float(array[-1]))}" for name, array in event.values.items())
        total = self._started.total_steps if self._started else 0
        return f"step {event.first_step + len(next(iter(event.values.values()), ())):,}/{total:,}  {values}"

    def _validated_line(self, event: Validated) -> str:
        values = "  ".join(f"{name} {number(value)}" for name, value in event.values.items())
        epoch = event.step // self._started.steps_per_epoch if self._started else event.epoch
        return f"epoch {epoch:>3}  {duration(event.t):>7}  {values}"

    def _end(self, event: Finished | Stopped) -> None:
        if isinstance(event, Finished):
            for name, value in event.summary.items():
                shown = figure_text(name, value) if isinstance(value, str) else named(name, value)
                self.line(f"{figure_title(name)}: {shown}")
        elif self._started is None:
            self.line("Stopped before the first step; nothing was changed.")
            return
        else:
            self.line(f"Stopped after step {event.step:,}; {'kept' if event.kept else 'nothing kept'}.")
        if self.run:
            self.line(f"Run: {self.run}")


def train(
    design: Design = "",
    data: Data = "",
    engine: Engine = "",
    device: Device = "",
    settings: Settings = [],  # noqa: B006 - typer copies it
    resume: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Go on with this run: in its folder on its own engine; with --engine OTHER, --checkpoint "
            "best or --out as a new run that takes over weights and optimizer.",
        ),
    ] = None,
    checkpoint: Annotated[
        Checkpoint, typer.Option(help="With --resume: the last, or the best (weights alone).")
    ] = Checkpoint.LAST,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of the run; must be empty or not there. Without it: beside the project's other "
            "runs, or one's own.",
        ),
    ] = None,
    debug: Annotated[
        bool, typer.Option("--debug", help="Wait for a debugger before the first step.")
    ] = False,
    debug_port: Annotated[
        int,
        typer.Option(
            metavar="PORT", help="Where it attaches on this machine; 0: any free port.", min=0, max=65535
        ),
    ] = 0,
    debug_wait: Annotated[bool, typer.Option(help="Whether training waits for the debugger.")] = True,
    trust: Trust = False,
    as_json: AsJson = False,
) -> None:
    """Train a design and keep the run."""
    _check_asked(design, data, resume, checkpoint)
    if trust:
        trust_choice(str(resume or design))
    choice = DebugChoice(debug_port, debug_wait) if debug else None
    changes = tuple(settings)
    if resume is not None and (checkpoint is Checkpoint.BEST or out is not None or is_other(resume, engine)):
        further = Further(engine, device, changes, checkpoint.value, out)
        conclude(lambda desk: go_on(desk, resume, further), TrainPrinter(), as_json)
    order = main_job.TrainOrder(design, data, engine, device, changes, resume, out, choice)
    conclude(lambda desk: main_job.train(desk, order), TrainPrinter(), as_json)


def _data_line(manifest: DataManifest) -> str:
    parts = ", ".join(f"{samples:,} {name}" for name, samples in manifest.splits.items())
    return f"Data: {manifest.name}, {count(manifest.samples, 'sample')} ({parts})"


def _started_line(event: Started) -> str:
    plan = f"{count(event.epochs, 'epoch')} of {count(event.steps_per_epoch, 'step')}"
    return f"Training {plan} on {event.device}, {count(event.threads, 'thread')}"


def _check_asked(design: str, data: str, resume: Path | None, checkpoint: Checkpoint) -> None:
    """Refuse what would be passed over in silence.

    Raises:
        BadParameter: where there is nothing to train, or what --resume has from its run is named, too.
    """
    if resume is None and not design:
        raise typer.BadParameter("name a DESIGN to train, or a run to go on with: --resume RUN")
    if resume is None and checkpoint is not Checkpoint.LAST:
        raise typer.BadParameter("--checkpoint belongs to --resume RUN")
    if resume is not None and (design or data):
        raise typer.BadParameter("a run that is resumed has its own design and data: leave these out")
