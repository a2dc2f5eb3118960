"""A window is remembered while it is open, so that a killed one comes back; what others wrote is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.remembering import Remembering
from app.session import load_session, save_session
from engines.contract.errors import ErrorCode, WorkbenchError


class Left:
    """A window that stands as it is told to."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.told: list[WorkbenchError] = []
        self.standing: dict[str, Any] = {"room": "start"}
        self.memory = Remembering(self.window, lambda: dict(self.standing), self.told.append)


@pytest.fixture
def left(qtbot: QtBot) -> Left:
    return Left(qtbot)


def test_that_a_change_is_written_without_the_window_being_closed(qtbot: QtBot, left: Left) -> None:
    left.standing["room"] = "ship"
    left.memory.soon("whatever a signal carries")
    qtbot.waitUntil(lambda: load_session().room == "ship")


def test_that_a_window_that_is_moved_is_written(qtbot: QtBot, left: Left) -> None:
    left.window.show()
    left.standing["geometry"] = "somewhere"
    left.window.resize(333, 222)
    qtbot.waitUntil(lambda: load_session().geometry == "somewhere")


def test_that_a_second_window_in_which_nothing_happened_overwrites_nothing(left: Left) -> None:
    save_session(replace(load_session(), room="graph", project="/theirs"))
    left.memory.write()
    assert load_session().project == "/theirs"


def test_that_what_is_not_the_windows_own_stays_as_another_one_chose_it(left: Left) -> None:
    save_session(replace(load_session(), theme="dark"))
    left.standing["room"] = "runs"
    left.memory.write()
    assert (load_session().theme, load_session().room) == ("dark", "runs")


def test_that_a_full_disk_is_told_once_and_tried_again(left: Left, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(session: object) -> None:
        raise WorkbenchError(ErrorCode.DISK_FULL, path="session.json", why="No space left on device")

    left.standing["room"] = "data"
    with monkeypatch.context() as patch:
        patch.setattr("app.remembering.save_session", full)
        left.memory.write()
        left.memory.write()
    assert [fault.code for fault in left.told] == [ErrorCode.DISK_FULL]
    left.memory.write()
    assert load_session().room == "data"


def test_that_nothing_is_written_again_that_stands_as_it_did(left: Left, home: Path) -> None:
    left.standing["room"] = "design"
    left.memory.write()
    (home / "session.json").unlink()
    left.memory.write()
    assert not (home / "session.json").exists()
