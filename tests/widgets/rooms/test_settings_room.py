"""The Settings room: shows what is chosen without a signal, tells what a person chooses."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication
from pytestqt.qtbot import QtBot

from tests.widgets.settings.samples import ALL, INSTALLING, LINES, MXNET, TORCH
from tests.widgets.shown import cut, inputs, nameless, outside
from widgets.look.theme import apply
from widgets.rooms.settings import SettingsRoom

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def room(qapp: QApplication, qtbot: QtBot) -> SettingsRoom:
    apply(qapp, "light")
    made = SettingsRoom()
    qtbot.addWidget(made)
    made.set_engines(ALL)
    made.resize(1216, 722)
    made.show()
    return made


def tick(qtbot: QtBot, button: QAbstractButton) -> None:
    qtbot.mouseClick(button, LEFT, pos=QPoint(14, button.height() // 2))


def shown(room: SettingsRoom) -> list[str]:
    return [name for name, page in room.engine_pages.items() if page.isVisible()]


def test_that_showing_what_is_chosen_is_no_choice(room: SettingsRoom, qtbot: QtBot) -> None:
    with (
        qtbot.assertNotEmitted(room.theme_chosen),
        qtbot.assertNotEmitted(room.in_process_changed),
    ):
        room.set_theme("dark")
        room.set_in_process(True)
    assert room.themes["dark"].isChecked()
    assert room.in_process.isChecked()


@pytest.mark.parametrize("scheme", ["light", "dark", "system"])
def test_that_a_theme_is_chosen_by_a_click(room: SettingsRoom, qtbot: QtBot, scheme: str) -> None:
    room.set_theme("light" if scheme != "light" else "dark")
    with qtbot.waitSignal(room.theme_chosen) as chosen:
        tick(qtbot, room.themes[scheme])
    assert chosen.args == [scheme]


def test_that_the_bin_is_emptied_only_where_there_is_something_in_it(
    room: SettingsRoom, qtbot: QtBot
) -> None:
    assert not room.empty_bin.isEnabled()
    room.set_bin("2 runs, 3.1 MB", can_be_emptied=True)
    assert room.bin.text() == "2 runs, 3.1 MB"
    with qtbot.waitSignal(room.empty_bin_requested):
        qtbot.mouseClick(room.empty_bin, LEFT)


def test_that_the_switch_is_told(room: SettingsRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.in_process_changed) as told:
        qtbot.keyClick(room.in_process, Qt.Key.Key_Space)
    assert told.args == [True]


def test_that_each_engine_says_in_the_list_how_it_is(room: SettingsRoom) -> None:
    assert [item.accessibleName() for item in room.engines.items.values()] == [
        "PyTorch: 2.13.0",
        "TensorFlow: ready, with a warning",
        "JAX: not installed",
        "MXNet: does not work",
        "ONNX Runtime: 1.27.1",
    ]


def test_that_a_click_opens_the_page_about_an_engine(room: SettingsRoom, qtbot: QtBot) -> None:
    assert shown(room) == ["torch"]
    with qtbot.waitSignal(room.engine_opened) as opened:
        qtbot.mouseClick(room.engines.items["mxnet"], LEFT)
    assert opened.args == ["mxnet"]
    assert shown(room) == ["mxnet"]


def test_that_arrows_walk_the_engines(room: SettingsRoom, qtbot: QtBot) -> None:
    qtbot.keyClick(room.engines.items["torch"], Qt.Key.Key_Down)
    assert shown(room) == ["tensorflow"]
    qtbot.keyClick(room.engines.items["torch"], Qt.Key.Key_Up)
    assert shown(room) == ["onnxruntime"]


def test_that_opening_a_page_is_no_choice(room: SettingsRoom, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(room.engine_opened):
        room.open_engine("jax")
        room.open_engine("nobody")
    assert shown(room) == ["jax"]


def test_that_the_open_page_stays_when_engines_are_told_again(room: SettingsRoom) -> None:
    room.open_engine("mxnet")
    room.set_engines(ALL)
    assert shown(room) == ["mxnet"]
    assert [name for name, item in room.engines.items.items() if item.isChecked()] == ["mxnet"]


def test_that_what_a_page_asks_for_comes_with_its_engines_name(room: SettingsRoom, qtbot: QtBot) -> None:
    room.open_engine("mxnet")
    page = room.engine_pages["mxnet"]
    with qtbot.waitSignal(room.probe_requested) as asked:
        qtbot.mouseClick(page.again, LEFT)
    assert asked.args == ["mxnet"]
    with qtbot.waitSignal(room.mend_requested) as asked:
        qtbot.mouseClick(page.panels[0].button, LEFT)
    assert asked.args == ["mxnet", "repair"]
    with qtbot.waitSignal(room.interpreter_chosen) as asked:
        page.interpreter.choice.menu().actions()[1].trigger()
    assert asked.args == ["mxnet", "/usr/bin/python3.10"]


def test_that_lines_go_to_their_engines_log(room: SettingsRoom) -> None:
    room.set_engines([INSTALLING if view.name == "jax" else view for view in ALL])
    room.add_install_lines("jax", LINES)
    assert room.engine_pages["jax"].install.log.toPlainText() == "\n".join(LINES)
    assert room.engine_pages["torch"].install.log.toPlainText() == ""


def test_that_a_page_is_as_high_as_it_alone_needs(room: SettingsRoom, qtbot: QtBot) -> None:
    bar = room._right.verticalScrollBar()
    room.open_engine("mxnet")
    qtbot.waitUntil(lambda: bar.maximum() == 0)
    room.resize(1216, 320)
    qtbot.waitUntil(lambda: bar.maximum() > 0)


def test_that_tab_reaches_every_control(room: SettingsRoom, qtbot: QtBot) -> None:
    room.activateWindow()
    room.open_engine("mxnet")
    room.engines.items["torch"].setFocus()
    reached = set()
    for _ in range(60):
        here = room.focusWidget() or room
        reached.add(here.objectName())
        qtbot.keyClick(here, Qt.Key.Key_Tab)
    unchecked = {button.objectName() for button in room.themes.values() if not button.isChecked()}
    wanted = {child.objectName() for child in inputs(room) if child.isVisible() and child.isEnabled()}
    assert wanted - unchecked <= reached


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_no_text_on_any_engines_page_is_cut(qapp: QApplication, qtbot: QtBot, scale: float) -> None:
    apply(qapp, "light", scale)
    room = SettingsRoom()
    qtbot.addWidget(room)
    room.set_engines(ALL)
    room.resize(1216, round(722 * scale * 1.5))
    room.show()
    for view in ALL:
        room.open_engine(view.name)
        qtbot.waitUntil(lambda: cut(room) == [])
        assert (view.name, nameless(room), outside(room)) == (view.name, [], [])
        assert room._right.horizontalScrollBar().maximum() == 0
        assert room._left.horizontalScrollBar().maximum() == 0
    apply(qapp, "light")


def test_that_a_bar_narrows_neither_column(room: SettingsRoom, qtbot: QtBot) -> None:
    parts = (room.engines, room.engine_pages["torch"])
    areas = (room._left, room._right)
    room.resize(1216, 1200)
    qtbot.waitUntil(lambda: not any(area.bar.isVisible() for area in areas))
    before = [part.width() for part in parts]
    room.resize(1216, 200)
    qtbot.waitUntil(lambda: all(area.bar.isVisible() for area in areas))
    assert [part.width() for part in parts] == before


def test_that_a_page_says_what_its_record_says(room: SettingsRoom) -> None:
    assert room.engine_pages["torch"].title.text() == f"PyTorch {TORCH.version}"
    assert room.engine_pages["mxnet"].summary.text() == MXNET.summary


def test_that_an_installation_that_begins_is_brought_into_sight(room: SettingsRoom, qtbot: QtBot) -> None:
    room.open_engine("jax")
    room.resize(1216, 240)
    bar = room._right.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    running = [INSTALLING if view.name == "jax" else view for view in ALL]
    room.set_engines(running)
    assert bar.value() == 0
    qtbot.waitUntil(lambda: bar.maximum() > 50)
    bar.setValue(50)
    room.set_engines(running)  # a next line of its log leaves a reader where he is
    assert bar.value() == 50


def test_that_tab_goes_from_the_engines_down_and_then_through_the_page_from_its_top(
    room: SettingsRoom, qtbot: QtBot
) -> None:
    room.set_theme("system")
    room.open_engine("mxnet")
    first = room.engines.items["torch"]
    first.setFocus()
    names: list[str] = []
    while (focus := QApplication.focusWidget()) is not None and focus.objectName() not in names:
        names.append(focus.objectName())
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    listed = [f"engine_{name}" for name in room.engines.items]
    order = [
        *listed,
        "theme_system",
        "run_in_process",
        "engine_mxnet_probe",
        "mend_mxnet_0",
        "interpreter_mxnet",
    ]
    assert [name for name in names if name in order] == order
