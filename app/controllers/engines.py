"""The engines: what is installed, which devices each has, and a spare that stands by for ▶."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from PySide6.QtCore import QObject, Signal

from app.bridge.flow_thread import Outcome
from app.bridge.hosts import Hosts
from app.controllers.looking import Looking
from app.desk import Desk
from app.engine_facts.choices import device_rows, missing_kinds
from app.engine_facts.health import UNKNOWN, bad_finding, health_of_fault, health_without_asking
from app.engine_facts.reports import load_reports, save_reports
from app.flows.engines import examine
from app.messages import words
from app.messages.table import tell
from app.plans import is_installed
from app.workbench import Workbench
from engines.contract.capabilities import EngineHealth, EngineReport, EngineRow
from engines.contract.events import Answer, Event
from engines.registry import ENGINES, engine
from widgets.controls.drops import DropRow

ENGINES_PAGE = ""
"""The key of the menu's way to the page about all engines."""


class EnginesController(QObject):
    """Fills the header's two lists; the truth about an engine comes from the doctor, in a process of its own.

    At the start only the chosen engine is looked at, so that no other one's import slows down the first
    training; of the others the last session's report is shown until somebody opens a list of them.
    ``reported``: an engine was asked and has answered, or not.
    """

    reported = Signal(str)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._bench = bench
        self.reports: dict[str, EngineReport] = {}
        self.health: dict[str, EngineHealth] = {}
        self.looking = Looking(self)
        self._begun = False
        bench.shell.header.engine.menu().aboutToShow.connect(self.look_at_others)
        bench.shell.room_chosen.connect(self._on_room_chosen)
        bench.shell.engine_chosen.connect(self._on_engine_chosen)
        bench.shell.device_chosen.connect(self._on_device_chosen)
        bench.engine_changed.connect(self._show)
        bench.run_ended.connect(self._on_run_ended)
        self.looking.ticked.connect(self._on_ticked)

    def begin(self) -> None:
        """List the engines and look at the chosen one; after the first paint, and when one was installed."""
        self._begun = True
        self.health.clear()
        installed, here = _installed(), {row.name for row in _shown() if is_installed(row)}
        self.reports = {name: report for name, report in load_reports().items() if name in here}
        for name in self.reports:
            self.reported.emit(name)
        chosen = self._bench.engine or self._bench.session.engine
        self._bench.engine = chosen if chosen in installed else next(iter(installed), "")
        self._bench.device = self._bench.device or "cpu"
        self._show()
        if self._bench.engine:
            self.probe(self._bench.engine)

    def look_at_others(self) -> None:
        """Look at the next engine that was not yet, one at a time and never beside a run.

        One that takes long, as one that hangs does, is not waited for.
        """
        if not self._begun or self.looking.waits or self._bench.shell.header.state != "idle":
            return
        everything = self._bench.shell.key == "settings"
        rows = _shown() if everything else [row for row in _shown() if row.name in _installed()]
        left = next(
            (row for row in rows if row.name not in self.health and row.name not in self.looking), None
        )
        if left is not None and (known := health_without_asking(left)) is not None:
            self.health[left.name] = known
            self.reported.emit(left.name)
            self.look_at_others()
        elif left is not None:
            self.probe(left.name)

    def look_at(self, name: str) -> None:
        """Look at an engine that somebody wants to use now, where it was not looked at yet."""
        row = engine(name)
        if self._begun and row is not None and name not in self.health and is_installed(row):
            self.probe(name)

    def probe(self, name: str) -> None:
        """Let the doctor look at an engine where it runs now, then let a spare of the chosen one stand by."""
        if name in self.looking:
            return
        self.health.pop(name, None)
        self.looking.begin(name)
        if name == self._bench.engine:
            self._say(f"checking {_title(name)}", "busy")
        self.reported.emit(name)
        thread = self._bench.work(
            f"probe {name}",
            partial(_look, hosts=self._bench.hosts, engine=name),
            partial(self._on_probe_events, name),
            partial(self._on_probe_ended, name),
        )
        self.looking.hold(name, thread)

    def stand_by(self) -> None:
        """Warm a spare of the chosen engine, away from the GUI thread."""
        chosen, hosts = self._bench.engine, self._bench.hosts
        if chosen in self.looking:
            return  # once it has answered
        if any(row.name == chosen and is_installed(row) for row in ENGINES) and not self._is_no_good(chosen):
            self._bench.work(f"spare {chosen}", partial(_stand_by, hosts=hosts, engine=chosen))

    def is_broken(self, name: str) -> bool:
        """Tell whether the doctor found that an engine does not work."""
        return name in self.health and bad_finding(self.health[name]) is not None

    def _is_no_good(self, name: str) -> bool:
        """Tell whether an engine is broken, or so slow that somebody stopped looking: none is warmed."""
        return self.is_broken(name) or self._is_unknown(name)

    def _is_unknown(self, name: str) -> bool:
        return name in self.health and self.health[name].state == UNKNOWN

    def _on_ticked(self, name: str) -> None:
        if name == self._bench.engine:
            seconds = self.looking.seconds(name)
            self._say(words.ENGINE_SLOW.format(title=_title(name), seconds=seconds), "busy")
        self.reported.emit(name)
        if self._bench.shell.key == "settings" or self._bench.shell.header.engine.menu().isVisible():
            self.look_at_others()

    def _on_probe_events(self, name: str, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Answer) and isinstance(event.record, EngineHealth):
                self.health[name] = event.record

    def _on_probe_ended(self, name: str, outcome: Outcome) -> None:
        self.looking.end(name)
        if name not in self.health:
            self.health[name] = health_of_fault(name, outcome)
        self._take(self.health[name])
        self._show()
        self.reported.emit(name)
        self._bench.engine_changed.emit()
        if name == self._bench.engine:
            self._tell(self.health[name])
            self.stand_by()
        if self._bench.shell.key == "settings" or self._bench.shell.header.engine.menu().isVisible():
            self.look_at_others()

    def _take(self, health: EngineHealth) -> None:
        """Keep the report for the next session; what is wrong now makes the last one worthless."""
        if health.state == UNKNOWN:
            return
        self.reports.pop(health.engine, None)
        if health.report is not None:
            self.reports[health.engine] = health.report
        self._bench.attempt(lambda: save_reports(self.reports))

    def _tell(self, health: EngineHealth) -> None:
        """Tell of the chosen engine what keeps it from working."""
        finding = bad_finding(health)
        if finding is not None:
            self._bench.show_told(tell(finding.code, finding.facts))

    def _show(self) -> None:
        bench = self._bench
        training = [row for row in _shown() if row.trains]
        more = [_install_row(row) for row in training if not is_installed(row)]
        page = DropRow(ENGINES_PAGE, words.ENGINES_PAGE, words.ENGINES_PAGE_TIP)
        bench.shell.set_engines([self._engine_row(row) for row in training], bench.engine, [*more, page])
        bench.shell.set_devices(device_rows(self.reports.get(bench.engine), bench.device), bench.device)
        bench.note_missing(missing_kinds(engine(bench.engine), self.reports.get(bench.engine)))
        self._show_state()

    def _show_state(self) -> None:
        chosen = self._bench.engine
        if not chosen:
            self._say(words.ENGINE_NONE, "bad")
        elif self.is_broken(chosen):
            self._say(words.ENGINE_BROKEN.format(title=_title(chosen)), "bad")
        elif self._is_unknown(chosen):
            self._say(words.ENGINE_SKIPPED.format(title=_title(chosen)), "warning")
        elif chosen in self.reports:
            self._say(words.ENGINE_READY, "good")

    def _say(self, state: str, severity: str) -> None:
        """Say how the chosen engine is; while a run goes on, the run says it."""
        shell = self._bench.shell
        if shell.header.state == "idle":
            shell.set_engine_state(f"Engine: {state}", severity)

    def _engine_row(self, row: EngineRow) -> DropRow:
        report = self.reports.get(row.name)
        title = f"{row.title} {_short(report.version)}" if report else row.title
        reason = words.DOES_NOT_START if self.is_broken(row.name) else ""
        if not is_installed(row):
            reason = words.NOT_INSTALLED_SHORT
        elif self._bench.inside not in ("", row.name):
            reason = words.OTHER_INSIDE.format(title=_title(self._bench.inside))
        return DropRow(row.name, title, words.RETIRED if row.retired else "", reason)

    def _on_engine_chosen(self, name: str) -> None:
        self._bench.choose_engine(name, "cpu")
        if name in self.health:
            self.stand_by()
        else:
            self.probe(name)

    def _on_room_chosen(self, key: str) -> None:
        if key == "settings":
            self.look_at_others()

    def _on_run_ended(self) -> None:
        """A run says at its end that its engine is ready; what the doctor knows against it stays true."""
        if self._is_no_good(self._bench.engine):
            self._show_state()
        self.stand_by()

    def _on_device_chosen(self, name: str) -> None:
        self._bench.choose_engine(self._bench.engine, name)


def _install_row(row: EngineRow) -> DropRow:
    title = words.INSTALL_ENGINE.format(title=row.title)
    return DropRow(row.name, title, words.INSTALL_ENGINE_TIP)


def _stand_by(desk: Desk, hosts: Hosts, engine: str) -> Iterator[Event]:
    hosts.stand_by(engine)
    yield from ()


def _look(desk: Desk, hosts: Hosts, engine: str) -> Iterator[Event]:
    """Examine an engine; a spare of it may run in an interpreter that it no longer runs in."""
    hosts.forget(engine)
    yield from examine(desk, engine)


def _shown() -> list[EngineRow]:
    return [row for row in ENGINES if row.visible]


def _installed() -> list[str]:
    return [row.name for row in _shown() if row.trains and is_installed(row)]


def _title(name: str) -> str:
    return next((row.title for row in ENGINES if row.name == name), name)


def _short(version: str) -> str:
    return ".".join(version.split("+")[0].split(".")[:2])
