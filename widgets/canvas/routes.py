"""Where edges run: straight or softly bent between neighbours, in a lane beside the cards for skips."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

from widgets.canvas.model import Card, Link, Sheet

LANE = 34.0
_RADIUS = 14.0
_ARROW = 5.0


def routes(sheet: Sheet) -> list[QPainterPath]:
    """Return one path a link, in the order of the links (empty where an end is missing)."""
    taken: list[tuple[float, float, float]] = []
    rows = sorted(sheet.cards, key=lambda card: card.y)
    return [_route(link, sheet, rows, taken) for link in sheet.links]


def arrow(path: QPainterPath) -> QPolygonF:
    """Return the head at the end of ``path``."""
    tip = path.pointAtPercent(1)
    back = path.pointAtPercent(max(0.0, 1 - 2 / max(path.length(), 2)))
    dx, dy = tip.x() - back.x(), tip.y() - back.y()
    length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    dx, dy = dx / length * _ARROW, dy / length * _ARROW
    left = QPointF(tip.x() - 1.4 * dx - dy * 0.8, tip.y() - 1.4 * dy + dx * 0.8)
    right = QPointF(tip.x() - 1.4 * dx + dy * 0.8, tip.y() - 1.4 * dy - dx * 0.8)
    return QPolygonF([tip, left, right])


def _route(
    link: Link, sheet: Sheet, rows: list[Card], taken: list[tuple[float, float, float]]
) -> QPainterPath:
    source, target = sheet.by_id.get(link.source), sheet.by_id.get(link.target)
    if source is None or target is None:
        return QPainterPath()
    if link.points:
        return _through(link.points)
    between = _between(source, target, rows)
    if target.y > source.y + source.height / 2 and not _blocked(source, target, between):
        return _direct(source, target)
    return _beside(source, target, between, taken)


def _through(points: tuple[tuple[float, float], ...]) -> QPainterPath:
    """Round the corners of a polyline."""
    path = QPainterPath(QPointF(*points[0]))
    for place in range(1, len(points) - 1):
        (x0, y0), (x1, y1), (x2, y2) = points[place - 1 : place + 2]
        path.lineTo(*_towards(x1, y1, x0, y0))
        path.quadTo(QPointF(x1, y1), QPointF(*_towards(x1, y1, x2, y2)))
    path.lineTo(QPointF(*points[-1]))
    return path


def _towards(x: float, y: float, to_x: float, to_y: float) -> tuple[float, float]:
    length = max(((to_x - x) ** 2 + (to_y - y) ** 2) ** 0.5, 1e-6)
    share = min(_RADIUS / length, 0.5)
    return x + (to_x - x) * share, y + (to_y - y) * share


def _between(source: Card, target: Card, rows: list[Card]) -> list[Card]:
    """Return the cards whose height overlaps the way from one card to the other."""
    top = min(source.y + source.height, target.y + target.height)
    bottom = max(source.y, target.y)
    return [c for c in rows if c.y < bottom and c.y + c.height > top and c is not source and c is not target]


def _blocked(source: Card, target: Card, between: list[Card]) -> bool:
    left = min(_middle(source), _middle(target)) - 6
    right = max(_middle(source), _middle(target)) + 6
    return any(card.x < right and card.x + card.width > left for card in between)


def _middle(card: Card) -> float:
    return card.x + card.width / 2


def _direct(source: Card, target: Card) -> QPainterPath:
    start = QPointF(_middle(source), source.y + source.height)
    end = QPointF(_middle(target), target.y)
    path = QPainterPath(start)
    if abs(start.x() - end.x()) < 1:
        path.lineTo(end)
        return path
    bend = max((end.y() - start.y()) / 2, 10.0)
    path.cubicTo(start.x(), start.y() + bend, end.x(), end.y() - bend, end.x(), end.y())
    return path


def _beside(
    source: Card, target: Card, between: list[Card], taken: list[tuple[float, float, float]]
) -> QPainterPath:
    """Leave at the right side, run down a lane of one's own, enter at the right side."""
    start = QPointF(source.x + source.width, source.y + source.height / 2)
    end = QPointF(target.x + target.width, target.y + target.height / 2)
    lane = _lane(max(start.x(), end.x()) + LANE, (start.y(), end.y()), between, taken)
    down = 1 if end.y() > start.y() else -1
    radius = min(2 * _RADIUS, abs(end.y() - start.y()) / 2)
    path = QPainterPath(start)
    path.cubicTo(lane, start.y(), lane, start.y(), lane, start.y() + down * radius)
    path.lineTo(lane, end.y() - down * radius)
    path.cubicTo(lane, end.y(), lane, end.y(), end.x(), end.y())
    return path


def _lane(
    x: float, span: tuple[float, float], between: list[Card], taken: list[tuple[float, float, float]]
) -> float:
    """Find the nearest lane right of ``x`` that no card and no other edge uses over ``span``."""
    low, high = min(span), max(span)
    while True:
        pushed = [card.x + card.width + LANE for card in between if card.x - 8 < x < card.x + card.width + 8]
        pushed += [used + 10 for used, top, end in taken if abs(used - x) < 8 and top < high and end > low]
        if not pushed:
            break
        x = max(pushed)
    taken.append((x, low, high))
    return x


def plain_route(sheet: Sheet, link: Link) -> QPainterPath:
    """Return a link's way without looking at other cards, for sheets too big for that."""
    source, target = sheet.by_id.get(link.source), sheet.by_id.get(link.target)
    if source is None or target is None:
        return QPainterPath()
    return _through(link.points) if link.points else _direct(source, target)
