"""``modelwright engines``: what is there, which devices, what is wrong and what mends it; and the mending."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from app.cli.figures import size
from app.cli.options import AsJson
from app.cli.reporting import HumanPrinter, conclude
from app.engine_facts.titles import titles
from app.flows import engines
from app.messages.table import tell
from engines.contract.capabilities import (
    DeviceView,
    EngineHealth,
    EngineReport,
    Finding,
    Interpreter,
    Interpreters,
)
from engines.contract.events import Event, Log
from engines.registry import ENGINES, engine

_NAMES = ", ".join(row.name for row in ENGINES if row.visible)
Name = Annotated[str, typer.Argument(metavar="NAME", help=f"An engine: {_NAMES}.")]

Python = Annotated[str, typer.Option("--python", metavar="PATH", help="The interpreter that has the engine.")]
This = Annotated[bool, typer.Option("--this", help="Modelwright's own interpreter.")]
Own = Annotated[bool, typer.Option("--own", help="The environment that Modelwright keeps for the engine.")]


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(
        help="Show engines and devices; install, repair or choose them.",
        rich_markup_mode=None,
    )
    group.callback(invoke_without_command=True)(show)
    for command in (install, repair, remove, use, find):
        group.command()(command)
    application.add_typer(group, name="engines")


class EnginesPrinter(HumanPrinter):
    """An engine a paragraph: its version and place, its devices, and what the doctor says."""

    def __init__(self) -> None:
        super().__init__({EngineHealth: _health, Interpreters: _interpreters})

    def show(self, event: Event) -> None:
        """Print all but what an engine's process wrote: the doctor says what that means."""
        if not isinstance(event, Log) or event.code:
            super().show(event)


class InstallPrinter(EnginesPrinter):
    """Everything the installer says, then what the doctor says of the engine."""

    def show(self, event: Event) -> None:
        """Print the installer's lines and the rest."""
        if isinstance(event, Log):
            self.line(event.text)
        else:
            super().show(event)


def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Let the doctor look at every engine, each in a process of its own."""
    if context.invoked_subcommand is None:
        conclude(engines.probe_all, EnginesPrinter(), as_json)


def install(name: Name, as_json: AsJson = False) -> None:
    """Install an engine into an environment of its own.

    No other interpreter's packages are changed.
    """
    conclude(lambda desk: engines.install(desk, name), InstallPrinter(), as_json)


def repair(name: Name, as_json: AsJson = False) -> None:
    """Make the environment that is kept for an engine anew."""
    conclude(lambda desk: engines.repair(desk, name), InstallPrinter(), as_json)


def remove(name: Name, as_json: AsJson = False) -> None:
    """Delete the environment that is kept for an engine."""
    conclude(lambda desk: engines.remove(desk, name), EnginesPrinter(), as_json)


def use(
    name: Name, python: Python = "", this: This = False, own: Own = False, as_json: AsJson = False
) -> None:
    """Run an engine in another interpreter from now on.

    It is asked there first; where it does not answer, nothing changes.
    """
    if [bool(python), this, own].count(True) != 1:
        raise typer.BadParameter("Name one of --python PATH, --this and --own.")
    chosen = python or ("own" if own else "")
    conclude(lambda desk: engines.choose_interpreter(desk, name, chosen), EnginesPrinter(), as_json)


def find(as_json: AsJson = False) -> None:
    """List every Python on this machine, and the engines in it."""
    conclude(engines.discover, EnginesPrinter(), as_json)


def _health(health: EngineHealth) -> Iterator[str]:
    row = engine(health.engine)
    title = row.title if row else health.engine
    report = health.report
    if report is None:
        yield f"{title} ({health.engine}): {health.state.replace('_', ' ')}"
    else:
        yield f"{title} {report.version} ({report.engine}), Python {report.python}{_place(health)}"
        yield from _details(report)
    for finding in health.findings:
        yield from _finding(finding)


def _place(health: EngineHealth) -> str:
    return {"own": ", in an environment of its own", "other": f", in {health.python}"}.get(health.place, "")


def _details(report: EngineReport) -> Iterator[str]:
    yield from (f"  {_device(device)}" for device in report.devices)
    if report.providers:
        usable = (name for name in report.providers if f"provider/{name}" not in report.refusals)
        yield f"  providers: {', '.join(usable)}"
    for key, why in report.refusals.items():
        kind, _, name = key.partition("/")
        if kind == "provider":
            yield f"  {name} does not start: {why}"


def _finding(finding: Finding) -> Iterator[str]:
    told = tell(finding.code, finding.facts)
    mark = {"bad": "!", "warning": "!", "note": "-"}.get(finding.severity, "-")
    yield f"  {mark} {told.what}"
    yield from (f"    {sentence}" for sentence in (told.why, told.todo) if sentence)


def _interpreters(found: Interpreters) -> Iterator[str]:
    for one in found.found:
        yield tell(one.why_not, one.facts).what if one.why_not else _usable(one)


def _usable(one: Interpreter) -> str:
    known = titles()
    engines = ", ".join(f"{known.get(name, name)} {version}".strip() for name, version in one.engines.items())
    return f"{one.python}: Python {one.version}, {engines or 'no engine'}"


def _device(device: DeviceView) -> str:
    memory = f", {size(device.memory_bytes)}" if device.memory_bytes else ""
    return f"{device.name}: {device.title}{memory}"
