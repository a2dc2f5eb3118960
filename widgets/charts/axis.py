"""Axes with round, evenly spaced ticks in the theme's colours, linear or logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPen
from typing_extensions import override

from widgets.charts.numbers import decade_texts, nice_step, tick_texts
from widgets.look.fonts import interface_font
from widgets.look.theme import current, scaled, theme
from widgets.look.tokens import CAPTION

_MORE = 4
"""So many more values are tried where a low axis would have one alone, which tells no distance."""


class Axis(pg.AxisItem):  # type: ignore[misc]
    """One axis; ``percent`` writes 0.5 as 50%, ``whole`` allows ticks at whole numbers alone."""

    def __init__(self, side: str, *, percent: bool = False, whole: bool = False) -> None:
        super().__init__(side, maxTickLength=0)
        self.percent, self.whole = percent, whole
        self.enableAutoSIPrefix(False)
        self.setStyle(tickLength=0, tickTextOffset=6, hideOverlappingLabels=False)
        self.setGrid(255 if side == "left" else False)
        self.dress()

    def dress(self) -> None:
        """Take the colours and the font of the theme."""
        tokens = current()
        self.setPen(QPen(QColor(tokens.line)))
        self.setTickPen(QPen(QColor(tokens.grid)))
        self.setTextPen(QPen(QColor(tokens.dim)))
        self.setTickFont(interface_font(CAPTION, scale=theme().scale))
        self.label.setFont(interface_font(CAPTION, scale=theme().scale))
        self.label.setDefaultTextColor(QColor(tokens.dim))

    @override
    def boundingRect(self) -> QRectF:
        # Labels at both ends stand half outside the plot; without this they are left out where a grid is.
        half = scaled(10)
        box: QRectF = super().boundingRect()
        return box.adjusted(0, -half, 0, half) if self.orientation == "left" else box

    @override
    def tickValues(self, low: float, high: float, size: float) -> list[tuple[float, list[float]]]:
        each = scaled(32 if self.orientation in ("left", "right") else 60)
        wanted = max(2, int(size / each))
        if self.logMode:
            return [(1.0, _log_ticks(low, high, wanted))]
        low, high = low * self.scale, high * self.scale
        for more in range(_MORE):
            step = nice_step(high - low, wanted + more, whole=self.whole)
            first = math.ceil(low / step - 1e-9)
            count = math.floor(high / step + 1e-9) - first + 1
            if count > 1:
                break
        return [(step, [(first + place) * step / self.scale for place in range(max(0, count))])]

    @override
    def tickStrings(self, values: Sequence[float], scale: float, spacing: float) -> list[str]:
        if self.logMode:
            return decade_texts(values)
        if self.percent:
            places = 0 if spacing >= 0.01 else 1
            return [f"{value * scale:.{places}%}" for value in values]
        return tick_texts([value * scale for value in values], spacing)


def _log_ticks(low: float, high: float, wanted: int) -> list[float]:
    if high - low > 1.5:
        step = max(1, math.ceil((high - low) / wanted))
        return [float(power) for power in range(math.ceil(low), math.floor(high) + 1, step)]
    ticks = [
        power + math.log10(digit)
        for power in range(math.floor(low), math.floor(high) + 1)
        for digit in ((1, 2, 5) if high - low > 0.5 else range(1, 10))
    ]
    return [tick for tick in ticks if low <= tick <= high]
