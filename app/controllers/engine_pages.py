"""The engines' pages in Settings: what the doctor says, other interpreters, installations under way."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.bridge.flow_thread import Flow, FlowThread, Outcome
from app.controllers.engines import EnginesController
from app.engine_facts.places import place_of
from app.engine_facts.views import Known, view_of
from app.flows import engines
from app.messages import words
from app.workbench import Workbench
from engines.contract.capabilities import Interpreters
from engines.contract.errors import WorkbenchError
from engines.contract.events import Answer, Crashed, Event, Failed, Log, Progress, Stopped
from engines.environments.chosen import THIS
from engines.registry import ENGINES, engine
from widgets.settings.views import SKIP, InstallView

if TYPE_CHECKING:
    from widgets.rooms.settings import SettingsRoom

_MAKING = {"install": engines.install, "repair": engines.repair}


@dataclass
class _Work:
    """An installation: what is shown of it, and the thread that does it while it goes on."""

    view: InstallView
    thread: FlowThread | None = None


class EnginePagesController(QObject):
    """Feeds the pages, and does what their buttons ask for."""

    def __init__(self, bench: Workbench, engines: EnginesController) -> None:
        super().__init__(bench)
        self._bench, self._engines = bench, engines
        self._room: SettingsRoom | None = None
        self._works: dict[str, _Work] = {}
        self._others = Interpreters()
        self._discovering = False
        engines.reported.connect(self.show)
        bench.engine_changed.connect(self.show)
        bench.offer("show_engines", self.open_page)
        bench.offer("install_engine", self.open_page)
        bench.shell.more_of_engines.connect(self.open_page)

    def connect_room(self, room: SettingsRoom) -> None:
        """Take over the room's pages."""
        self._room = room
        room.engine_opened.connect(lambda _: self._engines.look_at_others())
        room.probe_requested.connect(self._engines.probe)
        room.mend_requested.connect(self.mend)
        room.interpreter_chosen.connect(self.choose_interpreter)
        room.discover_requested.connect(lambda _: self.discover())
        room.browse_requested.connect(self._on_browse_requested)
        room.cancel_requested.connect(self._on_cancel_requested)
        room.install_closed.connect(self._on_install_closed)
        self.show()
        room.open_engine(self._bench.engine)

    def open_page(self, name: str = "") -> None:
        """Open Settings at an engine's page: of ``name``, else of the chosen one."""
        self._bench.shell.open_room("settings")
        if self._room is not None and (name or self._bench.engine):
            self._room.open_engine(name or self._bench.engine)

    def show(self) -> None:
        """Show every engine as it is known now."""
        if self._room is not None:
            self._room.set_engines([view_of(row, self._known(row.name)) for row in ENGINES if row.visible])

    def mend(self, name: str, mend: str) -> None:
        """Do what a button asks for: install, repair, remove, choose another interpreter, forget it."""
        if mend in _MAKING:
            self._make(name, mend)
        elif mend == "remove":
            flow = partial(engines.remove, name=name)
            self._bench.work(f"remove {name}", flow, None, partial(self._on_removed, name))
        elif mend == SKIP:
            self._engines.looking.skip(name)
        elif mend == "forget":
            self.choose_interpreter(name, THIS)
        elif mend == "choose" and self._room is not None:
            self._room.open_interpreters(name)

    def choose_interpreter(self, name: str, python: str) -> None:
        """Run an engine in another interpreter, once the doctor has nothing against it there."""
        self._engines.looking.begin(name)
        self.show()
        flow = partial(engines.choose_interpreter, engine=name, python=python)
        thread = self._bench.work(f"choose {name}", flow, None, partial(self._on_interpreter_ended, name))
        self._engines.looking.hold(name, thread)

    def discover(self) -> None:
        """Look for every Python of this machine, once at a time."""
        if not self._discovering:
            self._discovering = True
            flow: Flow = engines.discover
            self._bench.work("interpreters", flow, self._on_discovered, self._on_discover_ended)

    # --- an installation ---

    def _make(self, name: str, mend: str) -> None:
        work = self._works.get(name)
        if work is not None and work.thread is not None:
            return
        self._works[name] = work = _Work(InstallView("running", words.INSTALL_BEGINS))
        self.show()
        work.thread = self._bench.work(
            f"{mend} {name}",
            partial(_MAKING[mend], name=name),
            partial(self._on_install_events, name),
            partial(self._on_install_ended, name),
        )

    def _on_install_events(self, name: str, events: list[Event]) -> None:
        lines = []
        for event in events:
            if isinstance(event, Log):
                lines.append(event.text)
            elif isinstance(event, Progress) and event.stage in words.ENGINE_STAGES:
                self._works[name].view = _progress(event)
        if self._room is not None:
            self._room.add_install_lines(name, lines)
        self.show()

    def _on_install_ended(self, name: str, outcome: Outcome) -> None:
        work = self._works[name]
        work.thread, work.view = None, _end_of(outcome)
        if work.view.state == "failed":
            self._bench.tell(outcome)
        self._look_again(name)

    def _on_cancel_requested(self, name: str) -> None:
        work = self._works.get(name)
        if work is not None and work.thread is not None:
            work.thread.stop(keep=False)

    def _on_install_closed(self, name: str) -> None:
        self._works.pop(name, None)

    # --- interpreters ---

    def _on_interpreter_ended(self, name: str, outcome: Outcome) -> None:
        self._engines.looking.end(name)
        row = engine(name)
        if isinstance(outcome, (Failed, Crashed, BaseException)):
            self._bench.tell(outcome)
        elif row is not None and not isinstance(outcome, Stopped):
            self._bench.say(words.RUNS_IN.format(title=row.title, python=place_of(row).python))
        self._look_again(name)

    def _on_discovered(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Answer) and isinstance(event.record, Interpreters):
                self._others = event.record
        self.show()

    def _on_discover_ended(self, outcome: Outcome) -> None:
        self._discovering = False
        if isinstance(outcome, BaseException):
            self._bench.tell(outcome)

    def _on_browse_requested(self, name: str) -> None:
        row = engine(name)
        assert row is not None
        title = words.BROWSE_TITLE.format(title=row.title)
        path, _ = QFileDialog.getOpenFileName(self._room, title, "", words.BROWSE_FILTER)
        if path:
            self.choose_interpreter(name, path)

    def _on_removed(self, name: str, outcome: Outcome) -> None:
        row = engine(name)
        if isinstance(outcome, WorkbenchError):
            self._bench.tell(outcome)
        elif row is not None:
            self._bench.say(words.REMOVED.format(title=row.title))
        if (work := self._works.get(name)) is not None and work.thread is None:
            del self._works[name]
        self._look_again(name)

    def _look_again(self, name: str) -> None:
        """Ask an engine anew; where none was chosen yet, this one may be the first."""
        if self._bench.engine:
            self._engines.probe(name)
        else:
            self._engines.begin()

    def _known(self, name: str) -> Known:
        work = self._works.get(name)
        return Known(
            self._engines.health.get(name),
            self._engines.reports.get(name),
            name in self._engines.looking,
            self._engines.looking.seconds(name),
            work.view if work is not None else None,
            self._others,
        )


def _progress(event: Progress) -> InstallView:
    stage = words.ENGINE_STAGES[event.stage].format(done=event.done, total=event.total)
    return InstallView("running", stage, event.done / event.total if event.total else 0.0)


def _end_of(outcome: Outcome) -> InstallView:
    if isinstance(outcome, Stopped):
        return InstallView("stopped", words.INSTALL_STOPPED)
    if isinstance(outcome, (Failed, Crashed, BaseException)):
        return InstallView("failed", words.INSTALL_FAILED, 1.0)
    return InstallView("done", words.INSTALL_DONE, 1.0)
