"""The shell: rooms made when first opened, run controls by mouse and key, Tab reaches everything."""

from __future__ import annotations

import subprocess
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.shown import cut, inputs, nameless, outside
from widgets.canvas.panel import CanvasPanel
from widgets.controls import DropRow
from widgets.controls.command_palette import find_actions, sentence
from widgets.controls.fields import search_field
from widgets.look.theme import apply, current
from widgets.shell import Shell

ROOMS = ("start", "data", "design", "train", "graph", "ship", "runs")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def shell(qapp: QApplication, qtbot: QtBot) -> Shell:
    apply(qapp, "light")
    made = Shell()
    qtbot.addWidget(made)
    for key in ROOMS:
        made.add_room(key, key.title(), key, lambda key=key: QLabel(key))
    made.add_room("settings", "Settings", "settings", lambda: QLabel("settings"), bottom=True)
    made.set_project("Digits", "digits-cnn")
    made.set_engines([DropRow("torch", "PyTorch 2.13"), DropRow("mxnet", "MXNet", reason="Not installed")])
    made.set_devices([DropRow("cpu", "CPU · 2 cores"), DropRow("cuda:0", "GPU")])
    made.resize(1280, 800)
    made.show()
    qtbot.waitExposed(made)
    made.activateWindow()
    made.open_room("start")
    return made


def press(qtbot: QtBot, shell: QWidget, key: Qt.Key, modifier: Qt.KeyboardModifier) -> None:
    qtbot.keyClick(shell, key, modifier)


def test_that_a_room_is_made_when_it_is_first_opened_and_once(qtbot: QtBot) -> None:
    made: list[str] = []

    def make() -> QWidget:
        made.append("train")
        return QWidget()

    shell = Shell()
    qtbot.addWidget(shell)
    shell.add_room("train", "Train", "train", make)
    assert (made, shell.room("train")) == ([], None)
    page = shell.open_room("train")
    assert shell.open_room("train") is page
    assert made == ["train"]


def test_that_a_click_on_the_rail_opens_the_room(shell: Shell, qtbot: QtBot) -> None:
    with qtbot.waitSignal(shell.room_chosen) as chosen:
        qtbot.mouseClick(shell.rail.buttons["design"], LEFT)
    assert chosen.args == ["design"]
    page = shell.pages.currentWidget()
    assert isinstance(page, QLabel)
    assert page.text() == "design"
    assert [key for key, button in shell.rail.buttons.items() if button.isChecked()] == ["design"]


@pytest.mark.parametrize(("place", "key"), list(enumerate(ROOMS, start=1)))
def test_that_control_and_a_number_opens_the_room(shell: Shell, qtbot: QtBot, place: int, key: str) -> None:
    shell.open_room("settings")
    press(qtbot, shell, Qt.Key(Qt.Key.Key_0.value + place), Qt.KeyboardModifier.ControlModifier)
    assert shell.key == key


def test_that_the_rail_has_the_same_room_at_both_sides_of_its_buttons(shell: Shell) -> None:
    rail = shell.rail
    for button in rail.buttons.values():
        assert button.x() == rail.width() - 1 - button.geometry().right() - 1  # the line is at the right
        assert button.x() >= 4


def test_that_arrows_walk_the_rail_and_space_opens(shell: Shell, qtbot: QtBot) -> None:
    shell.rail.buttons["start"].setFocus()
    qtbot.keyClick(shell.rail.buttons["start"], Qt.Key.Key_Down)
    assert shell.focusWidget() is shell.rail.buttons["data"]
    qtbot.keyClick(shell.rail.buttons["data"], Qt.Key.Key_Space)
    assert shell.key == "data"
    qtbot.keyClick(shell.rail.buttons["data"], Qt.Key.Key_Up)
    qtbot.keyClick(shell.rail.buttons["start"], Qt.Key.Key_Up)
    assert shell.focusWidget() is shell.rail.buttons["settings"]


def test_that_the_train_button_and_f5_ask_for_a_run_unless_it_cannot_be(shell: Shell, qtbot: QtBot) -> None:
    with qtbot.waitSignal(shell.train_requested):
        qtbot.mouseClick(shell.header.train, LEFT)
    with qtbot.waitSignal(shell.train_requested):
        press(qtbot, shell, Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier)
    shell.set_trainable(False, "The shapes do not fit.")
    assert shell.header.train.toolTip() == "The shapes do not fit."
    with qtbot.assertNotEmitted(shell.train_requested):
        qtbot.mouseClick(shell.header.train, LEFT)
        press(qtbot, shell, Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier)
    shell.set_trainable(True)
    assert shell.action("train").isEnabled()


def test_that_a_run_shows_pause_and_stop_and_a_pause_shows_resume(shell: Shell, qtbot: QtBot) -> None:
    header = shell.header
    shell.set_run_state("training")
    assert (header.train.isVisible(), header.pause.isVisible(), header.stop.isVisible()) == (
        False,
        True,
        True,
    )
    with qtbot.waitSignal(shell.pause_requested):
        qtbot.mouseClick(header.pause, LEFT)
    shell.set_run_state("paused")
    with qtbot.waitSignal(shell.resume_requested):
        qtbot.mouseClick(header.resume, LEFT)
    with qtbot.waitSignal(shell.resume_requested):
        press(qtbot, shell, Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier)
    shell.set_run_state("training")
    with qtbot.waitSignal(shell.pause_requested):
        press(qtbot, shell, Qt.Key.Key_F6, Qt.KeyboardModifier.NoModifier)


def test_that_the_stop_menu_offers_to_keep_and_to_discard(shell: Shell, qtbot: QtBot) -> None:
    shell.set_run_state("training")
    menu = shell.header.stop.menu()
    menu.popup(shell.header.stop.mapToGlobal(shell.header.stop.rect().bottomLeft()))
    with qtbot.waitSignal(shell.stop_keep_requested):
        qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(shell.header.stop_keep).center())
    menu.popup(shell.header.stop.mapToGlobal(shell.header.stop.rect().bottomLeft()))
    with qtbot.waitSignal(shell.stop_discard_requested):
        qtbot.mouseClick(menu, LEFT, pos=menu.actionGeometry(shell.header.stop_discard).center())
    with qtbot.waitSignal(shell.stop_keep_requested):
        press(qtbot, shell, Qt.Key.Key_F5, Qt.KeyboardModifier.ShiftModifier)


@pytest.mark.parametrize("state", ["starting", "stopping"])
def test_that_what_is_under_way_is_said_and_not_asked_twice(shell: Shell, qtbot: QtBot, state: str) -> None:
    shell.set_run_state(state)
    button = shell.header.train if state == "starting" else shell.header.stop
    assert button.text().startswith(state.title())
    assert not button.isEnabled()


def test_that_engine_and_device_are_fixed_while_a_run_goes_on(shell: Shell) -> None:
    shell.set_run_state("training")
    assert not shell.header.engine.isEnabled()
    assert shell.header.engine.toolTip()
    shell.set_run_state("idle")
    assert shell.header.engine.isEnabled()


def test_that_the_palette_cannot_change_the_device_of_a_run_that_goes_on(shell: Shell, qtbot: QtBot) -> None:
    shell.set_run_state("training")
    shell.palette_dialog.open_over()
    qtbot.keyClicks(shell.palette_dialog.query, "device gpu")
    with qtbot.assertNotEmitted(shell.device_chosen):
        qtbot.keyClick(shell.palette_dialog.query, Qt.Key.Key_Return)
    shell.palette_dialog.hide()
    shell.set_run_state("idle")
    assert [action.isEnabled() for action in shell.header.engine.menu().actions()] == [True, False]


def test_that_an_action_is_listed_once(shell: Shell) -> None:
    words = [sentence(action) for action in find_actions(shell)]
    assert len(words) == len(set(words))
    assert not {"Stop and keep", "All actions", "Export"} & set(words)


def test_that_a_hidden_message_takes_no_room(shell: Shell, qtbot: QtBot) -> None:
    place = shell.pages.y()
    shell.message.show_message("The engine ended")
    qtbot.waitUntil(lambda: shell.pages.y() > place + 32)
    shell.message.hide()
    qtbot.waitUntil(lambda: shell.pages.y() == place)
    assert place == shell.header.height()


def test_that_a_device_is_chosen_from_its_menu(shell: Shell, qtbot: QtBot) -> None:
    with qtbot.waitSignal(shell.device_chosen) as chosen:
        shell.header.device.menu().actions()[1].trigger()
    assert chosen.args == ["cuda:0"]


def test_that_control_k_finds_a_room_and_goes_there(shell: Shell, qtbot: QtBot) -> None:
    press(qtbot, shell, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = shell.palette_dialog
    assert palette.isVisible()
    qtbot.keyClicks(palette.query, "go graph")
    qtbot.keyClick(palette.query, Qt.Key.Key_Return)
    assert shell.key == "graph"


def test_that_the_palette_knows_engines_and_why_one_is_missing(shell: Shell, qtbot: QtBot) -> None:
    shell.palette_dialog.open_over()
    qtbot.keyClicks(shell.palette_dialog.query, "engine mxnet")
    model = shell.palette_dialog.list.model()
    assert model.rowCount() == 1
    assert model.index(0, 0).data(Qt.ItemDataRole.UserRole + 1) == "Not installed"
    shell.palette_dialog.hide()


def test_that_f1_asks_for_the_page_about_the_open_room(shell: Shell, qtbot: QtBot) -> None:
    shell.open_room("ship")
    with qtbot.waitSignal(shell.help_requested) as asked:
        press(qtbot, shell, Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier)
    assert asked.args == ["ship"]


def test_that_the_status_line_says_what_it_is_told(shell: Shell) -> None:
    shell.set_engine_state("Engine: ready", "good")
    shell.set_load(97.4, 3 << 29, 24 << 30)
    shell.set_saved("Saved 2 s ago")
    status = shell.status
    words = [status.engine.words.text(), status.load.text(), status.memory.text(), status.saved.text()]
    assert words == ["Engine: ready", "CPU 97%", "Memory 1.5 of 24 GB", "Saved 2 s ago"]
    assert shell.header.engine.severity == "good"


def test_that_a_message_above_the_page_hands_its_action_on(shell: Shell, qtbot: QtBot) -> None:
    shell.message.show_message("The engine ended", action="resume", action_text="Resume")
    with qtbot.waitSignal(shell.message_action) as asked:
        qtbot.mouseClick(shell.message.button, LEFT)
    assert asked.args == ["resume"]


def test_that_tab_alone_reaches_every_control_of_the_frame(shell: Shell, qtbot: QtBot) -> None:
    shell.setFocus()
    reached = set()
    for _ in range(60):
        here = shell.focusWidget() or shell
        reached.add(here.objectName())
        qtbot.keyClick(here, Qt.Key.Key_Tab)
    wanted = {child.objectName() for child in inputs(shell) if child.isVisible() and child.isEnabled()}
    assert wanted <= reached


def test_that_everything_that_takes_input_has_a_name(shell: Shell) -> None:
    assert nameless(shell) == []


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
@pytest.mark.parametrize("state", ["idle", "starting", "training", "paused", "stopping"])
def test_that_no_text_of_the_frame_is_cut(qapp: QApplication, qtbot: QtBot, scale: float, state: str) -> None:
    apply(qapp, "light", scale)
    shell = Shell()
    qtbot.addWidget(shell)
    for key in ROOMS:
        shell.add_room(key, key.title(), key, QWidget)
    shell.set_engines([DropRow("torch", "PyTorch 2.13")])
    shell.set_devices([DropRow("cpu", "CPU · 2 cores")])
    shell.set_project("A project with a rather long name", "and-a-model-with-a-long-name-too")
    shell.set_load(100, 20 << 30, 24 << 30)
    shell.set_run_state(state)
    shell.resize(round(1280 * scale), round(800 * scale))
    shell.show()
    shell.open_room("start")
    qapp.processEvents()
    assert shell.width() == round(1280 * scale)
    assert cut(shell) == []
    assert outside(shell) == []
    apply(qapp, "light")


def test_that_the_measures_are_those_of_the_sketches(shell: Shell) -> None:
    assert (shell.header.height(), shell.rail.width(), shell.status.height()) == (52, 64, 26)
    assert shell.grab().toImage().pixelColor(640, 400).name() == current().window


def test_that_the_frame_needs_nothing_but_qt() -> None:
    program = (
        "import sys, widgets.shell\n"
        "heavy = {'numpy', 'pyqtgraph', 'engines'} & {name.split('.')[0] for name in sys.modules}\n"
        "sys.exit(1 if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_that_the_palette_is_as_high_as_what_it_finds_and_says_where_it_finds_nothing(
    shell: Shell, qtbot: QtBot
) -> None:
    palette = shell.palette_dialog
    palette.open_over()
    whole = palette.height()
    qtbot.keyClicks(palette.query, "go graph")
    assert palette.list.isVisible()
    assert palette.height() < whole / 2
    qtbot.keyClicks(palette.query, "zzz")
    assert palette.none.isVisible()
    assert not palette.list.isVisible()
    assert cut(palette) == []
    palette.hide()


def test_that_ctrl_f_finds_on_the_page_wherever_the_focus_is(shell: Shell, qtbot: QtBot) -> None:
    panel, field = CanvasPanel("canvas"), search_field("runs_filter", "Filter", "Filter")
    for key, part in (("drawing", panel), ("listing", field)):
        holder = QWidget()
        QVBoxLayout(holder).addWidget(part)
        shell.add_room(key, key.title(), "graph", lambda holder=holder: holder)  # type: ignore[misc]
    shell.open_room("drawing")
    shell.setFocus()
    press(qtbot, shell, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.find_bar.line.hasFocus()
    shell.open_room("listing")
    start = shell.rail.buttons["start"]
    start.setFocus()
    press(qtbot, start, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert field.hasFocus()


def test_that_the_rails_buttons_stay_where_they_are_when_the_theme_changes(
    shell: Shell, qapp: QApplication, qtbot: QtBot
) -> None:
    def places() -> list[int]:
        QApplication.processEvents()
        return [button.y() for button in shell.rail.buttons.values()]

    before = places()
    apply(qapp, "dark")
    assert places() == before
    shell.resize(1300, 810)
    assert places()[:-1] == before[:-1]
    apply(qapp, "light")


def test_that_tab_goes_through_the_page_before_the_status_line(qapp: QApplication, qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    made = Shell()
    QVBoxLayout(window).addWidget(made)
    page = QWidget()
    line = QVBoxLayout(page)
    made.add_room("one", "One", "graph", lambda: page)
    made.open_room("one")
    late = search_field("late", "Late", "Late")
    line.addWidget(late)
    made.add_room("two", "Two", "runs", QWidget)
    made.open_room("two")
    made.open_room("one")
    window.show()
    window.activateWindow()
    late.setFocus()
    qtbot.keyClick(late, Qt.Key.Key_Tab)
    assert window.focusWidget() is made.status.actions_button


def test_that_escape_puts_the_message_away(shell: Shell, qtbot: QtBot) -> None:
    shell.show()
    shell.message.show_message("Something went wrong")
    qtbot.keyClick(shell, Qt.Key.Key_Escape)
    assert not shell.message.isVisible()
