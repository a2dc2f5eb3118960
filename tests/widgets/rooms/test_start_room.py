"""The Start room: templates by click and key, recent projects, files dropped."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from engines.design.templates import TEMPLATES
from tests.widgets.shown import cut, nameless, outside
from widgets.controls.marks import Chip
from widgets.look.theme import apply
from widgets.look.tokens import LIGHT
from widgets.rooms.start import StartRoom
from widgets.rooms.start_parts import DrawingView, RecentProject

LEFT = Qt.MouseButton.LeftButton
RECENT = [
    RecentProject("/home/ada/digits", "Digits", "~/digits · today"),
    RecentProject("/home/ada/gone", "Gone", reason="The folder is not there any more."),
]


@pytest.fixture
def room(qapp: QApplication, qtbot: QtBot) -> StartRoom:
    apply(qapp, "light")
    made = StartRoom()
    qtbot.addWidget(made)
    made.set_templates(TEMPLATES.values())
    made.set_recent(RECENT)
    made.resize(1216, 722)
    made.show()
    return made


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def enter(room: StartRoom, data: QMimeData) -> QDragEnterEvent:
    event = QDragEnterEvent(
        QPoint(9, 9), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier
    )
    event.ignore()
    QApplication.sendEvent(room, event)
    return event


def test_that_every_template_is_a_card_that_a_click_chooses(room: StartRoom, qtbot: QtBot) -> None:
    assert [card.name for card in room.cards] == list(TEMPLATES)
    for card in room.cards:
        with qtbot.waitSignal(room.template_chosen) as chosen:
            qtbot.mouseClick(card, LEFT)
        assert chosen.args == [card.name]


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Space])
def test_that_a_template_is_chosen_by_key(room: StartRoom, qtbot: QtBot, key: Qt.Key) -> None:
    with qtbot.waitSignal(room.template_chosen):
        qtbot.keyClick(room.cards[1], key)


def test_that_letting_go_beside_the_card_chooses_nothing(room: StartRoom, qtbot: QtBot) -> None:
    card = room.cards[0]
    qtbot.mousePress(card, LEFT)
    with qtbot.assertNotEmitted(room.template_chosen):
        qtbot.mouseRelease(card, LEFT, pos=QPoint(-20, -20))


def test_that_each_drawing_has_a_box_a_layer_in_its_familys_colour(room: StartRoom) -> None:
    view = room.cards[0].findChild(DrawingView)
    assert view is not None
    boxes = view._boxes()
    assert len(boxes) == len(TEMPLATES[room.cards[0].name].snapshot.nodes)
    assert all(view.rect().contains(box.toAlignedRect()) for box in boxes.values())
    image = view.grab().toImage()
    for node in view.drawing.nodes:
        box = boxes[node.name]
        edge = image.pixelColor(round(box.left()), round(box.center().y() + 6)).name()
        assert edge != LIGHT.window


def test_that_a_recent_project_opens_and_one_that_is_gone_says_why(room: StartRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.project_chosen) as chosen:
        qtbot.mouseClick(room.rows[0].name, LEFT)
    assert chosen.args == ["/home/ada/digits"]
    assert not room.rows[1].name.isEnabled()
    assert room.rows[1].name.toolTip() == "The folder is not there any more."
    room.set_recent([])
    assert not room._none.isHidden()


def test_that_a_project_is_taken_off_the_list_also_where_it_is_gone(room: StartRoom, qtbot: QtBot) -> None:
    for row in room.rows:
        with qtbot.waitSignal(room.project_forgotten) as forgotten:
            qtbot.mouseClick(row.forget, LEFT)
        assert forgotten.args == [row.project.path]


def test_that_a_file_dropped_anywhere_is_told_with_its_path(
    room: StartRoom, qtbot: QtBot, tmp_path: Path
) -> None:
    target = tmp_path / "model with blank.onnx"
    data = files(target)
    assert enter(room, data).isAccepted()
    assert room.drop_zone.property("over")
    drop = QDropEvent(QPointF(9, 9), Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier)
    with qtbot.waitSignal(room.file_dropped) as dropped:
        QApplication.sendEvent(room, drop)
    assert Path(dropped.args[0]) == target
    assert not room.drop_zone.property("over")


def test_that_what_is_no_file_is_not_taken(room: StartRoom) -> None:
    data = QMimeData()
    data.setText("hello")
    assert not enter(room, data).isAccepted()


def test_that_a_drag_that_leaves_takes_its_mark_along(room: StartRoom, tmp_path: Path) -> None:
    data = files(tmp_path)
    enter(room, data)
    QApplication.sendEvent(room, QDragLeaveEvent())
    assert not room.drop_zone.property("over")


def test_that_open_asks_for_a_file(room: StartRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.open_requested):
        qtbot.mouseClick(room.open_button, LEFT)


@pytest.mark.parametrize(("width", "columns"), [(1856, 4), (1216, 3), (900, 1)])
def test_that_as_many_cards_stand_in_a_row_as_there_is_room_for(
    room: StartRoom, qtbot: QtBot, width: int, columns: int
) -> None:
    room.resize(width, 722)
    qtbot.waitUntil(lambda: len({card.x() for card in room.cards}) == columns)
    assert len({(card.x(), card.y()) for card in room.cards}) == len(TEMPLATES)


def test_that_all_templates_are_seen_at_once_in_a_window_of_1280_by_800(
    room: StartRoom, qtbot: QtBot
) -> None:
    area = room.findChild(QScrollArea)
    assert area is not None
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() == 0)


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_no_text_is_cut(qapp: QApplication, qtbot: QtBot, scale: float) -> None:
    apply(qapp, "light", scale)
    room = StartRoom()
    qtbot.addWidget(room)
    room.set_templates(TEMPLATES.values())
    room.set_recent(RECENT)
    room.resize(round(1216 * scale), round(722 * scale))
    room.show()
    qtbot.waitUntil(lambda: (cut(room), outside(room)) == ([], []))
    assert nameless(room) == []
    apply(qapp, "light")


def test_that_the_chip_of_a_card_stands_on_the_line_of_its_heading(room: StartRoom) -> None:
    for card in room.cards:
        (chip,) = card.findChildren(Chip)
        middles = [part.mapTo(card, part.rect().center()).y() for part in (chip, card.title)]
        assert abs(middles[0] - middles[1]) <= 1
        assert chip.text[0].isupper()
        assert "-" not in chip.text


def test_that_tab_comes_to_the_templates_before_what_stands_beside_them(room: StartRoom) -> None:
    room.show()
    last = room.cards[-1]
    room.cards[0].setFocus()
    for card in room.cards[1:]:
        QTest.keyClick(room, Qt.Key.Key_Tab)
        assert room.focusWidget() is card
    QTest.keyClick(last, Qt.Key.Key_Tab)
    assert room.focusWidget() is room.open_button
