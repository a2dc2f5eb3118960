"""Two graphs side by side are seen at one zoom and begin at one height, however different they are."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.canvas.sheets import chain
from widgets.canvas.model import Sheet
from widgets.canvas.panel import CanvasPanel
from widgets.canvas.view import Canvas

NAMES = [f"layer{place}" for place in range(20)]
WIDE = chain(*NAMES, skips=tuple((NAMES[place], NAMES[-1 - place]) for place in range(6)))
LONG, SHORT = chain(*NAMES), chain(*NAMES[:3])


class Pair(QWidget):
    """Two panels beside one another, as the Graph room has them."""

    def __init__(self) -> None:
        super().__init__()
        self.panels = CanvasPanel("left", compact=True), CanvasPanel("right", compact=True)
        line = QHBoxLayout(self)
        for panel in self.panels:
            line.addWidget(panel)
        left, right = self.canvases
        left.placing.pair_with(right.placing, self)
        self.resize(620, 640)

    @property
    def canvases(self) -> tuple[Canvas, Canvas]:
        return self.panels[0].canvas, self.panels[1].canvas

    def show_sheets(self, *sheets: Sheet) -> None:
        for panel, sheet in zip(self.panels, sheets):
            panel.canvas.show_sheet(sheet)
        QApplication.processEvents()


@pytest.fixture
def pair(qtbot: QtBot) -> Pair:
    made = Pair()
    qtbot.addWidget(made)
    made.show()
    qtbot.waitExposed(made)
    return made


def tops(pair: Pair) -> list[int]:
    return [canvas.place_of(NAMES[0]).y() for canvas in pair.canvases]


@pytest.mark.parametrize("sheets", [(WIDE, LONG), (LONG, WIDE), (WIDE, SHORT), (SHORT, LONG), (SHORT, SHORT)])
def test_that_a_pair_has_one_zoom_and_begins_at_one_height(pair: Pair, sheets: tuple[Sheet, Sheet]) -> None:
    pair.show_sheets(*sheets)
    left, right = pair.canvases
    assert left.zoom_level == pytest.approx(right.zoom_level)
    assert tops(pair)[0] == pytest.approx(tops(pair)[1], abs=1)
    assert all(canvas.seen().top() <= canvas.bounds.top() for canvas in pair.canvases)


def test_that_a_pair_keeps_one_zoom_when_the_window_grows(pair: Pair) -> None:
    pair.show_sheets(WIDE, SHORT)
    before = pair.canvases[1].zoom_level
    pair.resize(1400, 900)
    QApplication.processEvents()
    left, right = pair.canvases
    assert left.zoom_level == pytest.approx(right.zoom_level)
    assert right.zoom_level > before


def test_that_a_graph_whose_neighbour_is_hidden_takes_its_own_zoom(pair: Pair) -> None:
    pair.show_sheets(SHORT, WIDE)
    paired = pair.canvases[0].zoom_level
    pair.panels[1].hide()
    QApplication.processEvents()
    assert pair.canvases[0].zoom_level > paired


def test_that_a_zoom_by_hand_is_left_alone_by_the_neighbour(pair: Pair) -> None:
    pair.show_sheets(LONG, LONG)
    left, right = pair.canvases
    left.zoom(1.7)
    zoomed = left.zoom_level
    right.show_sheet(WIDE)
    assert left.zoom_level == zoomed
