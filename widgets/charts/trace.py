"""One series on a chart: its data, its pyramid, the item that draws it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPen

from widgets.charts.pyramid import Places, Pyramid, Values
from widgets.look.theme import current
from widgets.look.tokens import mix

Steps = npt.NDArray[np.int64]
Sampler = Callable[[int, int, int], tuple[Places, Values]]
"""Few points between two places, for a line that stands for more than it shows."""
_STYLES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine, Qt.PenStyle.DashDotLine)


def dash(series: int) -> Qt.PenStyle:
    """Return the dash of a series; to red-blind eyes the fourth colour is the first, so its dash differs."""
    round_of_colours, place = divmod(series, 4)
    return _STYLES[(2 * round_of_colours + (place == 3)) % len(_STYLES)]


class Trace:
    """``series`` picks colour and dash; ``thin`` draws it lightly, ``alone`` without a dash."""

    def __init__(
        self,
        key: str,
        title: str,
        series: int,
        *,
        thin: bool = False,
        marks: bool = False,
        alone: bool = False,
        sampler: Sampler | None = None,
    ) -> None:
        self.key, self.title, self.series = key, title, series
        self.thin, self.marks, self.alone = thin, marks, alone
        self.steps: Steps = np.empty(0, np.int64)
        self.values: Values = np.empty(0, np.float32)
        self._pyramid, self._sampler = Pyramid(), sampler
        self.item = pg.PlotDataItem(skipFiniteCheck=True, antialias=True)
        self.item.setZValue(series if thin else 10 + series)
        self.dress()

    def colour(self) -> str:
        """Return the series' colour in the present theme."""
        colours = current().series
        return colours[self.series % len(colours)]

    def pen(self) -> QPen:
        """Return the pen that draws the line."""
        colour = mix(current().surface, self.colour(), 0.45) if self.thin else self.colour()
        pen = QPen(QColor(colour), 1.0 if self.thin else 1.75)
        pen.setStyle(Qt.PenStyle.SolidLine if self.alone else dash(self.series))
        pen.setCosmetic(True)
        return pen

    def dress(self) -> None:
        """Take the colours of the theme."""
        self.item.setPen(self.pen())
        if self.marks:
            self.item.setSymbol("o")
            self.item.setSymbolSize(7)
            self.item.setSymbolBrush(QColor(self.colour()))
            self.item.setSymbolPen(pg.mkPen(current().surface, width=1))

    def set_data(self, steps: Steps, values: Values) -> None:
        """Take the whole series as it is now."""
        count = min(len(steps), len(values))
        self.steps, self.values = steps[:count], values[:count]
        self._pyramid.update(self.values)

    def draw(self, low: float, high: float, columns: int, *, log: bool) -> None:
        """Draw what lies between steps ``low`` and ``high``, one step beyond each included."""
        start = int(np.searchsorted(self.steps, low)) - 1
        stop = int(np.searchsorted(self.steps, high, "right")) + 1
        places, values = self._drawn(max(0, start), min(stop, len(self.steps)), max(64, columns))
        drawn = _loggable(values) if log else np.where(np.isfinite(values), values, np.nan)
        whole = bool(np.isfinite(drawn).all())
        self.item.setData(self.steps[places], drawn, connect="all" if whole else "finite")

    def _drawn(self, start: int, stop: int, columns: int) -> tuple[Places, Values]:
        if self._sampler is not None and stop - start > 2 * columns:
            return self._sampler(start, stop, columns)
        return self._pyramid.drawn(start, stop, columns)

    def extremes(self, low: float, high: float, *, log: bool) -> tuple[float, float] | None:
        """Return the lowest and the highest finite value between two steps, None where there is none."""
        start, stop = np.searchsorted(self.steps, (low, high))
        _, values = self._pyramid.drawn(int(start), int(stop) + 1, 1024)
        drawn = _loggable(values) if log else values
        finite = drawn[np.isfinite(drawn)]
        return (float(finite.min()), float(finite.max())) if len(finite) else None

    def at(self, step: float) -> tuple[int, float] | None:
        """Return the step nearest to ``step`` and its value."""
        if not len(self.steps):
            return None
        place = int(np.searchsorted(self.steps, step))
        near = [p for p in (place - 1, place) if 0 <= p < len(self.steps)]
        best = min(near, key=lambda p: abs(float(self.steps[p]) - step))
        return int(self.steps[best]), float(self.values[best])


def _loggable(values: Values) -> npt.NDArray[np.float64]:
    wide = values.astype(np.float64)
    out = np.full(len(wide), np.nan)
    np.log10(wide, out=out, where=np.isfinite(wide) & (wide > 0))
    return out
