"""The borders between a room's parts come back where a person had moved them to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSplitter, QTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.borders import Borders, bytes_of
from widgets.rooms.design import DesignRoom
from widgets.rooms.graph import GraphRoom
from widgets.rooms.runs import RunsRoom


class Room(QWidget):
    """A page of two parts with a border between them."""

    def __init__(self) -> None:
        super().__init__()
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("parts")
        for _ in range(2):
            self.splitter.addWidget(QTextEdit())
        self.splitter.setSizes([200, 400])
        QVBoxLayout(self).addWidget(self.splitter)
        self.resize(640, 200)

    @property
    def sizes(self) -> list[int]:
        return self.splitter.sizes()


def shown(qtbot: QtBot, borders: Borders) -> Room:
    room = borders.watched(Room)()
    assert isinstance(room, Room)
    qtbot.addWidget(room)
    room.show()
    return room


def move(room: Room, by: int) -> None:
    handle = room.splitter.handle(1)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton)
    QTest.mouseMove(handle, handle.rect().center() + QPoint(by, 0))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton)


def test_that_a_border_that_was_moved_comes_back(qtbot: QtBot) -> None:
    borders = Borders({})
    room = shown(qtbot, borders)
    before = room.sizes
    move(room, 120)
    assert room.sizes != before
    assert shown(qtbot, Borders(borders.kept)).sizes == room.sizes


def test_that_a_border_nobody_moved_is_not_kept(qtbot: QtBot) -> None:
    borders = Borders({})
    shown(qtbot, borders)
    assert borders.kept == {}


@pytest.mark.parametrize("text", ["", "rubbish", "QUJD", "é"])
def test_that_rubbish_moves_nothing(qtbot: QtBot, text: str) -> None:
    usual = shown(qtbot, Borders({})).sizes
    assert shown(qtbot, Borders({"parts": text})).sizes == usual
    assert isinstance(bytes_of(text).data(), bytes)


@pytest.mark.parametrize("make", [lambda: DesignRoom(lambda fault: None), GraphRoom, RunsRoom])
def test_that_every_border_of_a_room_has_a_name_of_its_own(qtbot: QtBot, make: Callable[[], QWidget]) -> None:
    room = make()
    qtbot.addWidget(room)
    names = [splitter.objectName() for splitter in room.findChildren(QSplitter)]
    assert names
    assert all(names)
    assert len(names) == len(set(names))
