"""A net is built by mouse and keys: layers added, connected, parted, removed, each undone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from app.messages.table import tell_error
from engines.contract.errors import ErrorCode
from engines.design.catalogue import CATALOGUE
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.design.templates import open_design
from widgets.look.theme import apply
from widgets.rooms.design import DesignRoom

LEFT, CTRL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def design() -> Design:
    return open_design("digits-mlp")


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication, design: Design) -> DesignRoom:
    apply(qapp, "light")
    made = DesignRoom(lambda fault: tell_error(fault).text)
    qtbot.addWidget(made)
    made.resize(1280, 760)
    made.show_design(design)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def add(room: DesignRoom, title: str, *, by_key: bool = False) -> None:
    """Look for a kind in the palette and take it, as a person does."""
    palette = room.palette_list
    palette.search.clear()
    QTest.keyClicks(palette.search, title)
    rows = [palette.list.item(row) for row in range(palette.list.count())]
    item = [item for item in rows if item.text() == title][-1]  # a heading may be called like a kind
    spot = palette.list.visualItemRect(item).center()
    if by_key:
        palette.list.setCurrentItem(item)
        QTest.keyClick(palette.list, Qt.Key.Key_Return)
    else:
        QTest.mouseClick(palette.list.viewport(), LEFT, pos=spot)
        QTest.mouseDClick(palette.list.viewport(), LEFT, pos=spot)


def click(room: DesignRoom, name: str, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    room.canvas.fit()
    QTest.mouseClick(room.canvas.viewport(), LEFT, keys, room.canvas.place_of(name))


def remove(room: DesignRoom, name: str) -> None:
    click(room, name)
    room.canvas.setFocus()
    QTest.keyClick(room.canvas, Qt.Key.Key_Delete)


def setting(room: DesignRoom, kind: type[QSpinBox] | type[QLineEdit] | type[QCheckBox], key: str) -> object:
    found = room.inspector.findChild(kind, f"setting_{key}")
    assert found is not None
    return found


def chain(design: Design) -> list[str]:
    return [node.kind for node in design.ordered()]


def test_that_an_lstm_net_is_built_by_mouse(room: DesignRoom, design: Design) -> None:
    for name in list(design.nodes):
        if design.node(name).kind not in ("input", "dense") or name == "hidden":
            remove(room, name)
    assert chain(design) == ["input", "dense"]
    image = next(name for name, node in design.nodes.items() if node.kind == "input")
    click(room, image)
    add(room, "LSTM")
    # An image is no sequence: the card and the panel say what it needs and what to do.
    problem = design.problems()["lstm"]
    assert problem.code is ErrorCode.DESIGN_RANK
    assert "(time, features)" in room.canvas.sheet.by_id["lstm"].problem
    assert "reshape" in room.canvas.sheet.by_id["lstm"].problem
    click(room, image)
    add(room, "Reshape", by_key=True)
    field = setting(room, QLineEdit, "shape")
    assert isinstance(field, QLineEdit)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "8, 8")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert design.problems() == {}
    assert chain(design) == ["input", "reshape", "lstm", "dense"]
    click(room, "lstm")
    box = setting(room, QCheckBox, "bidirectional")
    assert isinstance(box, QCheckBox)
    QTest.mouseClick(box, LEFT, pos=QPoint(8, box.height() // 2))
    assert room.canvas.sheet.by_id["lstm"].subtitle == "N × 64"
    assert {layer.layer for layer in freeze(design).layers} == {"input", "reshape", "lstm", "dense"}


def test_that_every_kind_can_be_added_and_taken_back(room: DesignRoom, design: Design) -> None:
    before = design.snapshot()
    for row in CATALOGUE.values():
        room.insert(row.key)
        assert room.selected not in {node.name for node in before.nodes}
        assert design.node(room.selected).kind == row.key
        room.undo()
        assert design.snapshot() == before


def test_that_a_second_layer_of_a_kind_has_a_name_of_its_own(room: DesignRoom, design: Design) -> None:
    click(room, "hidden")
    add(room, "GELU")
    add(room, "GELU")
    assert [node.kind for node in design.nodes.values()].count("gelu") == 2
    assert design.problems() == {}


def test_that_a_way_around_is_made_by_two_clicks_and_parted_by_two_more(
    room: DesignRoom, design: Design
) -> None:
    click(room, "hidden")
    add(room, "GELU")
    add(room, "Add")
    assert design.problems()["add"].code is ErrorCode.DESIGN_INPUT_MISSING
    click(room, "hidden")
    click(room, "add", CTRL)
    assert set(design.node("add").inputs) == {"gelu", "hidden"}
    assert room.selected == "hidden"
    assert design.problems() == {}
    click(room, "add", CTRL)
    assert design.node("add").inputs == ("gelu",)
    room.undo()
    assert set(design.node("add").inputs) == {"gelu", "hidden"}


def test_that_a_layer_of_one_input_changes_it(room: DesignRoom, design: Design) -> None:
    click(room, "hidden")
    old = design.node("logits").inputs
    assert old != ("hidden",)
    click(room, "logits", CTRL)
    assert design.node("logits").inputs == ("hidden",)
    room.undo()
    assert design.node("logits").inputs == old


def test_that_a_circle_is_refused_with_the_reason(room: DesignRoom, design: Design) -> None:
    before = design.snapshot()
    click(room, "logits")
    click(room, "hidden", CTRL)
    assert design.snapshot() == before
    assert "circle" in room.inspector.fault.text()
    assert room.inspector.fault.isVisible()


def test_that_a_removed_layer_leaves_no_gap_and_comes_back(room: DesignRoom, design: Design) -> None:
    before = design.snapshot()
    taker = design.consumers("hidden")[0]
    source = design.node("hidden").inputs[0]
    remove(room, "hidden")
    assert "hidden" not in design.nodes
    assert source in design.node(taker).inputs
    assert room.selected == source
    room.undo()
    assert design.snapshot() == before


def test_that_delete_in_a_field_deletes_text_and_no_layer(room: DesignRoom, design: Design) -> None:
    click(room, "hidden")
    room.inspector.name.setFocus()
    room.inspector.name.selectAll()
    QTest.keyClick(room.inspector.name, Qt.Key.Key_Delete)
    assert room.inspector.name.text() == ""
    assert "hidden" in design.nodes
