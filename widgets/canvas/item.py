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


class SheetItem(QGraphicsItem):
    """Paints a sheet; the view sets ``selected``, ``hovered`` and ``matches`` and calls ``update``."""

    def __init__(self) -> None:
        super().__init__()
        self.sheet = Sheet()
        self.selected = ""
        self.hovered = ""
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
        scale = painter.worldTransform().m11()
        exposed = _in_sight(painter).intersected(option.exposedRect)
        if self._bulk is not None and scale < FAR:
            self._bulk.paint(painter, exposed, current(), self.matches)
            self._paint_picked(painter, scale)
            return
        self._paint_links(painter, exposed, scale)
        for card in self._seen_cards(exposed):
            paint_card(painter, card, self._state(card), current(), scale)

    def _paint_picked(self, painter: QPainter, scale: float) -> None:
        if (card := self.sheet.by_id.get(self.selected)) is not None:
            paint_card(painter, card, self._state(card), current(), scale)

    def _paint_links(self, painter: QPainter, exposed: QRectF, scale: float) -> None:
        lit: list[QPainterPath] = []
        for index in self._seen_links(exposed):
            link, path = self.sheet.links[index], self.path(index)
            if self.selected and self.selected in (link.source, link.target):
                lit.append(path)
            else:
                paint_link(painter, path, current(), False, scale)
        for path in lit:
            paint_link(painter, path, current(), True, scale)

    def _state(self, card: Card) -> CardState:
        matched = self.matches is not None and card.id in self.matches
        return CardState(
            selected=card.id == self.selected,
            hovered=card.id == self.hovered,
            matched=matched,
            dimmed=self.matches is not None and not (matched or card.problem or card.id == self.selected),
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
