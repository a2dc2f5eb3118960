"""The crosshair and the small panel that says every series' value under the pointer."""

from __future__ import annotations

import math

import pyqtgraph as pg
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QLabel

from widgets.charts.numbers import number_text
from widgets.charts.trace import Trace
from widgets.look.theme import current


class Readout:
    """Lives on a plot; shows at a step what each listed series is there."""

    def __init__(self, plot: pg.PlotWidget) -> None:
        self._plot = plot
        self.unit, self.steps_per_unit = "step", 1.0
        self.line = pg.InfiniteLine(angle=90, movable=False)
        self.panel = QLabel(plot)
        self.panel.setProperty("readout", True)
        self.panel.setTextFormat(Qt.TextFormat.RichText)
        self.panel.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        plot.addItem(self.line, ignoreBounds=True)
        self.hide_all()

    def dress(self) -> None:
        """Take the colours of the theme."""
        self.line.setPen(QPen(QColor(current().faint), 0, Qt.PenStyle.DashLine))

    def hide_all(self) -> None:
        """Take crosshair and panel away."""
        self.line.hide()
        self.panel.hide()

    def show_at(self, step: float, traces: list[Trace], percent: bool) -> None:
        """Show the values nearest to ``step``."""
        near = [(trace, found) for trace in traces if (found := trace.at(step)) is not None]
        if not near:
            self.hide_all()
            return
        here = min((found[0] for _, found in near), key=lambda at: abs(at - step))
        self.line.setPos(here)
        self.line.show()
        self.panel.setText(self.words(here, near, percent))
        self.panel.adjustSize()
        self._place(here)
        self.panel.show()

    def words(self, here: int, near: list[tuple[Trace, tuple[int, float]]], percent: bool) -> str:
        """Return the panel's text for ``here``."""
        where = f"step {here:,}"
        if self.unit != "step":
            where = f"{self.unit} {here / self.steps_per_unit:.2f} · {where}"
        rows = "".join(
            f"<tr><td style='color:{trace.colour()}'>●&nbsp;</td><td>{trace.title}&nbsp;&nbsp;</td>"
            f"<td align='right'><b>{_value(value, percent)}</b></td></tr>"
            for trace, (_, value) in near
        )
        return f"<span style='color:{current().dim}'>{where}</span><table cellspacing='0'>{rows}</table>"

    def _place(self, step: int) -> None:
        box = self._plot.plotItem.vb
        x = self._plot.mapFromScene(box.mapViewToScene(pg.Point(step, 0))).x()
        edge = self._plot.mapFromScene(box.sceneBoundingRect().topLeft())
        left = x + 12
        if left + self.panel.width() > self._plot.width():
            left = x - 12 - self.panel.width()
        self.panel.move(QPoint(max(edge.x(), left), edge.y() + 8))


def _value(value: float, percent: bool) -> str:
    return f"{value:.2%}" if percent and math.isfinite(value) else number_text(value)
