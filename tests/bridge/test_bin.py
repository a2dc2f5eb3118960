"""The bin as Settings shows it: what is in it, and that it is emptied after a question alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.controllers.bin import BinController
from app.messages import words
from app.project import Project
from app.workbench import Workbench
from engines.runs.manage import BinContent, delete_run, look_into_bin
from tests.helpers.small_training import run_small, small_job
from widgets.rooms.settings import SettingsRoom

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def binned(bench: Workbench, tmp_path: Path) -> Workbench:
    """A workbench on a project with a deleted run, and a Settings room that is not open yet."""
    controller, shell = BinController(bench), bench.shell

    def settings() -> SettingsRoom:
        room = SettingsRoom()
        controller.connect_room(room)
        return room

    shell.add_room("start", "Start", "start", SettingsRoom)
    shell.add_room("settings", "Settings", "settings", settings, bottom=True)
    shell.open_room("start")
    bench.open_project(Project.create(tmp_path / "project", "digits-mlp"))
    list(run_small(small_job(tmp_path)))
    kept = tmp_path / "project" / "runs" / "run"
    (tmp_path / "run").rename(kept)
    delete_run(kept)
    return bench


def folder_of(bench: Workbench) -> Path:
    assert bench.project is not None
    return bench.project.folder


def open_settings(bench: Workbench, until: Callable[[Callable[[], bool]], object]) -> SettingsRoom:
    room = bench.shell.open_room("settings")
    assert isinstance(room, SettingsRoom)
    until(lambda: bool(room.bin.text()))
    return room


def test_that_settings_say_what_the_bin_holds(qtbot: QtBot, binned: Workbench) -> None:
    room = open_settings(binned, qtbot.waitUntil)
    assert room.bin.text().startswith("1 run, ")
    assert room.bin.text().endswith(" KB")
    assert room.empty_bin.isEnabled()


def test_that_the_bin_is_emptied_after_a_question(qtbot: QtBot, binned: Workbench) -> None:
    room, message = open_settings(binned, qtbot.waitUntil), binned.shell.message
    told = room.bin.text()
    QTest.mouseClick(room.empty_bin, LEFT)
    assert told in message.what.text()
    assert message.why.text() == words.BIN_WARNING
    assert look_into_bin(folder_of(binned)).runs == 1
    with qtbot.waitSignal(binned.bin_emptied):
        QTest.mouseClick(message.button, LEFT)
    assert look_into_bin(folder_of(binned)) == BinContent()
    qtbot.waitUntil(lambda: room.bin.text() == words.BIN_EMPTY)
    assert not room.empty_bin.isEnabled()
    assert message.what.text() == words.BIN_EMPTIED


def test_that_a_bin_that_cannot_be_emptied_says_why(
    qtbot: QtBot, binned: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, message = open_settings(binned, qtbot.waitUntil), binned.shell.message

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.rmtree", refuse)
    QTest.mouseClick(room.empty_bin, LEFT)
    with qtbot.waitSignal(binned.bin_emptied):
        QTest.mouseClick(message.button, LEFT)
    assert "Permission denied" in message.accessibleName()
    assert look_into_bin(folder_of(binned)).runs == 1


def test_that_without_a_project_there_is_nothing_to_empty(bench: Workbench) -> None:
    controller, room, shell = BinController(bench), SettingsRoom(), bench.shell
    shell.add_room("settings", "Settings", "settings", lambda: room, bottom=True)
    controller.connect_room(room)
    shell.open_room("settings")
    assert (room.bin.text(), room.empty_bin.isEnabled()) == (words.BIN_EMPTY, False)
