"""The design room: what is shown, edited by mouse and keys, undone, and told where it does not fit."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLineEdit, QSpinBox
from pytestqt.qtbot import QtBot

from engines.contract.errors import WorkbenchError
from engines.design.arrange import arrange
from engines.design.catalogue import CATALOGUE
from engines.design.document import Design
from engines.design.templates import open_design
from tests.widgets.rooms.designs import residual_design
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import Elided
from widgets.designing.palette import FAMILIES
from widgets.look.theme import apply
from widgets.rooms.design import DesignRoom

ENTER = Qt.Key.Key_Return
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def tell(fault: WorkbenchError) -> str:
    return f"{fault.code.value} {dict(fault.facts)}"


@pytest.fixture
def design() -> Design:
    return residual_design()


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication, design: Design) -> DesignRoom:
    apply(qapp, "light")
    made = DesignRoom(tell)
    qtbot.addWidget(made)
    made.resize(1280, 760)
    made.show_design(design)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def field(room: DesignRoom, key: str) -> QSpinBox:
    found = room.inspector.findChild(QSpinBox, f"setting_{key}")
    assert isinstance(found, QSpinBox)
    return found


def type_number(spin: QSpinBox, text: str) -> None:
    spin.setFocus()
    spin.selectAll()
    QTest.keyClicks(spin, text)
    QTest.keyClick(spin, ENTER)


def click_card(room: DesignRoom, name: str) -> None:
    view = room.canvas.viewport()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=room.canvas.place_of(name))


def test_that_every_layer_is_a_card_with_shape_and_parameters(room: DesignRoom, design: Design) -> None:
    cards = room.canvas.sheet.by_id
    assert set(cards) == set(design.nodes)
    assert cards["conv1"].title == "conv1 · Conv 3×3"
    assert cards["conv1"].subtitle == "N × 16 × 8 × 8"
    assert cards["conv1"].count == "144"
    assert len(room.canvas.sheet.links) == sum(len(node.inputs) for node in design.nodes.values())


def test_that_a_click_shows_the_layer_and_tells_its_name(room: DesignRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.node_selected) as caught:
        click_card(room, "conv2")
    assert caught.args == ["conv2"]
    assert room.inspector.name.text() == "conv2"
    assert list(room.inspector.editors) == ["filters", "kernel", "stride", "padding", "groups", "bias"]
    assert room.inspector.costs["Parameters"].field.property("text") == "2,304"
    assert room.inspector.costs["Output"].field.property("text") == "N × 16 × 8 × 8"


def test_that_selecting_from_outside_shows_the_layer_too(room: DesignRoom) -> None:
    room.select("norm1")
    assert room.inspector.name.text() == "norm1"
    room.select("nobody")
    assert room.selected == ""
    assert not room.inspector.name.isVisible()


def test_that_the_totals_are_the_sum_of_all_layers(room: DesignRoom) -> None:
    assert room.inspector.totals["Parameters"].field.property("text") == "12,442"
    assert room.inspector.totals["Layers"].field.property("text") == "15"


def test_that_typing_a_value_changes_the_design_and_ctrl_z_restores_it_exactly(
    room: DesignRoom, design: Design, qtbot: QtBot
) -> None:
    before = design.snapshot()
    click_card(room, "conv3")
    with qtbot.waitSignal(room.design_changed):
        type_number(field(room, "filters"), "24")
    changed = design.snapshot()
    assert design.node("conv3").settings["filters"] == 24
    assert room.canvas.sheet.by_id["conv3"].subtitle == "N × 24 × 4 × 4"
    assert room.canvas.sheet.by_id["norm3"].subtitle == "N × 24 × 4 × 4"
    room.canvas.setFocus()
    QTest.keyClick(room.canvas, Qt.Key.Key_Z, CTRL)
    assert design.snapshot() == before
    assert field(room, "filters").value() == 32
    QTest.keyClick(room.canvas, Qt.Key.Key_Z, CTRL | SHIFT)
    assert design.snapshot() == changed


def test_that_a_run_of_steps_on_one_value_is_one_step_back(room: DesignRoom, design: Design) -> None:
    room.select("conv3")
    spin = field(room, "filters")
    spin.setFocus()
    for _ in range(5):
        QTest.keyClick(spin, Qt.Key.Key_Up)
    assert design.node("conv3").settings["filters"] == 37
    assert room.undo_stack.count() == 1
    room.undo()
    assert design.node("conv3").settings["filters"] == 32


def test_that_each_kind_of_setting_has_an_editor_that_writes_it(room: DesignRoom, design: Design) -> None:
    room.select("conv3")
    padding = room.inspector.findChild(QComboBox, "setting_padding")
    padding.setFocus()
    QTest.keyClick(padding, Qt.Key.Key_Down)
    assert design.node("conv3").settings["padding"] == "valid"
    bias = room.inspector.findChild(QCheckBox, "setting_bias")
    QTest.keyClick(bias, Qt.Key.Key_Space)
    assert design.node("conv3").settings["bias"] is True
    type_number(field(room, "kernel_1"), "5")
    assert design.node("conv3").settings["kernel"] == (3, 5)
    room.select("norm1")
    epsilon = room.inspector.findChild(QLineEdit, "setting_epsilon")
    epsilon.selectAll()
    QTest.keyClicks(epsilon, "1e-3")
    QTest.keyClick(epsilon, ENTER)
    assert design.node("norm1").settings["epsilon"] == 1e-3
    room.select("image")
    shape = room.inspector.findChild(QLineEdit, "setting_shape")
    shape.selectAll()
    QTest.keyClicks(shape, "1, 16 x 16")
    QTest.keyClick(shape, ENTER)
    assert design.node("image").settings["shape"] == (1, 16, 16)


@pytest.mark.parametrize("text", ["7", "many", "-1", ""])
def test_that_a_value_that_does_not_fit_is_refused_with_the_reason(
    room: DesignRoom, design: Design, text: str
) -> None:
    before = design.snapshot()
    room.select("norm1")
    momentum = room.inspector.findChild(QLineEdit, "setting_momentum")
    momentum.selectAll()
    QTest.keyClicks(momentum, text)
    if not text:
        QTest.keyClick(momentum, Qt.Key.Key_Delete)
    QTest.keyClick(momentum, ENTER)
    assert design.snapshot() == before
    assert room.undo_stack.count() == 0
    assert "design_setting_invalid" in room.inspector.fault.text()
    assert momentum.property("wrong") is True
    room.select("conv1")
    assert not room.inspector.fault.isVisible()


def test_that_a_shape_that_does_not_fit_turns_red_with_the_reason_and_show_goes_there(
    room: DesignRoom,
) -> None:
    room.select("conv2")
    type_number(field(room, "filters"), "8")
    broken = room.canvas.sheet.by_id["residual"]
    assert "design_" in broken.problem
    assert [card.id for card in room.canvas.sheet.cards if card.problem] == ["residual"]
    assert room.canvas.sheet.by_id["relu2"].subtitle == "shape not known yet"
    panel = room.inspector.state
    assert panel.headline.text() == "1 layer has a problem"
    QTest.mouseClick(panel.buttons["residual"], Qt.MouseButton.LeftButton)
    assert room.selected == "residual"
    room.undo()
    assert panel.headline.text() == "All shapes fit. Ready to train."
    assert not [card for card in room.canvas.sheet.cards if card.problem]


def test_that_renaming_keeps_edges_and_selection_and_can_be_undone(room: DesignRoom, design: Design) -> None:
    before = design.snapshot()
    room.select("conv2")
    name = room.inspector.name
    name.selectAll()
    QTest.keyClicks(name, "wide")
    QTest.keyClick(name, ENTER)
    assert "wide" in design.nodes
    assert room.selected == "wide"
    assert ("relu1", "wide") in {(link.source, link.target) for link in room.canvas.sheet.links}
    room.undo()
    assert design.snapshot() == before
    assert room.inspector.name.text() in {"conv2", ""}


@pytest.mark.parametrize("new", ["conv1", "9lives", "for"])
def test_that_a_name_that_cannot_be_is_refused(room: DesignRoom, design: Design, new: str) -> None:
    room.select("conv2")
    name = room.inspector.name
    name.selectAll()
    QTest.keyClicks(name, new)
    QTest.keyClick(name, ENTER)
    assert "conv2" in design.nodes
    assert "design_name" in room.inspector.fault.text()


def test_that_dragging_a_card_moves_the_layer_and_undo_puts_it_back(room: DesignRoom, design: Design) -> None:
    before = design.snapshot()
    view, start = room.canvas.viewport(), room.canvas.place_of("conv1")
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, start + QPoint(50, 0))
    QTest.mouseMove(view, start + QPoint(100, 20))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(100, 20))
    moved = design.node("conv1").position[0] - {n.name: n for n in before.nodes}["conv1"].position[0]
    assert moved == pytest.approx(100 / room.canvas.zoom_level, abs=4)
    assert design.node("conv2").position == {n.name: n for n in before.nodes}["conv2"].position
    room.undo()
    assert design.snapshot() == before


def test_that_a_design_without_places_is_laid_out_and_keeps_its_look_when_one_layer_moves(
    qtbot: QtBot,
) -> None:
    design = Design("plain")
    for name, kind in (("x", "input"), ("flat", "flatten"), ("head", "dense")):
        design.add(kind, name)
    design.connect("x", "flat")
    design.connect("flat", "head")
    room = DesignRoom(tell)
    qtbot.addWidget(room)
    room.resize(1200, 700)
    room.show_design(design)
    room.show()
    drawn = {card.id: (card.x, card.y) for card in room.canvas.sheet.cards}
    assert len(set(drawn.values())) == 3
    view, start = room.canvas.viewport(), room.canvas.place_of("flat")
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(view, start + QPoint(60, 0))
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 0))
    after = {card.id: (card.x, card.y) for card in room.canvas.sheet.cards}
    assert after["x"] == drawn["x"]
    assert after["head"] == drawn["head"]
    assert after["flat"] != drawn["flat"]
    room.undo()
    assert {node.position for node in design.nodes.values()} == {(0.0, 0.0)}


def test_that_another_design_starts_without_history(room: DesignRoom, design: Design) -> None:
    room.select("conv1")
    type_number(field(room, "filters"), "20")
    room.show_design(open_design("digits-mlp"))
    assert room.undo_stack.count() == 0
    design.set_setting("conv1", "filters", 4)
    assert "conv1" not in room.canvas.sheet.by_id


def test_that_an_edit_does_not_move_the_view(room: DesignRoom) -> None:
    room.canvas.zoom(1.2)
    room.select("conv1")
    before = room.canvas.seen()
    type_number(field(room, "filters"), "20")
    assert room.canvas.seen() == before


def test_that_a_layer_is_found_and_added_by_the_keyboard_alone(room: DesignRoom) -> None:
    palette = room.palette_list
    assert "adds a layer" in palette.about.text()
    with_one_more = len(room.design.nodes) + 1 if room.design else 0
    QTest.keyClicks(palette.search, "gelu")
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert room.design is not None
    assert len(room.design.nodes) == with_one_more
    QTest.keyClick(palette.search, Qt.Key.Key_Down)
    assert palette.list.currentItem().text() == CATALOGUE["gelu"].title
    palette.search.setText("no such layer")
    assert palette.about.text().startswith("No layer is called so")


def test_that_escape_leads_from_a_field_back_to_the_canvas(room: DesignRoom) -> None:
    room.show()
    room.palette_list.search.setFocus()
    QTest.keyClick(room.palette_list.search, Qt.Key.Key_Escape)
    assert room.focusWidget() is room.canvas


def test_that_the_palette_offers_every_kind_and_explains_it(room: DesignRoom) -> None:
    palette = room.palette_list
    titles = [palette.list.item(row).text() for row in range(palette.list.count())]
    assert all(kind.title in titles for kind in CATALOGUE.values())
    assert {kind.family for kind in CATALOGUE.values()} <= set(FAMILIES)
    QTest.keyClicks(palette.search, "batch")
    rows = [palette.list.item(row) for row in range(palette.list.count())]
    assert [row.text() for row in rows] == ["Normalize", "Batch norm"]
    palette.list.setCurrentItem(rows[1])
    assert palette.about.text().startswith(CATALOGUE["batch_norm"].summary)


def test_that_an_empty_room_has_one_button(qtbot: QtBot) -> None:
    room = DesignRoom(tell)
    qtbot.addWidget(room)
    room.show()
    with qtbot.waitSignal(room.template_requested):
        QTest.mouseClick(room._empty.button, Qt.MouseButton.LeftButton)


def test_that_enter_on_a_card_goes_to_its_first_value(room: DesignRoom) -> None:
    room.canvas.setFocus()
    room.select("conv1")
    QTest.keyClick(room.canvas, ENTER)
    assert field(room, "filters").hasFocus()


def test_that_every_input_has_a_name_for_code_and_for_screen_readers(room: DesignRoom) -> None:
    for name in ("conv1", "norm1", "image", "dropout"):
        room.select(name)
        inputs = [*room.findChildren(QSpinBox), *room.findChildren(QComboBox), *room.findChildren(QCheckBox)]
        inputs += [
            line for line in room.findChildren(QLineEdit) if line.objectName() != "qt_spinbox_lineedit"
        ]
        assert [one for one in inputs if not one.objectName() or not one.accessibleName()] == []


def test_that_the_inspector_is_as_wide_whether_it_scrolls_or_not(room: DesignRoom, qtbot: QtBot) -> None:
    room.select("conv2")
    inspector = room.inspector
    scroll = inspector.findChild(Scrolling)
    assert scroll is not None
    for height, scrolls in ((1400, False), (420, True)):
        room.resize(1280, height)
        qtbot.waitUntil(lambda wanted=scrolls: scroll.bar.isVisible() is wanted)
        rows = {row.width() for row in (*inspector.costs.values(), *inspector.totals.values())}
        assert rows == {inspector.state.width()} == {inspector.name.width()}


def test_that_a_design_is_arranged_anew_and_one_step_back_brings_its_places_back(
    room: DesignRoom, design: Design
) -> None:
    for number, name in enumerate(design.nodes):
        design.move(name, (10.0 * number, 10.0 * number))
    before = {name: node.position for name, node in design.nodes.items()}
    room.arrange()
    assert {name: node.position for name, node in design.nodes.items()} == arrange(design)
    assert room.undo_stack.undoText() == "Arrange"
    room.undo_stack.undo()
    assert {name: node.position for name, node in design.nodes.items()} == before


def test_that_an_empty_room_arranges_nothing(qtbot: QtBot) -> None:
    empty = DesignRoom(tell)
    qtbot.addWidget(empty)
    empty.arrange()
    assert empty.undo_stack.count() == 0


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_the_figures_of_the_model_are_read_whole(
    qapp: QApplication, qtbot: QtBot, design: Design, scale: float
) -> None:
    apply(qapp, "light", scale)
    room = DesignRoom(tell)
    qtbot.addWidget(room)
    room.resize(1152, 650)
    room.show_design(design)
    room.show()
    figures = [row.field for row in room.inspector.totals.values()]
    qtbot.waitUntil(
        lambda: all(isinstance(one, Elided) and one.shown_text() == one.text() for one in figures)
    )
    assert room.inspector.totals["Activations"].title.text().endswith(f"batch {design.recipe.batch_size}")
    apply(qapp, "light")
