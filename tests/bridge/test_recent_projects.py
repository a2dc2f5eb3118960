"""The Start page's list of projects: what is gone is grey with the reason, and can be taken off the list."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.controllers.models import ModelsController
from app.controllers.start import StartController
from app.messages import words
from app.project import Project
from app.session import recent_projects, remember_project
from app.workbench import Workbench
from widgets.rooms.start import StartRoom


@pytest.fixture
def room(bench: Workbench, qtbot: QtBot, tmp_path: Path) -> StartRoom:
    """The page over two known projects, the second of which is gone."""
    for name in ("gone", "there"):
        Project.create(tmp_path / name, "digits-mlp")
        remember_project(tmp_path / name, name)
    (tmp_path / "gone").rename(tmp_path / "away")
    controller = StartController(bench, ModelsController(bench))
    made = controller.make_room()
    assert isinstance(made, StartRoom)
    qtbot.addWidget(made)
    return made


def test_that_a_project_that_is_gone_is_listed_and_says_so(room: StartRoom) -> None:
    assert [row.project.name for row in room.rows] == ["there", "gone"]
    assert [row.name.isEnabled() for row in room.rows] == [True, False]
    assert room.rows[1].name.toolTip() == words.PROJECT_GONE


def test_that_it_can_be_opened_again_where_its_disk_came_back(room: StartRoom, tmp_path: Path) -> None:
    (tmp_path / "away").rename(tmp_path / "gone")
    QTest.mouseClick(room.rows[0].forget, Qt.MouseButton.LeftButton)
    assert [(row.project.name, row.name.isEnabled()) for row in room.rows] == [("gone", True)]


def test_that_what_is_taken_off_the_list_stays_off_and_its_files_stay(
    room: StartRoom, tmp_path: Path
) -> None:
    QTest.mouseClick(room.rows[1].forget, Qt.MouseButton.LeftButton)
    QTest.mouseClick(room.rows[0].forget, Qt.MouseButton.LeftButton)
    assert room.rows == []
    assert recent_projects() == ()
    assert (tmp_path / "there" / "project.toml").is_file()
