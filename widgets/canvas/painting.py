"""How a card and an edge look, near and far, in the theme's colours; the only place that draws them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen, QPixmap

from widgets.canvas.model import Card
from widgets.canvas.routes import arrow
from widgets.look.fonts import interface_font
from widgets.look.icons import icon_pixmap
from widgets.look.tokens import RADIUS_NODE, Tokens, mix

READABLE = 0.55
"""Below this scale text is left out: it could not be read."""

_DOTS = 24
_DOTTED = 0.4
"""Farther away the ground has no dots."""

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True)
class CardState:
    """What the moment adds to a card."""

    selected: bool = False
    hovered: bool = False
    matched: bool = False
    dimmed: bool = False


def paint_ground(painter: QPainter, part: QRect, away: QPoint, tokens: Tokens, scale: float) -> None:
    """Lay the dotted ground under ``part`` of a view, so far ``away`` from the scene's origin."""
    if scale < _DOTTED:
        painter.fillRect(part, QColor(tokens.surface))
        return
    space = round(_DOTS * min(scale, 1.5))
    tile = _dots(tokens.surface, tokens.grid, space)
    painter.drawTiledPixmap(part, tile, QPoint(away.x() % space, away.y() % space))


@lru_cache(maxsize=8)
def _dots(ground: str, colour: str, space: int) -> QPixmap:
    """Return a tile with many dots: Qt lays few large opaque tiles many times as fast as small clear ones."""
    count = max(1, 256 // space)
    tile = QPixmap(space * count, space * count)
    tile.fill(QColor(ground))
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    for place in range(count * count):
        x, y = place % count + 0.5, place // count + 0.5
        painter.drawEllipse(QPointF(x * space, y * space), 1.1, 1.1)
    painter.end()
    return tile


def paint_card(painter: QPainter, card: Card, state: CardState, tokens: Tokens, scale: float) -> None:
    """Draw ``card`` in scene units; ``scale`` decides the detail."""
    rect = QRectF(card.x, card.y, card.width, card.height)
    painter.setOpacity(0.35 if state.dimmed else 1.0)
    if card.members:
        _outline(painter, rect.adjusted(7, 8, -7, 4), tokens.line, _ground(card, tokens), 1.0)
    colour, width = _border(card, state, tokens)
    ground = _ground(card, tokens)
    if state.hovered and not state.selected:
        ground = mix(ground, tokens.text, 0.03)
    _outline(painter, rect, colour, ground, width)
    _bar(painter, rect, tokens.bad if card.problem else tokens.family(card.family))
    if scale >= READABLE:
        _texts(painter, rect, card, tokens)
    painter.setOpacity(1.0)


def _ground(card: Card, tokens: Tokens) -> str:
    if card.problem:
        return tokens.bad_soft
    return {"good": tokens.good_soft, "warning": tokens.warning_soft}.get(card.mark, tokens.raised)


def _border(card: Card, state: CardState, tokens: Tokens) -> tuple[str, float]:
    if state.selected:
        return tokens.accent, 2.0
    if state.matched:
        return tokens.warning, 2.0
    if card.problem:
        return tokens.bad, 1.5
    if card.mark:
        return tokens.severity(card.mark), 1.5
    return (tokens.faint if state.hovered else tokens.border), 1.0


def _outline(painter: QPainter, rect: QRectF, colour: str, ground: str, width: float) -> None:
    painter.setPen(QPen(QColor(colour), width))
    painter.setBrush(QColor(ground))
    painter.drawRoundedRect(rect, RADIUS_NODE, RADIUS_NODE)


def _bar(painter: QPainter, rect: QRectF, colour: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(QRectF(rect.x() + 7, rect.y() + 10, 4, rect.height() - 20), 2, 2)


def _texts(painter: QPainter, rect: QRectF, card: Card, tokens: Tokens) -> None:
    left, right = rect.x() + 20, rect.right() - 12
    if card.problem or card.members:
        right -= 20
        _sign(painter, QPointF(right + 3, rect.y() + 9), *_sign_of(card))
    top = QRectF(left, rect.y() + 8, right - left, 19)
    bottom = QRectF(left, rect.y() + 27, rect.right() - 12 - left, 17)
    _line(painter, top, card.title, tokens.text, 13, strong=True)
    if card.problem:
        _line(painter, bottom, card.problem, tokens.bad, 11, end=True)
        return
    counted = _width(card.count) + 10 if card.count else 0.0
    _line(painter, bottom.adjusted(0, 0, -counted, 0), card.subtitle, tokens.dim, 11)
    if card.count:
        painter.drawText(bottom, _RIGHT, card.count)


def _sign_of(card: Card) -> tuple[str, str]:
    return ("error", "bad") if card.problem else ("layers", "dim")


def _sign(painter: QPainter, at: QPointF, name: str, role: str) -> None:
    ratio = max(painter.deviceTransform().m11(), 1.0)  # pixels a unit, high-density screens included
    picture = icon_pixmap(name, role, 16, round(ratio * 2) / 2)
    painter.drawPixmap(QRectF(at.x(), at.y(), 16, 16), picture, QRectF(picture.rect()))


def _line(
    painter: QPainter,
    rect: QRectF,
    text: str,
    colour: str,
    pixels: int,
    *,
    strong: bool = False,
    end: bool = False,
) -> None:
    font, _ = _font(pixels, strong)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(rect, _LEFT, _cut(text, pixels, strong, end, rect.width()))


@cache
def _font(pixels: int, strong: bool) -> tuple[QFont, QFontMetricsF]:
    font = interface_font(pixels, strong=strong)
    return font, QFontMetricsF(font)


@lru_cache(maxsize=4096)
def _cut(text: str, pixels: int, strong: bool, end: bool, width: float) -> str:
    mode = Qt.TextElideMode.ElideRight if end else Qt.TextElideMode.ElideMiddle
    return _font(pixels, strong)[1].elidedText(text, mode, width)


def _width(text: str) -> float:
    return _font(11, False)[1].horizontalAdvance(text)


def needed_width(card: Card) -> float:
    """Return the width at which nothing of ``card`` is cut."""
    title = _font(13, True)[1].horizontalAdvance(card.title)
    title += 20 if card.members else 0
    count = _width(card.count) + 18 if card.count else 0.0
    return 34 + max(title, _width(card.subtitle) + count)


def paint_link(painter: QPainter, path: QPainterPath, tokens: Tokens, lit: bool, scale: float) -> None:
    """Draw an edge with its head; ``lit`` ones touch the selected card."""
    colour = QColor(tokens.accent if lit else tokens.faint)
    painter.setPen(QPen(colour, 1.8 if lit else _thin(scale)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(path)
    if scale >= READABLE and path.elementCount() > 1:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawPolygon(arrow(path))


def _thin(scale: float) -> float:
    """Return an edge's width: one pixel up to full size, which Qt draws ten times as fast as any wider."""
    return min(1.3, max(1.0, 1 / scale))
