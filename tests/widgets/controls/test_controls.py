"""Controls: they say why they are off, elide rather than cut, copy and close; palette finds every action."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QToolButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.shown import cut
from widgets.controls import (
    Button,
    Card,
    Chip,
    DropButton,
    DropRow,
    Elided,
    EmptyPage,
    FieldRow,
    MessagePanel,
    ProgressBar,
    StateDot,
    choice,
    number_field,
    text_field,
    whole_field,
)
from widgets.controls.command_palette import CommandPalette, find_actions, sentence
from widgets.controls.fields import search_field
from widgets.look.icons import icon
from widgets.look.theme import apply, current


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    apply(qapp, "light")


ENGINES = [
    DropRow("torch", "PyTorch 2.13"),
    DropRow("mxnet", "MXNet", reason="It is not installed."),
    DropRow("jax", "JAX 0.10", detail="flax"),
]


def test_that_a_disabled_button_says_why_and_forgets_it_when_enabled(qtbot: QtBot) -> None:
    button = Button("Train", "train", kind="primary")
    qtbot.addWidget(button)
    button.set_enabled(False, "The shapes do not fit.")
    assert button.toolTip() == "The shapes do not fit."
    button.set_enabled(True)
    assert button.toolTip() == ""
    assert button.isEnabled()


def test_that_a_busy_button_waits_and_comes_back_with_its_word(qtbot: QtBot) -> None:
    button = Button("Train", "train")
    qtbot.addWidget(button)
    button.set_busy(True)
    assert (button.text(), button.isEnabled()) == ("Train …", False)
    button.set_busy(False)
    assert (button.text(), button.isEnabled()) == ("Train", True)


def test_that_a_drop_button_chooses_by_hand_and_not_what_is_unavailable(qtbot: QtBot) -> None:
    drop = DropButton("engine", "Engine", dot=True)
    qtbot.addWidget(drop)
    drop.set_rows(ENGINES)
    assert drop.key == "torch"
    actions = drop.menu().actions()
    assert [action.isEnabled() for action in actions] == [True, False, True]
    assert actions[1].toolTip() == "It is not installed."
    with qtbot.waitSignal(drop.chosen) as chosen:
        actions[2].trigger()
    assert chosen.args == ["jax"]
    assert (drop.key, drop.text()) == ("jax", "JAX 0.10")
    assert "JAX" in drop.accessibleName()


def test_that_a_drop_button_shows_what_is_in_force_though_it_could_not_be_chosen_now(qtbot: QtBot) -> None:
    drop = DropButton("engine", "Engine", dot=True)
    qtbot.addWidget(drop)
    drop.set_rows(ENGINES, "mxnet")
    assert (drop.key, drop.text()) == ("mxnet", "MXNet")
    assert not drop.menu().actions()[1].isEnabled()
    drop.set_rows(ENGINES, "no such engine")
    assert drop.key == "torch"


def test_that_the_menu_of_a_drop_button_opens_by_key_and_takes_arrow_and_enter(qtbot: QtBot) -> None:
    drop = DropButton("engine", "Engine")
    qtbot.addWidget(drop)
    drop.set_rows(ENGINES)
    drop.show()
    menu = drop.menu()
    menu.popup(drop.mapToGlobal(drop.rect().bottomLeft()))
    qtbot.keyClick(menu, Qt.Key.Key_Up)
    with qtbot.waitSignal(drop.chosen) as chosen:
        qtbot.keyClick(menu, Qt.Key.Key_Return)
    assert chosen.args == ["jax"]


def test_that_rows_given_again_replace_the_old_ones(qtbot: QtBot) -> None:
    drop = DropButton("device", "Device")
    qtbot.addWidget(drop)
    drop.set_rows([DropRow("cpu", "CPU")])
    drop.set_rows([DropRow("cuda:0", "GPU"), DropRow("cpu", "CPU · 2 cores")], "cpu")
    assert [action.text() for action in drop.menu().actions()] == ["GPU", "CPU · 2 cores"]
    assert drop.text() == "CPU · 2 cores"


def test_that_a_drop_button_has_room_for_its_text_and_its_chevron(qtbot: QtBot) -> None:
    drop = DropButton("engine", "Engine", dot=True)
    qtbot.addWidget(drop)
    drop.set_rows(ENGINES)
    words = drop.fontMetrics().horizontalAdvance(drop.text())
    assert drop.minimumSizeHint().width() >= words + 30 + 32


def test_that_long_text_elides_and_the_whole_is_in_the_tooltip(qtbot: QtBot) -> None:
    text = Elided("A run with a name that is far too long for so little room")
    qtbot.addWidget(text)
    text.resize(120, 20)
    text.show()
    assert text.shown_text().endswith("…")
    assert text.toolTip() == text.text()
    text.resize(900, 20)
    assert text.shown_text() == text.text()
    assert text.toolTip() == ""
    assert text.minimumSizeHint().width() < 120


def test_that_a_card_shows_its_value_only_while_it_has_one(qtbot: QtBot) -> None:
    card = Card("Loss", "every step")
    qtbot.addWidget(card)
    card.show()
    assert not card.value.isVisible()
    card.set_value("0.061", "bad")
    assert card.value.isVisible()
    assert card.value.palette().windowText().color().name() == current().bad
    card.set_value("")
    assert not card.value.isVisible()


def test_that_fields_keep_their_bounds_and_speak_their_names(qtbot: QtBot) -> None:
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    whole, number = whole_field("epochs", "Epochs", 1, 100, 20), number_field("rate", "Rate", 0, 1, 1e-3)
    options = choice("optimizer", "Optimizer", [("adam", "Adam"), ("sgd", "SGD")], "sgd")
    for title, field in (("Epochs", whole), ("Rate", number), ("Optimizer", options)):
        column.addWidget(FieldRow(title, field))
    qtbot.keyClicks(number, "x")
    assert number.text() == "0.001"
    whole.setValue(1000)
    assert whole.value() == 100
    assert options.currentData() == "sgd"
    page.show()
    assert {field.height() for field in (whole, number, options)} == {32}


def test_that_a_field_row_with_text_changes_its_value(qtbot: QtBot) -> None:
    row = FieldRow("Output", "N × 10")
    qtbot.addWidget(row)
    row.set_value("N × 3")
    assert isinstance(row.field, Elided)
    assert row.field.text() == "N × 3"


def test_that_a_message_says_what_why_and_what_to_do_and_copies_its_details(qtbot: QtBot) -> None:
    panel = MessagePanel()
    qtbot.addWidget(panel)
    panel.show_message(
        "The engine ended",
        "Signal 9.",
        "Resume it.",
        action="resume",
        action_text="Resume",
        details="trace",
    )
    assert panel.isVisible()
    assert panel.accessibleName() == "The engine ended Signal 9. Resume it."
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    assert QApplication.clipboard().text() == "trace"
    with qtbot.waitSignal(panel.action_requested) as asked:
        qtbot.mouseClick(panel.button, Qt.MouseButton.LeftButton)
    assert asked.args == ["resume"]
    with qtbot.waitSignal(panel.closed):
        qtbot.mouseClick(panel.close_button, Qt.MouseButton.LeftButton)
    assert not panel.isVisible()


def test_that_a_message_without_action_or_details_has_no_buttons_for_them(qtbot: QtBot) -> None:
    panel = MessagePanel()
    qtbot.addWidget(panel)
    panel.show_message("All shapes fit", severity="good", closable=False)
    assert not panel.button.isVisible()
    assert not panel.copy.isVisible()
    assert not panel.close_button.isVisible()


def test_that_an_empty_page_asks_by_its_button(qtbot: QtBot) -> None:
    page = EmptyPage("No run yet.", "Train", "train_now", icon_name="train")
    qtbot.addWidget(page)
    page.resize(600, 400)
    page.show()
    with qtbot.waitSignal(page.requested):
        qtbot.mouseClick(page.button, Qt.MouseButton.LeftButton)


def test_that_marks_say_their_state_in_words_and_colour(qtbot: QtBot) -> None:
    dot, chip, bar = StateDot("Engine: ready", "good"), Chip("failed", "bad"), ProgressBar("p", "Progress")
    for widget in (dot, chip, bar):
        qtbot.addWidget(widget)
    chip.set_state("finished", "good")
    assert chip.accessibleName() == "finished"
    assert chip.sizeHint().width() > chip.fontMetrics().horizontalAdvance("finished")
    bar.resize(200, 6)
    bar.set_share(0.5)
    image = bar.grab().toImage()
    assert image.pixelColor(60, 3).name() == current().accent
    assert image.pixelColor(150, 3).name() == current().line
    bar.set_share(7)
    assert bar.share == 1
    assert dot.severity == "good"


def window_with_actions(qtbot: QtBot) -> tuple[QWidget, list[str]]:
    window, done = QWidget(), []
    qtbot.addWidget(window)
    window.resize(800, 600)
    for name, enabled in (("Train", True), ("Stop the run", False), ("Go to Train", True), ("Save …", True)):
        action = QAction(name, window)
        action.setEnabled(enabled)
        action.triggered.connect(lambda _=False, name=name: done.append(name))
    window.show()
    return window, done


def test_that_the_palette_finds_by_every_word_and_triggers_by_enter(qtbot: QtBot) -> None:
    window, done = window_with_actions(qtbot)
    palette = CommandPalette(window)
    palette.open_over()
    qtbot.keyClicks(palette.query, "train go")
    assert palette.list.model().rowCount() == 1
    qtbot.keyClick(palette.query, Qt.Key.Key_Return)
    assert done == ["Go to Train"]
    assert not palette.isVisible()


def test_that_the_palette_lists_what_cannot_be_done_last_and_does_not_do_it(qtbot: QtBot) -> None:
    window, done = window_with_actions(qtbot)
    assert [sentence(a) for a in find_actions(window)] == ["Go to Train", "Save", "Train", "Stop the run"]
    palette = CommandPalette(window)
    palette.open_over()
    for _ in range(3):
        qtbot.keyClick(palette.query, Qt.Key.Key_Down)
    qtbot.keyClick(palette.query, Qt.Key.Key_Return)
    assert "Stop the run" not in done
    palette.hide()


def test_that_a_text_field_shows_its_hint(qtbot: QtBot) -> None:
    field = text_field("filter", "Filter", hint="Filter")
    qtbot.addWidget(field)
    assert field.placeholderText() == "Filter"


@pytest.mark.parametrize(("width", "beside"), [(320, False), (1100, True)])
def test_that_a_message_has_its_buttons_beside_its_words_where_there_is_room(
    qtbot: QtBot, width: int, beside: bool
) -> None:
    panel = MessagePanel()
    qtbot.addWidget(panel)
    panel.setFixedWidth(width)
    panel.show_message(
        "The file could not be read.", "It ends early.", "Copy it again.", action="open", action_text="Open …"
    )
    QApplication.processEvents()
    button, words = panel.button.geometry(), panel.todo.geometry()
    assert (button.left() > words.left() and button.top() < words.bottom()) == beside
    assert cut(panel) == []


def test_that_the_cross_in_a_search_is_of_our_family_and_empties_it(qtbot: QtBot) -> None:
    line = search_field("filter", "Filter", "Filter")
    qtbot.addWidget(line)
    line.show()
    line.setText("conv")
    cross = next(tool for tool in line.findChildren(QToolButton) if tool.x() > line.width() / 2)
    assert cross.icon().pixmap(14).toImage() == icon("close", "dim").pixmap(14).toImage()
    qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)
    assert line.text() == ""
