"""A line across a chart at a step that means something, with a word beside it."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from widgets.look.theme import current


class StepMark:
    """Lives on a plot; hidden until it is given a step. ``place``: how high its words stand, 0 to 1."""

    def __init__(self, plot: pg.PlotWidget, place: float = 0.94) -> None:
        self.line = pg.InfiniteLine(
            angle=90, movable=False, label="", labelOpts={"position": place, "movable": False}
        )
        self.line.setZValue(5)
        plot.addItem(self.line, ignoreBounds=True)
        self.line.hide()

    @property
    def words(self) -> str:
        """What stands beside the line now."""
        return str(self.line.label.toPlainText())

    def set_mark(self, step: int, words: str) -> None:
        """Stand after ``step`` steps and say ``words``; 0 goes away."""
        self.line.setVisible(step > 0)  # first: a hidden label does not take its words
        self.line.setPos(step)
        self.line.label.setFormat(words)

    def dress(self) -> None:
        """Take the colours of the theme."""
        pen = QPen(QColor(current().dim), 1.25, Qt.PenStyle.DashLine)
        pen.setCosmetic(True)
        self.line.setPen(pen)
        self.line.label.setColor(QColor(current().dim))
        self.line.label.fill = pg.mkBrush(current().surface)
