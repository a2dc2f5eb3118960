"""The Settings room's controller: theme, engines, and where they run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from app import flows
from app.bridge.flow_thread import Outcome
from app.controllers.engines import EnginesController
from app.messages import words
from app.messages.table import tell_error, tell_event
from app.plans import is_installed
from app.session import save_session
from app.workbench import Workbench
from engines.contract.capabilities import EngineRow
from engines.contract.events import Crashed, Failed
from engines.registry import ENGINES
from widgets.look.theme import apply, theme

if TYPE_CHECKING:
    from widgets.rooms.settings import EngineLine, SettingsRoom


class SettingsController(QObject):
    """Applies at once what can be, and says so where a new start is needed."""

    def __init__(self, bench: Workbench, engines: EnginesController) -> None:
        super().__init__(bench)
        self._bench, self._engines = bench, engines
        self._room: SettingsRoom | None = None
        bench.engine_changed.connect(self._show_engines)
        bench.offer("show_engines", lambda: bench.shell.open_room("settings"))
        bench.offer("install_engine", lambda: bench.shell.open_room("settings"))
        theme().reduced_motion = bench.session.reduced_motion

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.settings import SettingsRoom

        room = SettingsRoom()
        self._room = room
        session = self._bench.session
        room.set_theme(session.theme)
        room.set_switches(reduced_motion=session.reduced_motion, in_process=session.in_process)
        room.theme_chosen.connect(self._on_theme_chosen)
        room.motion_reduced.connect(self._on_motion_reduced)
        room.in_process_changed.connect(self._on_in_process_changed)
        room.install_requested.connect(self._on_install_requested)
        room.probe_requested.connect(self._engines.probe)
        self._show_engines()
        return room

    def _show_engines(self) -> None:
        if self._room is not None:
            self._room.set_engines([self._line(row) for row in ENGINES if row.visible])

    def _line(self, row: EngineRow) -> EngineLine:
        from widgets.rooms.settings import EngineLine

        report = self._engines.reports.get(row.name)
        fault = self._engines.faults.get(row.name)
        install = f"modelwright engines install {row.name}"
        if not is_installed(row):
            return EngineLine(row.name, row.title, "missing", install=install)
        if fault is not None:
            return EngineLine(row.name, row.title, "broken", install=install, reason=_words(fault))
        return EngineLine(row.name, row.title, "ready" if report else "checking", report)

    def _on_theme_chosen(self, scheme: str) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply(app, scheme)
        self._remember(theme=scheme)

    def _on_motion_reduced(self, reduced: bool) -> None:
        theme().reduced_motion = reduced
        self._remember(reduced_motion=reduced)

    def _on_in_process_changed(self, inside: bool) -> None:
        self._remember(in_process=inside)
        self._bench.say(words.INSIDE_NEXT if inside else words.OUTSIDE_NEXT, "info")

    def _on_install_requested(self, name: str) -> None:
        self._bench.shell.set_engine_state(words.ENGINE_INSTALLING.format(name=name), "busy")
        flow = partial(flows.install, name=name)
        self._bench.work(f"install {name}", flow, None, partial(self._on_installed, name))

    def _on_installed(self, name: str, outcome: Outcome) -> None:
        if isinstance(outcome, (Failed, Crashed, BaseException)):
            self._bench.tell(outcome)
        self._engines.begin()

    def _remember(self, **values: object) -> None:
        self._bench.session = replace(self._bench.session, **values)  # type: ignore[arg-type]
        self._bench.attempt(lambda: save_session(self._bench.session))


def _words(fault: Outcome) -> str:
    if isinstance(fault, (Failed, Crashed)):
        return tell_event(fault).text
    return tell_error(fault).text if isinstance(fault, BaseException) else ""
