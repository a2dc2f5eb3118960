"""A mark on a chart: where one engine handed the run to another."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets.charts.loss_chart import LossChart
from widgets.look.theme import apply
from widgets.look.tokens import DARK


@pytest.fixture
def chart(qapp: QApplication, qtbot: QtBot) -> LossChart:
    apply(qapp, "light")
    made = LossChart("loss_chart", "Loss")
    qtbot.addWidget(made)
    made.show()
    return made


def test_that_a_mark_stands_at_its_step_with_its_words_and_goes_again(chart: LossChart) -> None:
    mark = chart._mark
    assert not mark.line.isVisible()
    chart.set_mark(70, "PyTorch → TensorFlow")
    assert mark.line.isVisible()
    assert mark.line.value() == 70
    assert mark.words == "PyTorch → TensorFlow"
    chart.set_mark(0, "")
    assert not mark.line.isVisible()


def test_that_a_mark_outlives_new_curves_and_takes_the_themes_colour(
    chart: LossChart, qapp: QApplication
) -> None:
    chart.set_mark(70, "A → B")
    chart.clear()
    assert chart._mark.line.isVisible()
    apply(qapp, "dark")
    assert chart._mark.line.pen.color() == QColor(DARK.dim)
    apply(qapp, "light")
