"""Where edges run: straight or softly bent between neighbours, in a lane beside the cards for skips."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainterPath, QPolygonF

from widgets.canvas.model import Card, Link, Sheet

LANE = 34.0
_RADIUS = 14.0
_ARROW = 5.0
Span = tuple[float, float, float]
"""A used lane: where it runs, from which height to which."""


def routes(sheet: Sheet) -> list[QPainterPath]:
    """Return one path a link, in the order of the links (empty where an end is missing)."""
    taken: list[Span] = []
    rows = sorted(sheet.cards, key=lambda card: card.y)
    return [_route(link, sheet, rows, taken) for link in sheet.links]


def arrow(path: QPainterPath) -> QPolygonF:
    """Return the head at the end of ``path``."""
    last = path.elementCount() - 1
    tip = QPointF(path.currentPosition())
    dx, dy = _direction(path, last)
    length = max((dx * dx + dy * dy) ** 0.5, 1e-6)
    dx, dy = dx / length * _ARROW, dy / length * _ARROW
    left = QPointF(tip.x() - 1.4 * dx - dy * 0.8, tip.y() - 1.4 * dy + dx * 0.8)
    right = QPointF(tip.x() - 1.4 * dx + dy * 0.8, tip.y() - 1.4 * dy - dx * 0.8)
    return QPolygonF([tip, left, right])


def _direction(path: QPainterPath, last: int) -> tuple[float, float]:
    """Return where the path heads at its end: from the last point before it that is not the same."""
    tip = path.elementAt(last)
    for place in range(last - 1, -1, -1):
        back = path.elementAt(place)
        if (back.x, back.y) != (tip.x, tip.y):
            return tip.x - back.x, tip.y - back.y
    return 0.0, 1.0


def _route(link: Link, sheet: Sheet, rows: list[Card], taken: list[Span]) -> QPainterPath:
    source, target = sheet.by_id.get(link.source), sheet.by_id.get(link.target)
    if source is None or target is None:
        return QPainterPath()
    if link.points:
        return _through(link.points)
    between = _between(source, target, rows)
    if target.y > source.y + source.height / 2 and not _blocked(source, target, between):
        return _direct(source, target)
    return _beside(source, target, rows, taken)


def _through(points: tuple[tuple[float, float], ...]) -> QPainterPath:
    """Run through the points of a polyline softly, downwards at each of them."""
    path = QPainterPath(QPointF(*points[0]))
    for (x0, y0), (x1, y1) in pairwise(points):
        if y1 > y0 and x1 != x0:
            middle = (y0 + y1) / 2
            path.cubicTo(x0, middle, x1, middle, x1, y1)
        else:
            path.lineTo(x1, y1)
    return path


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


def _beside(source: Card, target: Card, rows: list[Card], taken: list[Span]) -> QPainterPath:
    """Leave at one side, run down a lane of one's own, enter at the same side; the nearer clear side."""
    between = _between(source, target, rows)
    choices = [_lane(side, source, target, between, taken) for side in (1, -1)]
    blocked = [_crossings(side, x, source, target, rows) for side, x in zip((1, -1), choices)]
    lengths = [abs(x - _middle(source)) + abs(x - _middle(target)) for x in choices]
    best = min((0, 1), key=lambda which: (blocked[which], lengths[which] - (40 if which == 0 else 0)))
    side, lane = (1, -1)[best], choices[best]
    start, end = _side_of(source, side), _side_of(target, side)
    taken.append((lane, min(start.y(), end.y()), max(start.y(), end.y())))
    down = 1 if end.y() > start.y() else -1
    radius = min(2 * _RADIUS, abs(end.y() - start.y()) / 2)
    path = QPainterPath(start)
    path.cubicTo(lane, start.y(), lane, start.y(), lane, start.y() + down * radius)
    path.lineTo(lane, end.y() - down * radius)
    path.cubicTo(lane, end.y(), lane, end.y(), end.x(), end.y())
    return path


def _side_of(card: Card, side: int) -> QPointF:
    return QPointF(card.x + (card.width if side > 0 else 0), card.y + card.height / 2)


def _lane(side: int, source: Card, target: Card, between: list[Card], taken: list[Span]) -> float:
    """Find the nearest lane on one side that no card and no other edge uses on the way."""
    ends = [_side_of(source, side), _side_of(target, side)]
    low, high = sorted(end.y() for end in ends)
    x = max(side * end.x() for end in ends) + LANE  # measured away from the cards, on either side
    while True:
        edges = [sorted((side * card.x, side * (card.x + card.width))) for card in between]
        pushed = [far + LANE for near, far in edges if near - 8 < x < far + 8]
        pushed += [
            side * at + 10 for at, top, end in taken if abs(side * at - x) < 8 and top < high and end > low
        ]
        if not pushed:
            return side * x
        x = max(pushed)


def _crossings(side: int, lane: float, source: Card, target: Card, rows: list[Card]) -> int:
    """Count the cards that the two level stretches between cards and lane would run through."""
    found = 0
    for end in (source, target):
        spot = _side_of(end, side)
        left, right = min(spot.x(), lane), max(spot.x(), lane)
        found += sum(
            card is not end
            and card.y < spot.y() < card.y + card.height
            and card.x < right
            and card.x + card.width > left
            for card in rows
        )
    return found


def plain_route(sheet: Sheet, link: Link) -> QPainterPath:
    """Return a link's way without looking at other cards, for sheets too big for that."""
    source, target = sheet.by_id.get(link.source), sheet.by_id.get(link.target)
    if source is None or target is None:
        return QPainterPath()
    return _through(link.points) if link.points else _direct(source, target)
