"""``modelwright engines``: what is installed, which devices there are, what is wrong and how to mend it."""

from __future__ import annotations

import typer

from app import flows
from app.cli.figures import size
from app.cli.options import AsJson
from app.cli.reporting import HumanPrinter, conclude
from engines.contract.capabilities import DeviceView, EngineReport
from engines.contract.events import Answer, Event, Log
from engines.registry import engine


def register(application: typer.Typer) -> None:
    """Add this module's commands."""
    group = typer.Typer(
        help="Say which engines and devices there are, or install one.", rich_markup_mode=None
    )
    group.callback(invoke_without_command=True)(show)
    group.command()(install)
    application.add_typer(group, name="engines")


class EnginesPrinter(HumanPrinter):
    """An engine a line, its devices below."""

    def tell(self, event: Event) -> None:
        """Print what an engine answered."""
        if isinstance(event, Answer) and isinstance(event.record, EngineReport):
            for line in _report(event.record):
                self.line(line)


class InstallPrinter(HumanPrinter):
    """Everything the installer says."""

    def show(self, event: Event) -> None:
        """Print the installer's lines and the report of the new engine."""
        if isinstance(event, Log):
            self.line(event.text)
        elif isinstance(event, Answer) and isinstance(event.record, EngineReport):
            for line in _report(event.record):
                self.line(line)


def show(context: typer.Context, as_json: AsJson = False) -> None:
    """Ask each installed engine, in a process of its own, for its version and devices."""
    if context.invoked_subcommand is None:
        conclude(flows.probe_all, EnginesPrinter(), as_json)


def install(name: str, as_json: AsJson = False) -> None:
    """Install an engine into this environment, then ask it for its devices."""
    conclude(lambda desk: flows.install(desk, name), InstallPrinter(), as_json)


def _report(report: EngineReport) -> list[str]:
    row = engine(report.engine)
    title = row.title if row else report.engine
    lines = [f"{title} {report.version} ({report.engine}), Python {report.python}"]
    return lines + [f"  {_device(device)}" for device in report.devices]


def _device(device: DeviceView) -> str:
    memory = f", {size(device.memory_bytes)}" if device.memory_bytes else ""
    return f"{device.name}: {device.title}{memory}"
