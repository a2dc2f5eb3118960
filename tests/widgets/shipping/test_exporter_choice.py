"""Who writes the file: a small choice beside the button, the same on the empty page and on the full one."""

from __future__ import annotations

import pytest

pytest.importorskip("PySide6")

from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engines.contract.views import ExportView
from widgets.controls import DropButton, FieldRow
from widgets.look import theme
from widgets.rooms.ship import ShipRoom

NAMES = ("ship_exporter", "ship_empty_exporter")


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> ShipRoom:
    theme.apply(qapp, "light")
    made = ShipRoom()
    qtbot.addWidget(made)
    made.resize(1216, 722)
    made.show()
    made.set_exporters("PyTorch")
    made.set_exportable(True)
    return made


def choice(room: QWidget, name: str) -> DropButton:
    found = room.findChild(DropButton, name)
    assert isinstance(found, DropButton)
    return found


def test_that_the_engines_exporter_is_chosen_at_first(room: ShipRoom) -> None:
    for name in NAMES:
        assert choice(room, name).text() == "PyTorch’s exporter"
        titles = [action.property("title") for action in choice(room, name).menu().actions()]
        assert titles == ["PyTorch’s exporter", "The design’s own exporter"]


def test_that_each_page_shows_its_own_choice(room: ShipRoom) -> None:
    assert choice(room, "ship_empty_exporter").isVisible()
    assert not choice(room, "ship_exporter").isVisible()
    room.show_export(ExportView("/runs/7/artifacts/model.onnx", "", 100, 20, "modelwright"))
    assert choice(room, "ship_exporter").isVisible()
    assert not choice(room, "ship_empty_exporter").isVisible()


@pytest.mark.parametrize("name", NAMES)
def test_that_a_choice_is_told_once_and_shown_on_both_pages(room: ShipRoom, qtbot: QtBot, name: str) -> None:
    with qtbot.waitSignal(room.exporter_chosen) as told:
        choice(room, name).menu().actions()[1].trigger()
    assert told.args == ["design"]
    assert [choice(room, each).key for each in NAMES] == ["design", "design"]
    assert choice(room, name).accessibleName() == "Exporter: The design’s own exporter"


def test_that_the_choice_outlives_the_next_look_at_the_run(room: ShipRoom) -> None:
    room.set_exporters("TensorFlow", "design")
    assert [choice(room, name).key for name in NAMES] == ["design", "design"]
    assert choice(room, "ship_exporter").menu().actions()[0].property("title") == "TensorFlow’s exporter"


def test_that_without_a_run_there_is_nothing_to_choose(room: ShipRoom) -> None:
    room.set_exportable(False, "Train a design first.")
    assert not any(choice(room, name).isEnabled() for name in NAMES)
    room.set_exportable(True)
    assert all(choice(room, name).isEnabled() for name in NAMES)


def test_that_the_file_says_who_wrote_it(room: ShipRoom) -> None:
    room.show_export(ExportView("/runs/7/artifacts/model.onnx", "", 100, 20, "modelwright"))
    told = {row.title.text(): row.field for row in room.file.findChildren(FieldRow)}
    assert told["Written by"].property("text") == "Modelwright"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_that_the_words_are_not_cut(room: ShipRoom, qapp: QApplication, scheme: str) -> None:
    theme.apply(qapp, scheme)
    room.set_exporters("TensorFlow", "design")
    for name in NAMES:
        button = choice(room, name)
        assert button.minimumSizeHint().width() >= button.fontMetrics().horizontalAdvance(button.text())
