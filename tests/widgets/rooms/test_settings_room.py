"""The Settings room: shows what is chosen without a signal, tells what a person chooses."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from engines.contract.capabilities import DeviceView, EngineReport
from tests.widgets.shown import cut, nameless, outside
from widgets.look.theme import apply
from widgets.rooms.settings import EngineLine, SettingsRoom

LEFT = Qt.MouseButton.LeftButton
REPORT = EngineReport("torch", "2.13.0", (DeviceView("cpu", "CPU · 2 cores"), DeviceView("cuda:0", "H100")))
ENGINES = [
    EngineLine("torch", "PyTorch", "ready", REPORT, facts=("Python 3.11.7",)),
    EngineLine("jax", "JAX", "missing", install="pip install jax==0.10.2"),
    EngineLine("mxnet", "MXNet", "broken", reason="It ended with an ImportError while it started."),
    EngineLine("tf", "TensorFlow", "checking"),
]


@pytest.fixture
def room(qapp: QApplication, qtbot: QtBot) -> SettingsRoom:
    apply(qapp, "light")
    made = SettingsRoom()
    qtbot.addWidget(made)
    made.set_engines(ENGINES)
    made.resize(1216, 722)
    made.show()
    return made


def tick(qtbot: QtBot, button: QAbstractButton) -> None:
    qtbot.mouseClick(button, LEFT, pos=QPoint(14, button.height() // 2))


def test_that_showing_what_is_chosen_is_no_choice(room: SettingsRoom, qtbot: QtBot) -> None:
    with (
        qtbot.assertNotEmitted(room.theme_chosen),
        qtbot.assertNotEmitted(room.motion_reduced),
        qtbot.assertNotEmitted(room.in_process_changed),
    ):
        room.set_theme("dark")
        room.set_switches(reduced_motion=True, in_process=True)
    assert room.themes["dark"].isChecked()
    assert room.reduced.isChecked()
    assert room.in_process.isChecked()


@pytest.mark.parametrize("scheme", ["light", "dark", "system"])
def test_that_a_theme_is_chosen_by_a_click(room: SettingsRoom, qtbot: QtBot, scheme: str) -> None:
    room.set_theme("light" if scheme != "light" else "dark")
    with qtbot.waitSignal(room.theme_chosen) as chosen:
        tick(qtbot, room.themes[scheme])
    assert chosen.args == [scheme]


def test_that_the_switches_are_told(room: SettingsRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.motion_reduced) as told:
        tick(qtbot, room.reduced)
    assert told.args == [True]
    with qtbot.waitSignal(room.in_process_changed) as told:
        qtbot.keyClick(room.in_process, Qt.Key.Key_Space)
    assert told.args == [True]


def test_that_each_engine_says_how_it_is(room: SettingsRoom) -> None:
    words = {label.text() for label in room.findChildren(QLabel)}
    assert {"PyTorch 2.13.0", "CPU · 2 cores, H100 · Python 3.11.7"} <= words
    assert "Install it with: pip install jax==0.10.2" in words
    assert "It ended with an ImportError while it started." in words
    assert not room.rows[3].button.isEnabled()


def test_that_the_command_of_a_missing_engine_is_copied(room: SettingsRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.install_requested) as asked:
        qtbot.mouseClick(room.rows[1].button, LEFT)
    assert asked.args == ["jax"]
    assert QApplication.clipboard().text() == "pip install jax==0.10.2"


def test_that_an_engine_is_looked_for_again(room: SettingsRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.probe_requested) as asked:
        qtbot.mouseClick(room.rows[2].button, LEFT)
    assert asked.args == ["mxnet"]


def test_that_engines_told_again_replace_the_old_rows(room: SettingsRoom) -> None:
    room.set_engines(ENGINES[:1])
    assert [row.line.name for row in room.rows] == ["torch"]


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_no_text_is_cut(qapp: QApplication, qtbot: QtBot, scale: float) -> None:
    apply(qapp, "light", scale)
    room = SettingsRoom()
    qtbot.addWidget(room)
    room.set_engines(ENGINES)
    room.resize(round(1216 * scale), round(722 * scale))
    room.show()
    qtbot.waitUntil(lambda: cut(room) == [])
    assert (nameless(room), outside(room)) == ([], [])
    apply(qapp, "light")
