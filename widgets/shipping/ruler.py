"""Errors on a ruler of powers of ten: one dot a batch size, green ground up to the bound, red beyond."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from engines.contract.views import BatchProof
from widgets.controls import named
from widgets.look.fonts import interface_font
from widgets.look.theme import current, scaled, theme
from widgets.look.tokens import CAPTION
from widgets.shipping.words import figure

LOWEST, HIGHEST = -10, 0
"""Powers of ten at the ends; an error of exactly 0 stands at the left end, an infinite one at the right."""


def place(error: float) -> float:
    """Return where an error lies on the ruler, 0 to 1."""
    if math.isnan(error) or error == math.inf:
        return 1.0
    if error <= 0:
        return 0.0
    return min(1.0, max(0.0, (math.log10(error) - LOWEST) / (HIGHEST - LOWEST)))


class ErrorRuler(QWidget):
    """Shows each batch's largest relative error beside the bound."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "error_ruler", "Largest relative error of each batch size")
        self._batches: tuple[BatchProof, ...] = ()
        self._bound, self._provable = 0.0, True
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        theme().themed.connect(self.update)

    def show_errors(self, batches: Sequence[BatchProof], bound: float, *, provable: bool = True) -> None:
        """Show one line a batch size; ``bound`` is the relative error that is surely allowed.

        Where nothing is ``provable`` no dot is green.
        """
        self._batches, self._bound, self._provable = tuple(batches), bound, provable
        spoken = (f"batches of {one.batch}: {figure(one.max_rel_error)}" for one in batches)
        self.setAccessibleDescription("; ".join(spoken) + f"; bound {figure(bound)}")
        self.setMaximumHeight(self._height(40))
        self.updateGeometry()
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(420, self._height(32))

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(320, self._height(26))

    def _height(self, row: int) -> int:
        return scaled(row) * max(1, len(self._batches)) + 2 * scaled(22)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(CAPTION, scale=theme().scale))
        words = max((painter.fontMetrics().horizontalAdvance(_name(one)) for one in self._batches), default=0)
        box = QRectF(self.rect()).adjusted(words + 16, scaled(22), -12, -scaled(22))
        self._paint_ground(painter, box)
        self._paint_ticks(painter, box)
        self._paint_bound(painter, box)
        for row, batch in enumerate(self._batches):
            middle = box.top() + (row + 0.5) * box.height() / len(self._batches)
            self._paint_batch(painter, box, middle, batch)

    def _paint_ground(self, painter: QPainter, box: QRectF) -> None:
        tokens, outline = current(), QPainterPath()
        outline.addRoundedRect(box, 8, 8)
        split = box.left() + place(self._bound) * box.width()
        painter.save()
        painter.setClipPath(outline)
        painter.fillRect(box, QColor(tokens.bad_soft))
        painter.fillRect(QRectF(box.topLeft(), QPointF(split, box.bottom())), QColor(tokens.good_soft))
        painter.restore()

    def _paint_ticks(self, painter: QPainter, box: QRectF) -> None:
        for power in range(LOWEST, HIGHEST + 1):
            x = box.left() + place(10.0**power) * box.width()
            if LOWEST < power < HIGHEST:
                painter.setPen(QPen(QColor(current().line), 1))
                painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
            if power % 2 == 0:
                painter.setPen(QColor(current().dim))
                under = QRectF(x - 30, box.bottom() + 4, 60, scaled(18))
                painter.drawText(under, Qt.AlignmentFlag.AlignCenter, _tick(power))

    def _paint_bound(self, painter: QPainter, box: QRectF) -> None:
        x = box.left() + place(self._bound) * box.width()
        painter.setPen(QPen(QColor(current().text), 1.5, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, box.top() - 2), QPointF(x, box.bottom()))
        painter.setPen(QColor(current().text))
        above = QRectF(x - 60, 0, 120, scaled(18))
        painter.drawText(above, Qt.AlignmentFlag.AlignCenter, f"bound {figure(self._bound)}")

    def _colour(self, batch: BatchProof) -> str:
        if not self._provable:
            return current().warning
        return current().good if batch.max_rel_error <= self._bound else current().bad

    def _paint_batch(self, painter: QPainter, box: QRectF, middle: float, batch: BatchProof) -> None:
        tokens = current()
        painter.setPen(QColor(tokens.dim))
        beside = QRectF(0, middle - 12, box.left() - 12, 24)
        painter.drawText(beside, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, _name(batch))
        colour = QColor(self._colour(batch))
        x = box.left() + place(batch.max_rel_error) * box.width()
        painter.setPen(QPen(colour, 2))
        painter.drawLine(QPointF(box.left() + 1, middle), QPointF(x, middle))
        painter.setPen(QPen(QColor(tokens.surface), 2))
        painter.setBrush(colour)
        painter.drawEllipse(QPointF(x, middle), 6, 6)


def _tick(power: int) -> str:
    if power == LOWEST:
        return f"≤ 1e{power}"
    return "1" if power == 0 else f"1e{power}"


def _name(batch: BatchProof) -> str:
    return "one at a time" if batch.batch == 1 else f"batches of {batch.batch:,}"
