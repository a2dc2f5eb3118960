"""The sheets: which engines are compared and how, and on which engine a run goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.shown import cut, nameless
from widgets.comparing.sheet import CompareSheet, ContinueSheet
from widgets.comparing.shown import EngineChoice, GoOn
from widgets.controls.scrolling import Scrolling
from widgets.look.theme import apply

LEFT = Qt.MouseButton.LeftButton
ENGINES = [
    EngineChoice("torch", "PyTorch"),
    EngineChoice("tensorflow", "TensorFlow"),
    EngineChoice("mxnet", "MXNet", reason="not installed"),
]


@pytest.fixture
def parent(qapp: QApplication, qtbot: QtBot) -> QWidget:
    apply(qapp, "light")
    holder = QWidget()
    qtbot.addWidget(holder)
    holder.show()
    return holder


def compare(parent: QWidget, *, dropout: bool = True) -> CompareSheet:
    sheet = CompareSheet(ENGINES, 20, "fp32", dropout=dropout, parent=parent)
    sheet.open()
    return sheet


def test_that_what_is_installed_is_chosen_and_the_rest_says_why_not(parent: QWidget) -> None:
    sheet = compare(parent)
    assert [box.isChecked() for box in sheet.engines.values()] == [True, True, False]
    assert [box.isEnabled() for box in sheet.engines.values()] == [True, True, False]
    assert sheet.act.isEnabled()


def test_that_enter_compares_with_the_check_and_without_dropout(parent: QWidget, qtbot: QtBot) -> None:
    sheet = compare(parent)
    with qtbot.waitSignal(sheet.chosen) as chosen:
        qtbot.keyClick(sheet, Qt.Key.Key_Return)
    assert chosen.args == [["torch", "tensorflow"], ["check", "whole"], False, {}]


def test_that_a_device_is_picked_where_an_engine_lists_more_than_one(parent: QWidget, qtbot: QtBot) -> None:
    several = replace(ENGINES[1], devices=(("cpu", "CPU"), ("cuda:0", "Big GPU (cuda:0)")))
    one = replace(ENGINES[0], devices=(("cpu", "CPU"),))
    sheet = CompareSheet([one, several], 20, "fp32", dropout=False, parent=parent)
    sheet.open()
    assert list(sheet.devices) == ["tensorflow"]
    field = sheet.devices["tensorflow"]
    assert field.currentText() == "CPU"
    sheet.engines["tensorflow"].click()
    assert not field.isEnabled()
    sheet.engines["tensorflow"].click()
    field.setFocus()
    qtbot.keyClick(field, Qt.Key.Key_Down)
    assert (cut(sheet), nameless(sheet)) == ([], [])
    with qtbot.waitSignal(sheet.chosen) as chosen:
        qtbot.mouseClick(sheet.act, LEFT)
    assert chosen.args == [["torch", "tensorflow"], ["check", "whole"], False, {"tensorflow": "cuda:0"}]


def test_that_an_engine_is_compared_with_itself_in_another_mode_or_on_another_device(
    parent: QWidget, qtbot: QtBot
) -> None:
    devices = ("cpu", "CPU"), ("cuda:0", "Big GPU (cuda:0)")
    several = replace(ENGINES[0], devices=devices, also=(("compiled", "Compiled"), devices[1]))
    sheet = CompareSheet([several, *ENGINES[1:]], 20, "fp32", dropout=False, parent=parent)
    sheet.open()
    assert list(sheet.also) == ["torch"]
    again = sheet.also["torch"]
    assert again.currentText() == "Once"
    sheet.engines["tensorflow"].click()
    assert not sheet.act.isEnabled()
    again.setFocus()
    qtbot.keyClick(again, Qt.Key.Key_Down)
    assert again.currentText() == "And Compiled"
    assert sheet.act.isEnabled()
    assert (cut(sheet), nameless(sheet)) == ([], [])
    qtbot.keyClick(again, Qt.Key.Key_Down)
    sheet.devices["torch"].setCurrentIndex(1)
    assert not sheet.act.isEnabled()  # the same device twice is no comparison
    qtbot.keyClick(again, Qt.Key.Key_Up)
    with qtbot.waitSignal(sheet.chosen) as chosen:
        qtbot.mouseClick(sheet.act, LEFT)
    assert chosen.args == [["torch", "torch:compiled"], ["check", "whole"], False, {"torch": "cuda:0"}]


def test_that_dropout_stays_only_where_a_person_says_so(parent: QWidget, qtbot: QtBot) -> None:
    sheet = compare(parent)
    sheet.dropout.click()
    sheet.check.click()
    with qtbot.waitSignal(sheet.chosen) as chosen:
        qtbot.mouseClick(sheet.act, LEFT)
    assert chosen.args == [["torch", "tensorflow"], ["whole"], True, {}]


def test_that_a_design_without_dropout_is_not_asked_about_it(parent: QWidget) -> None:
    sheet = compare(parent, dropout=False)
    assert not sheet.dropout.isVisible()
    assert not sheet.dropout_hint.isVisible()


def test_that_one_engine_or_nothing_to_train_cannot_be_compared_and_says_why(parent: QWidget) -> None:
    sheet = compare(parent)
    sheet.engines["torch"].click()
    assert not sheet.act.isEnabled()
    assert sheet.act.toolTip() == "Choose two engines at least, or one against itself."
    sheet.engines["torch"].click()
    sheet.check.click()
    sheet.whole.click()
    assert sheet.act.toolTip() == "Choose what is to be trained."


def test_that_escape_changes_nothing(parent: QWidget, qtbot: QtBot) -> None:
    sheet = compare(parent)
    with qtbot.assertNotEmitted(sheet.chosen), qtbot.waitSignal(sheet.rejected):
        qtbot.keyClick(sheet, Qt.Key.Key_Escape)


def test_that_a_run_continues_where_how_and_for_how_long_a_person_says(parent: QWidget, qtbot: QtBot) -> None:
    sheet = ContinueSheet("digits", ENGINES, 20, 40, parent)
    sheet.open()
    assert [sheet.engine.itemData(place) for place in range(sheet.engine.count())] == ["torch", "tensorflow"]
    sheet.engine.setCurrentIndex(1)
    sheet.checkpoint.setCurrentIndex(1)
    sheet.epochs.setValue(7)
    with qtbot.waitSignal(sheet.chosen) as chosen:
        qtbot.mouseClick(sheet.act, LEFT)
    assert chosen.args == [GoOn("tensorflow", "", "", "best", 7)]


def test_that_a_run_continues_on_a_device_of_the_kind_it_had_unless_a_person_picks_another(
    parent: QWidget, qtbot: QtBot
) -> None:
    several = replace(ENGINES[1], devices=(("cpu", "CPU"), ("cuda:1", "Big GPU (cuda:1)")))
    one = replace(ENGINES[0], devices=(("cpu", "CPU"),))
    sheet = ContinueSheet("digits", [one, several], 20, 40, parent, device="cuda:0")
    sheet.open()
    assert not sheet.device.isVisible()
    sheet.engine.setCurrentIndex(1)
    assert sheet.device.isVisible()
    assert sheet.device.currentText() == "Big GPU (cuda:1)"
    assert (cut(sheet), nameless(sheet)) == ([], [])
    sheet.device.setFocus()
    qtbot.keyClick(sheet.device, Qt.Key.Key_Up)
    with qtbot.waitSignal(sheet.chosen) as chosen:
        qtbot.mouseClick(sheet.act, LEFT)
    assert chosen.args == [GoOn("tensorflow", "cpu", "", "last", 20)]


def test_that_a_run_keeps_its_precision_where_the_engine_has_it_and_else_one_can_be_picked(
    parent: QWidget, qtbot: QtBot
) -> None:
    all_of_them = replace(ENGINES[0], precisions=("fp32", "fp64", "bf16", "fp16"))
    two = replace(ENGINES[1], precisions=("fp32", "fp64"))
    sheet = ContinueSheet("digits", [all_of_them, two], 20, 40, parent, precision="bf16")
    sheet.open()
    assert sheet.precision.currentText() == "BF16 mixed"
    sheet.engine.setCurrentIndex(1)
    assert sheet.precision.currentText() == "FP32"
    assert (cut(sheet), nameless(sheet)) == ([], [])
    with qtbot.waitSignal(sheet.chosen) as chosen:
        qtbot.mouseClick(sheet.act, LEFT)
    assert chosen.args == [GoOn("tensorflow", "", "fp32", "last", 20)]


def test_that_without_an_engine_nothing_continues(parent: QWidget) -> None:
    sheet = ContinueSheet("digits", ENGINES[2:], 20, 40, parent)
    sheet.open()
    assert not sheet.act.isEnabled()
    assert sheet.act.toolTip() == "No engine is installed."


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_that_no_word_of_a_sheet_is_cut(
    qapp: QApplication, parent: QWidget, qtbot: QtBot, scale: float
) -> None:
    apply(qapp, "light", scale)
    for sheet in (compare(parent), ContinueSheet("digits-cnn", ENGINES, 20, 40, parent)):
        sheet.open()
        qtbot.waitUntil(lambda sheet=sheet: cut(sheet) == [])  # type: ignore[misc]
        assert nameless(sheet) == []
        sheet.reject()
    apply(qapp, "light")


def test_that_a_sheet_with_large_text_is_no_higher_than_the_screen_and_scrolls(
    qapp: QApplication, parent: QWidget, qtbot: QtBot
) -> None:
    apply(qapp, "light", 2.0)
    sheet = compare(parent)
    area = sheet.findChild(Scrolling)
    assert isinstance(area, Scrolling)

    def last_is_reached() -> bool:
        area.ensureWidgetVisible(sheet.dropout)
        return sheet.dropout.mapTo(sheet, QPoint(0, 0)).y() < sheet.act.y() < sheet.height()

    qtbot.waitUntil(last_is_reached)
    assert sheet.height() <= sheet.screen().availableGeometry().height()
    sheet.reject()
    apply(qapp, "light")
