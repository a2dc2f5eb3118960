"""The engines: what is installed, which devices each has, and a spare that stands by for ▶."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QObject

from app import flows
from app.bridge.flow_thread import Outcome
from app.bridge.hosts import Hosts
from app.desk import Desk
from app.messages import words
from app.plans import is_installed
from app.workbench import Workbench
from engines.contract.capabilities import EngineReport
from engines.contract.events import Answer, Event, Finished
from engines.registry import ENGINES
from widgets.controls.buttons import DropRow


class EnginesController(QObject):
    """Fills the header's two lists; the truth about an engine comes from a probe in its own process."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self.reports: dict[str, EngineReport] = {}
        self.faults: dict[str, Outcome] = {}
        bench.shell.engine_chosen.connect(self._on_engine_chosen)
        bench.shell.device_chosen.connect(self._on_device_chosen)
        bench.engine_changed.connect(self._show)
        bench.run_ended.connect(self.stand_by)

    def begin(self) -> None:
        """List the engines and probe the chosen one; called once, after the first paint."""
        installed = [row.name for row in ENGINES if row.visible and row.trains and is_installed(row)]
        chosen = self._bench.engine or self._bench.session.engine
        self._bench.engine = chosen if chosen in installed else next(iter(installed), "")
        self._bench.device = self._bench.device or "cpu"
        self._show()
        for name in installed:
            self.probe(name)

    def probe(self, name: str) -> None:
        """Ask an engine for its version and devices, then let a spare of the chosen one stand by."""
        self.faults.pop(name, None)
        if name == self._bench.engine:
            self._say(f"looking at {_title(name)}", "busy")
        self._bench.work(
            f"probe {name}",
            partial(flows.probe, engine=name),
            partial(self._on_probe_events, name),
            partial(self._on_probe_ended, name),
        )

    def stand_by(self) -> None:
        """Warm a spare of the chosen engine, away from the GUI thread."""
        engine, hosts = self._bench.engine, self._bench.hosts
        if any(row.name == engine and is_installed(row) for row in ENGINES):
            self._bench.work(f"spare {engine}", partial(_stand_by, hosts=hosts, engine=engine))

    def _on_probe_events(self, name: str, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Answer) and isinstance(event.record, EngineReport):
                self.reports[name] = event.record

    def _on_probe_ended(self, name: str, outcome: Outcome) -> None:
        if not isinstance(outcome, Finished) and name not in self.reports:
            self.faults[name] = outcome
            self._bench.tell(outcome)
        self._show()
        self._bench.engine_changed.emit()
        if name == self._bench.engine and name in self.reports:
            self.stand_by()

    def _show(self) -> None:
        bench = self._bench
        bench.shell.set_engines([self._engine_row(row.name) for row in ENGINES if row.visible], bench.engine)
        report = self.reports.get(bench.engine)
        devices = report.devices if report else ()
        rows = [DropRow(device.name, device.title) for device in devices] or [DropRow("cpu", "CPU")]
        if bench.device not in [row.key for row in rows]:
            rows.append(DropRow(bench.device, bench.device, reason=words.NO_DEVICE))
        bench.shell.set_devices(rows, bench.device)
        self._show_state()

    def _show_state(self) -> None:
        bench = self._bench
        if not bench.engine:
            self._say(words.ENGINE_NONE, "bad")
        elif bench.engine in self.faults:
            self._say(words.ENGINE_BROKEN.format(title=_title(bench.engine)), "bad")
        elif bench.engine in self.reports:
            self._say(words.ENGINE_READY, "good")

    def _say(self, state: str, severity: str) -> None:
        """Say how the chosen engine is; while a run goes on, the run says it."""
        shell = self._bench.shell
        if shell.header.state == "idle":
            shell.set_engine_state(f"Engine: {state}", severity)

    def _engine_row(self, name: str) -> DropRow:
        row = next(row for row in ENGINES if row.name == name)
        report = self.reports.get(name)
        title = f"{row.title} {_short(report.version)}" if report else row.title
        reason = "" if is_installed(row) else words.NOT_INSTALLED.format(name=name)
        if name in self.faults:
            reason = words.DOES_NOT_START
        return DropRow(name, title, reason=reason)

    def _on_engine_chosen(self, name: str) -> None:
        self._bench.choose_engine(name, "cpu")
        self.stand_by()

    def _on_device_chosen(self, name: str) -> None:
        self._bench.choose_engine(self._bench.engine, name)


def _stand_by(desk: Desk, hosts: Hosts, engine: str) -> Iterator[Event]:
    hosts.stand_by(engine)
    yield from ()


def _title(name: str) -> str:
    return next((row.title for row in ENGINES if row.name == name), name)


def _short(version: str) -> str:
    return ".".join(version.split("+")[0].split(".")[:2])
