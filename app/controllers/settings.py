"""The Settings room's controller: appearance, the bin, and whether the engine runs inside this process."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QWidget

from app.controllers.bin import BinController
from app.controllers.engine_pages import EnginePagesController
from app.messages import words
from app.session import load_session, save_session
from app.workbench import Workbench
from widgets.look.theme import apply

if TYPE_CHECKING:
    from widgets.rooms.settings import SettingsRoom


class SettingsController(QObject):
    """Applies at once what can be, and says so where a new start is needed."""

    def __init__(self, bench: Workbench, pages: EnginePagesController) -> None:
        super().__init__(bench)
        self._bench, self._pages, self._bin = bench, pages, BinController(bench)
        self._room: SettingsRoom | None = None

    def make_room(self) -> QWidget:
        """Make the room, once."""
        from widgets.rooms.settings import SettingsRoom

        room = SettingsRoom()
        self._room = room
        session = load_session()
        room.set_theme(session.theme)
        room.set_in_process(session.in_process)
        room.theme_chosen.connect(self._on_theme_chosen)
        room.in_process_changed.connect(self._on_in_process_changed)
        room.help_requested.connect(lambda: self._bench.shell.help_requested.emit("engines"))
        self._pages.connect_room(room)
        self._bin.connect_room(room)
        return room

    def _on_theme_chosen(self, scheme: str) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication):
            apply(app, scheme)
        self._remember(theme=scheme)

    def _on_in_process_changed(self, inside: bool) -> None:
        self._remember(in_process=inside)
        self._bench.say(words.INSIDE_NEXT if inside else words.OUTSIDE_NEXT, "info")

    def _remember(self, **chosen: Any) -> None:
        self._bench.attempt(lambda: save_session(replace(load_session(), **chosen)))
