"""The header at its fullest: everything has a place at 1280 pixels, whatever the size of text."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from tests.e2e.seen import faults
from widgets.controls import DropRow, DropSection
from widgets.frame.header import RUN_STATES, Header
from widgets.look.theme import apply

MODES = [
    DropSection("precision", "Precision", (DropRow("bf16", "BF16 mixed", short="BF16"),), "bf16"),
    DropSection("run_mode", "Run mode", (DropRow("", "Hybridized", short="hybridized"),), ""),
]


def make(qtbot: QtBot, width: int = 1280) -> Header:
    header = Header()
    qtbot.addWidget(header)
    header.set_names("A project with quite a long name", "residual-network-for-digits")
    header.set_badge("Engine runs inside this process")
    header.engine.set_rows([DropRow("tensorflow", "TensorFlow 2.21")])
    header.device.set_rows([DropRow("cuda:0", "NVIDIA H100 80GB HBM3", "80 GB")])
    header.mode.set_sections(MODES)
    header.resize(width, header.height())
    header.show()
    return header


@pytest.mark.parametrize("state", RUN_STATES)
@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_nothing_is_cut_or_pushed_out(
    qapp: QApplication, qtbot: QtBot, scale: float, state: str
) -> None:
    apply(qapp, "light", scale)
    header = make(qtbot)
    header.set_state(state)
    qtbot.waitUntil(lambda: faults(header) == [])
    assert header.width() == 1280
    apply(qapp, "light")


def test_that_with_common_names_nothing_is_shortened(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, "light", 2.0)
    header = make(qtbot)
    header.set_names("Digits", "digits-mlp")
    header.set_badge("")
    header.device.set_rows([DropRow("cpu", "CPU")])
    header.engine.set_rows([DropRow("torch", "PyTorch 2.13")])
    qtbot.waitUntil(lambda: not header.mode._is_elided())
    assert not header.engine._is_elided()
    assert header.project.shown_text() == "Digits"
    apply(qapp, "light")


def test_that_what_is_shortened_tells_its_whole_words(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, "light", 2.0)
    header = make(qtbot, 1100)
    header.set_state("training")
    qtbot.waitUntil(header.device._is_elided)
    event = QHelpEvent(QEvent.Type.ToolTip, QPoint(5, 5), header.device.mapToGlobal(QPoint(5, 5)))
    QApplication.sendEvent(header.device, event)
    assert QToolTip.text() == "NVIDIA H100 80GB HBM3\nIt can be changed when the run has ended."
    QToolTip.hideText()
    apply(qapp, "light")


def test_that_precision_and_mode_are_fixed_while_a_run_goes_on(qapp: QApplication, qtbot: QtBot) -> None:
    apply(qapp, "light")
    header = make(qtbot)
    header.set_state("training")
    assert not header.mode.isEnabled()
    header.set_state("idle")
    assert header.mode.isEnabled()
