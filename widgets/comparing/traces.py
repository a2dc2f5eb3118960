"""Lines of a comparison: every engine keeps its colour and dash, so that curves that coincide all show."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from widgets.charts.trace import Trace
from widgets.look.theme import current
from widgets.look.tokens import mix

_DASHES: tuple[tuple[float, ...], ...] = ((), (3.5, 2.5), (1.2, 1.8), (5.0, 1.8, 1.2, 1.8))
"""In widths of the pen; the first engine lies solid beneath the others, which let it through their gaps."""
_WIDTHS = (3.2, 2.0, 2.4, 2.0)


def engine_pen(place: int, colour: str, width: float = 0.0) -> QPen:
    """Return the pen of the engine at ``place`` in a comparison."""
    pen = QPen(QColor(colour), width or _WIDTHS[place % len(_WIDTHS)])
    dashes = _DASHES[place % len(_DASHES)]
    if dashes:
        pen.setDashPattern(list(dashes))
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    pen.setCosmetic(True)
    return pen


def engine_colour(place: int) -> str:
    """Return the colour of the engine at ``place`` in the present theme."""
    colours = current().series
    return colours[place % len(colours)]


class EngineTrace(Trace):
    """One engine's line; ``faint`` draws it thin, beside what is looked at."""

    def __init__(self, key: str, title: str, place: int, *, faint: bool = False, marks: bool = False) -> None:
        self.faint = faint
        super().__init__(key, title, place, marks=marks)

    @override
    def pen(self) -> QPen:
        if not self.faint:
            return engine_pen(self.series, self.colour())
        return engine_pen(self.series, mix(current().surface, self.colour(), 0.7), 1.4)


class BoundTrace(Trace):
    """The line that differences have to stay beneath."""

    def __init__(self, key: str, title: str) -> None:
        super().__init__(key, title, 0)
        self.item.setZValue(2)

    @override
    def colour(self) -> str:
        return current().bad

    @override
    def pen(self) -> QPen:
        pen = QPen(QColor(self.colour()), 1.25)
        pen.setDashPattern([2.0, 3.0])
        pen.setCosmetic(True)
        return pen


class EngineSample(QWidget):
    """A short piece of an engine's line, for lists and headings."""

    def __init__(self, place: int) -> None:
        super().__init__()
        self._place = place
        self.setFixedSize(QSize(26, 12))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(engine_pen(self._place, engine_colour(self._place)))
        painter.drawLine(QPointF(1, 6), QPointF(25, 6))
