"""What is chosen in Settings holds at once and in the next window."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication

from app.controllers.engine_pages import EnginePagesController
from app.controllers.engines import EnginesController
from app.controllers.settings import SettingsController
from app.messages import words
from app.session import load_session
from app.workbench import Workbench
from widgets.look.theme import apply, current
from widgets.look.tokens import DARK
from widgets.rooms.settings import SettingsRoom


@pytest.fixture
def room(bench: Workbench, qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> SettingsRoom:
    apply(qapp, "light")
    monkeypatch.setattr(bench, "work", lambda *_, **__: None)
    pages = EnginePagesController(bench, EnginesController(bench))
    made = SettingsController(bench, pages).make_room()
    assert isinstance(made, SettingsRoom)
    bench.shell.add_room("settings", "Settings", "settings", lambda: made)
    bench.shell.open_room("settings")
    return made


def test_that_a_theme_is_worn_at_once_and_remembered(room: SettingsRoom) -> None:
    room.theme_chosen.emit("dark")
    assert current() is DARK
    assert load_session().theme == "dark"


@pytest.mark.parametrize("inside", [True, False])
def test_that_where_the_engine_runs_is_remembered_and_said_to_need_a_new_start(
    room: SettingsRoom, bench: Workbench, inside: bool
) -> None:
    room.in_process_changed.emit(inside)
    assert load_session().in_process is inside
    assert bench.shell.message.what.text() == (words.INSIDE_NEXT if inside else words.OUTSIDE_NEXT)


def test_that_the_pages_help_is_about_engines(room: SettingsRoom, bench: Workbench) -> None:
    asked: list[str] = []
    bench.shell.help_requested.connect(asked.append)
    room.help_requested.emit()
    assert asked == ["engines"]
