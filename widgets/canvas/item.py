"""The one item of a scene: it holds the sheet, finds what is seen or hit, and paints it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget
from typing_extensions import override

from widgets.canvas.model import Card, Sheet
from widgets.canvas.painting import CardState, paint_card, paint_link
from widgets.canvas.routes import plain_route, routes
from widgets.look.theme import current

if TYPE_CHECKING:
    from widgets.canvas.bulk import BulkPainter

MANY = 500
"""Above this many cards edges are not routed around cards, and far views draw arrays."""
FAR = 0.35
_ROOM = 24.0
_BORDER = 8.0
"""So far a card's outline and an edge's head reach beyond their rectangle."""


class SheetItem(QGraphicsItem):
    """Paints a sheet; the view sets ``selected`` and ``hovered`` and calls ``update``.

    ``paint_plain`` draws what stays while a view is panned; ``version`` grows when that changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sheet = Sheet()
        self.selected = ""
        self.hovered = ""
        self.version = 0
        self._lit: tuple[int, str, list[int]] = (-1, "", [])
        self.matches: frozenset[str] | None = None
        self._paths: list[QPainterPath] = []
        self._bulk: BulkPainter | None = None
        self._bounds = QRectF()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    @property
    def bounds(self) -> QRectF:
        """The rectangle around all cards and edges."""
        return self._bounds

    def show_sheet(self, sheet: Sheet) -> None:
        """Take another drawing."""
        self.prepareGeometryChange()
        self.sheet = sheet
        many = len(sheet.cards) > MANY
        self._bulk = _bulk(sheet) if many else None
        self._paths = [] if many else routes(sheet)
        self._bounds = _around(sheet, self._paths)
        self.version += 1
        self.update()

    def highlight(self, matches: frozenset[str] | None) -> None:
        """Make these cards stand out and dim the others; ``None`` ends it."""
        self.matches = matches
        self.version += 1
        self.update()

    def path(self, index: int) -> QPainterPath:
        """Return the way of a link, worked out when it is first seen in a big sheet."""
        return self._paths[index] if self._paths else plain_route(self.sheet, self.sheet.links[index])

    def card_at(self, point: QPointF) -> Card | None:
        """Return the topmost card at a point of the scene."""
        spot = QRectF(point.x(), point.y(), 1e-3, 1e-3)
        hits = self._seen_cards(spot)
        return hits[-1] if hits else None

    @override
    def boundingRect(self) -> QRectF:
        return self._bounds.adjusted(-_ROOM, -_ROOM, _ROOM, _ROOM)

    @override
    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Draw it all; in a view, which keeps the rest, only what is picked or under the pointer."""
        if widget is None:
            self.paint_plain(painter, _in_sight(painter).intersected(option.exposedRect))
        self._paint_picked(painter, painter.worldTransform().m11())

    def paint_plain(self, painter: QPainter, exposed: QRectF) -> None:
        """Draw what lies in ``exposed``, with nothing picked."""
        scale = painter.worldTransform().m11()
        room = _BORDER + 2 / scale
        wider = exposed.adjusted(-room, -room, room, room)
        if self._bulk is not None and scale < FAR:
            self._bulk.paint(painter, wider, current(), self.matches)
            return
        for index in self._seen_links(wider):
            paint_link(painter, self.path(index), current(), False, scale)
        for card in self._seen_cards(wider):
            paint_card(painter, card, self._state(card), current(), scale)

    def _paint_picked(self, painter: QPainter, scale: float) -> None:
        far = self._bulk is not None and scale < FAR
        for index in () if far else self._touching():
            paint_link(painter, self.path(index), current(), True, scale)
        for name in (self.selected,) if far else (self.hovered, self.selected):
            if (card := self.sheet.by_id.get(name)) is not None:
                paint_card(painter, card, self._state(card, picked=True), current(), scale)

    def _touching(self) -> list[int]:
        """Return the places of the links that begin or end at the selected card."""
        if self._lit[:2] != (self.version, self.selected):
            ends = enumerate((link.source, link.target) for link in self.sheet.links)
            self._lit = (self.version, self.selected, [i for i, both in ends if self.selected in both])
        return self._lit[2]

    def _state(self, card: Card, *, picked: bool = False) -> CardState:
        matched = self.matches is not None and card.id in self.matches
        selected = picked and card.id == self.selected
        return CardState(
            selected=selected,
            hovered=picked and card.id == self.hovered,
            matched=matched,
            dimmed=self.matches is not None and not (matched or card.problem or selected),
        )

    def _seen_cards(self, exposed: QRectF) -> list[Card]:
        if self._bulk is not None:
            return [self.sheet.cards[index] for index in self._bulk.cards_in(exposed)]
        left, right, top, bottom = exposed.left(), exposed.right(), exposed.top(), exposed.bottom()
        return [
            card
            for card in self.sheet.cards
            if card.x <= right
            and card.x + card.width >= left
            and card.y <= bottom
            and card.y + card.height >= top
        ]

    def _seen_links(self, exposed: QRectF) -> list[int]:
        if self._bulk is not None:
            return self._bulk.links_in(exposed)
        room = exposed.adjusted(-8, -8, 8, 8)
        return [i for i, path in enumerate(self._paths) if _rect(path).intersects(room)]


def _in_sight(painter: QPainter) -> QRectF:
    """Return what the device can show; Qt's own exposed rectangle is everything when a view is rendered."""
    back, possible = painter.worldTransform().inverted()
    return back.mapRect(QRectF(painter.viewport())) if possible else QRectF()


def _bulk(sheet: Sheet) -> BulkPainter:
    from widgets.canvas.bulk import BulkPainter  # brings NumPy: only where it pays

    return BulkPainter(sheet)


def _rect(path: QPainterPath) -> QRectF:
    """Return a rectangle that is never empty: a straight edge has no width."""
    return path.controlPointRect().adjusted(-1, -1, 1, 1)


def _around(sheet: Sheet, paths: list[QPainterPath]) -> QRectF:
    if not sheet.cards:
        return QRectF()
    left, top = min(card.x for card in sheet.cards), min(card.y for card in sheet.cards)
    right = max(card.x + card.width for card in sheet.cards)
    bottom = max(card.y + card.height for card in sheet.cards)
    bounds = QRectF(left, top, right - left, bottom - top)
    for path in paths:
        if not path.isEmpty():
            bounds = bounds.united(_rect(path))
    return bounds
