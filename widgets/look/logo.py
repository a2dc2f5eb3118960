"""The mark of the application, drawn from tokens: an M of two joined layers on the accent."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QLinearGradient, QPainter, QPen, QPixmap, QPolygonF

from widgets.look.theme import current
from widgets.look.tokens import Tokens

_STROKES = ((9, 23), (9, 10), (16, 18), (23, 10), (23, 23))


def draw_logo(painter: QPainter, box: QRectF, tokens: Tokens) -> None:
    """Draw the mark into ``box``."""
    ground = QLinearGradient(box.topLeft(), box.bottomRight())
    ground.setColorAt(0, QColor(tokens.accent))
    ground.setColorAt(1, QColor(tokens.series[3]))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(ground))
    painter.drawRoundedRect(box, box.width() / 4, box.height() / 4)
    unit = box.width() / 32
    points = [QPointF(box.x() + x * unit, box.y() + y * unit) for x, y in _STROKES]
    pen = QPen(QColor(tokens.on_accent), 3 * unit)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))
    painter.restore()


def window_icon() -> QIcon:
    """Return the mark as the window's icon."""
    made = QIcon()
    for side in (16, 32, 64, 128, 256):
        picture = QPixmap(side, side)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        draw_logo(painter, QRectF(0, 0, side, side), current())
        painter.end()
        made.addPixmap(picture)
    return made
