"""A small picture of the whole sheet with a frame around what is in sight; a press goes there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget
from typing_extensions import override

from widgets.canvas.view import Canvas
from widgets.controls.text import named
from widgets.look.theme import current, scaled, theme

_INSET = 8.0
_LEAST = 6.0
"""The frame is no smaller, however little is in sight."""


class Minimap(QWidget):
    """Lies in a corner of a canvas, there only while some of the sheet is out of sight."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        named(self, "canvas_minimap", "Overview of the graph")
        self._canvas = canvas
        self._picture = QPixmap()
        self._drawn: object = None
        self.setFixedSize(QSize(132, 132))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        canvas.view_changed.connect(self._on_view_changed)
        theme().themed.connect(self._forget)
        self.hide()

    def _forget(self) -> None:
        self._drawn = None
        self.update()

    def _on_view_changed(self) -> None:
        bounds = self._canvas.bounds
        roomy = self._canvas.width() > scaled(560) and self._canvas.height() > 420  # it shall cover little
        self.setVisible(roomy and not bounds.isEmpty() and not self._canvas.seen().contains(bounds))
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self._drawn is not self._canvas.sheet:
            self._draw()
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self._to_here(self._canvas.seen()).intersected(QRectF(self.rect()).adjusted(2, 2, -2, -2))
        small = max(0.0, _LEAST - frame.width()) / 2, max(0.0, _LEAST - frame.height()) / 2
        frame.adjust(-small[0], -small[1], *small)
        tint = QColor(current().accent)
        painter.setPen(QPen(tint, 1.5))
        tint.setAlphaF(0.10)
        painter.setBrush(tint)
        painter.drawRoundedRect(frame, 3, 3)

    def _draw(self) -> None:
        tokens, ratio = current(), self.devicePixelRatioF()
        self._drawn = self._canvas.sheet
        self._picture = QPixmap(self.size() * ratio)
        self._picture.setDevicePixelRatio(ratio)
        self._picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(self._picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(tokens.border), 1))
        painter.setBrush(QColor(tokens.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        for card in self._canvas.sheet.cards:
            painter.setBrush(QColor(tokens.bad if card.problem else tokens.family(card.family)))
            rect = self._to_here(QRectF(card.x, card.y, card.width, card.height))
            painter.drawRect(rect.adjusted(0, 0, max(0.0, 1 - rect.width()), max(0.0, 1 - rect.height())))
        painter.end()

    def _frame(self) -> tuple[float, QPointF]:
        bounds = self._canvas.bounds
        room = QRectF(self.rect()).adjusted(_INSET, _INSET, -_INSET, -_INSET)
        scale = min(room.width() / max(bounds.width(), 1.0), room.height() / max(bounds.height(), 1.0))
        return scale, room.center() - bounds.center() * scale

    def _to_here(self, rect: QRectF) -> QRectF:
        scale, offset = self._frame()
        return QRectF(rect.topLeft() * scale + offset, rect.size() * scale)

    def _go(self, event: QMouseEvent) -> None:
        scale, offset = self._frame()
        self._canvas.centre_on((event.position() - offset) / scale)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._go(event)

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._go(event)
