"""The engines: what is installed, which devices each has, and a spare that stands by for ▶."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QObject, Signal

from app import flows
from app.bridge.flow_thread import Outcome
from app.bridge.hosts import Hosts
from app.desk import Desk
from app.engine_reports import load_reports, save_reports
from app.messages import words
from app.plans import is_installed
from app.workbench import Workbench
from engines.contract.capabilities import DeviceView, EngineReport, EngineRow
from engines.contract.events import Answer, Event, Finished
from engines.registry import ENGINES
from widgets.controls.drops import DropRow

ENGINES_PAGE = ""
"""The key of the menu's way to the page about all engines."""


class EnginesController(QObject):
    """Fills the header's two lists; the truth about an engine comes from a probe in its own process.

    At the start only the chosen engine is looked at, so that no other one's import slows down the first
    training; of the others the last session's report is shown until somebody opens a list of them.
    ``reported``: an engine was asked and has answered, or not.
    """

    reported = Signal(str)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self.reports: dict[str, EngineReport] = {}
        self.faults: dict[str, Outcome] = {}
        self._begun = False
        self._looking: set[str] = set()
        self._answered: set[str] = set()
        bench.shell.header.engine.menu().aboutToShow.connect(self.look_at_others)
        bench.shell.room_chosen.connect(self._on_room_chosen)
        bench.shell.engine_chosen.connect(self._on_engine_chosen)
        bench.shell.device_chosen.connect(self._on_device_chosen)
        bench.engine_changed.connect(self._show)
        bench.run_ended.connect(self.stand_by)

    def begin(self) -> None:
        """List the engines and probe the chosen one; after the first paint, and when one was installed."""
        self._begun = True
        self._answered.clear()
        self.faults.clear()
        installed = _installed()
        self.reports = {name: report for name, report in load_reports().items() if name in installed}
        chosen = self._bench.engine or self._bench.session.engine
        self._bench.engine = chosen if chosen in installed else next(iter(installed), "")
        self._bench.device = self._bench.device or "cpu"
        self._show()
        if self._bench.engine:
            self.probe(self._bench.engine)

    def look_at_others(self) -> None:
        """Probe the next engine that was not asked in this session, one at a time and never beside a run."""
        if not self._begun or self._looking or self._bench.shell.header.state != "idle":
            return
        left = [name for name in _installed() if name not in self._answered and name not in self.faults]
        if left:
            self.probe(left[0])

    def probe(self, name: str) -> None:
        """Ask an engine for its version and devices, then let a spare of the chosen one stand by."""
        self.faults.pop(name, None)
        self._looking.add(name)
        self._answered.discard(name)
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
                self._answered.add(name)

    def _on_probe_ended(self, name: str, outcome: Outcome) -> None:
        self._looking.discard(name)
        if name in self._answered or isinstance(outcome, Finished):
            self._answered.add(name)
            self._bench.attempt(lambda: save_reports(self.reports))
        else:
            self.reports.pop(name, None)
            self.faults[name] = outcome
            self._bench.tell(outcome)
        self._show()
        self.reported.emit(name)
        self._bench.engine_changed.emit()
        if name == self._bench.engine and name in self.reports:
            self.stand_by()
        if self._bench.shell.key == "settings" or self._bench.shell.header.engine.menu().isVisible():
            self.look_at_others()

    def _show(self) -> None:
        bench = self._bench
        training = [row for row in ENGINES if row.visible and row.trains]
        more = [_install_row(row) for row in training if not is_installed(row)]
        page = DropRow(ENGINES_PAGE, words.ENGINES_PAGE, words.ENGINES_PAGE_TIP)
        bench.shell.set_engines([self._engine_row(row) for row in training], bench.engine, [*more, page])
        bench.shell.set_devices(device_rows(self.reports.get(bench.engine), bench.device), bench.device)
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

    def _engine_row(self, row: EngineRow) -> DropRow:
        report = self.reports.get(row.name)
        title = f"{row.title} {_short(report.version)}" if report else row.title
        reason = "" if is_installed(row) else words.NOT_INSTALLED_SHORT
        if row.name in self.faults:
            reason = words.DOES_NOT_START
        return DropRow(row.name, title, words.RETIRED if row.retired else "", reason)

    def _on_engine_chosen(self, name: str) -> None:
        self._bench.choose_engine(name, "cpu")
        if name in self._answered or name in self._looking:
            self.stand_by()
        else:
            self.probe(name)

    def _on_room_chosen(self, key: str) -> None:
        if key == "settings":
            self.look_at_others()

    def _on_device_chosen(self, name: str) -> None:
        self._bench.choose_engine(self._bench.engine, name)


def device_rows(report: EngineReport | None, chosen: str) -> list[DropRow]:
    """Return an engine's devices; a kind of device that does not go, or one that is gone, says why."""
    devices = report.devices if report else ()
    rows = [_device_row(device) for device in devices] or [DropRow("cpu", "CPU")]
    refusals = report.refusals if report else {}
    for key, reason in refusals.items():
        kind, _, name = key.partition("/")
        if kind == "device" and not any(row.key.startswith(name) for row in rows):
            title = words.DEVICE_KINDS.get(name, name)
            rows.append(DropRow(name, title, reason=words.REASONS.get(reason, words.NO_DEVICE)))
    if chosen not in [row.key for row in rows]:
        rows.append(DropRow(chosen, chosen, reason=words.NO_DEVICE))
    return rows


def _device_row(device: DeviceView) -> DropRow:
    memory = f"{device.memory_bytes / (1 << 30):.0f} GB" if device.memory_bytes else ""
    return DropRow(device.name, device.title, memory)


def _install_row(row: EngineRow) -> DropRow:
    title = words.INSTALL_ENGINE.format(title=row.title)
    return DropRow(row.name, title, words.INSTALL_ENGINE_TIP)


def _stand_by(desk: Desk, hosts: Hosts, engine: str) -> Iterator[Event]:
    hosts.stand_by(engine)
    yield from ()


def _installed() -> list[str]:
    return [row.name for row in ENGINES if row.visible and row.trains and is_installed(row)]


def _title(name: str) -> str:
    return next((row.title for row in ENGINES if row.name == name), name)


def _short(version: str) -> str:
    return ".".join(version.split("+")[0].split(".")[:2])
