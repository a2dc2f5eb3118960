"""The Ship room's card for a file in the engine's own format."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines.contract.views import ExportView, ProofView, SavedView
from widgets.look.theme import apply
from widgets.rooms.ship import ShipRoom

SAVED = SavedView(
    ExportView("/p/artifacts/model.keras", "", 211_000, 0, "keras 3.15.1"),
    ProofView("passed", 256, 2.4e-6, 3e-7, 1e-5, reference_max=6.0),
    measured="2026-11-23T12:00:00+00:00",
    files={},
)


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> ShipRoom:
    apply(qapp, "light")
    made = ShipRoom()
    qtbot.addWidget(made)
    made.resize(1216, 722)
    made.show_export(ExportView("/p/model.onnx", "", 163_000, 18, "tf2onnx"))
    made.show()
    return made


def test_that_each_format_of_the_engine_has_its_button(room: ShipRoom, qtbot: QtBot) -> None:
    room.set_formats("TensorFlow", ("keras", "savedmodel"))
    for ending in ("keras", "savedmodel"):
        with qtbot.waitSignal(room.save_requested, timeout=1000) as heard:
            QTest.mouseClick(room.own.buttons[ending], Qt.MouseButton.LeftButton)
        assert heard.args == [ending]


def test_that_an_engine_without_a_format_has_no_card(room: ShipRoom) -> None:
    room.set_formats("Fake", ())
    assert not room.own.isVisible()


def test_that_a_saved_file_shows_its_error_and_the_way_to_it(room: ShipRoom, qtbot: QtBot) -> None:
    room.set_formats("TensorFlow", ("keras",))
    room.show_saved(SAVED)
    assert room.own.verdict.text == "Proven"
    assert room.own.name.text() == "model.keras"
    with qtbot.waitSignal(room.folder_requested, timeout=1000) as heard:
        QTest.mouseClick(room.own.button, Qt.MouseButton.LeftButton)
    assert heard.args == [SAVED.view.target]


def test_that_another_run_begins_without_the_file_of_the_last(room: ShipRoom) -> None:
    room.set_formats("TensorFlow", ("keras",))
    room.show_saved(SAVED)
    room.clear()
    room.show_export(ExportView("/q/model.onnx", "", 1000, 18, "tf2onnx"))
    assert not room.own.name.isVisible()
    assert "without Modelwright" in room.own.none.text()
