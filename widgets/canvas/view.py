"""The canvas: zoom about the cursor, pan, fit, pick, walk with the keyboard, move cards, find, save."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QHideEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QFrame, QGraphicsScene, QGraphicsView, QToolTip, QWidget
from typing_extensions import override

from widgets.canvas.item import SheetItem
from widgets.canvas.kept import KeptPicture
from widgets.canvas.model import Card, Sheet
from widgets.canvas.painting import paint_ground
from widgets.canvas.placing import Placing
from widgets.canvas.walking import neighbour, step
from widgets.look.theme import current, theme

SMALLEST, LARGEST = 0.02, 4.0
_ROAM = 4000.0
_TAB_STOPS = 100


class Canvas(QGraphicsView):
    """Shows a ``Sheet``. Ids of cards go in and out; what they mean is the room's business.

    ``placing`` says how a sheet first appears; it stays so until a person moves it (``is_settled``).
    """

    card_selected = Signal(str)
    card_opened = Signal(str)
    card_moved = Signal(str)
    card_linked = Signal(str, str)
    """Ctrl and a click on a second card, where cards can be moved: from the one picked to that one."""
    view_changed = Signal()

    def __init__(self, parent: QWidget | None = None, *, movable: bool = False) -> None:
        super().__init__(parent)
        self._movable = movable
        self.placing = Placing(self)
        self.is_settled = True
        self._item = SheetItem()
        self._kept = KeptPicture()
        self._grabbed: tuple[Card, QPointF] | None = None
        self._panned_from: QPoint | None = None
        self._build()
        theme().themed.connect(self.viewport().update)

    def _build(self) -> None:
        self._scene = QGraphicsScene(self)
        self._scene.setItemIndexMethod(QGraphicsScene.ItemIndexMethod.NoIndex)
        self._scene.addItem(self._item)
        self.setScene(self._scene)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setObjectName("canvas")
        self.setAccessibleName("Graph")
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        self.setViewportUpdateMode(QGraphicsView.ViewportUpdateMode.FullViewportUpdate)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.NoAnchor)
        self.setResizeAnchor(QGraphicsView.ViewportAnchor.AnchorViewCenter)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(160, 120)

    # --- what is shown ---

    @property
    def sheet(self) -> Sheet:
        """What is drawn now."""
        return self._item.sheet

    @property
    def selected(self) -> str:
        """The id of the selected card, or an empty string."""
        return self._item.selected

    @property
    def bounds(self) -> QRectF:
        """The rectangle around everything drawn, in scene units."""
        return self._item.bounds

    @property
    def zoom_level(self) -> float:
        """How many pixels a scene unit takes."""
        return self.transform().m11()

    def show_sheet(self, sheet: Sheet, *, keep_view: bool = False) -> None:
        """Draw ``sheet``; the selection stays where its card is still there."""
        self._item.show_sheet(sheet)
        if self._item.selected not in sheet.by_id:
            self._item.selected = ""
        self._item.hovered = ""
        self.setSceneRect(self._item.boundingRect().adjusted(-_ROAM, -_ROAM, _ROAM, _ROAM))
        if not keep_view or self.is_settled:
            self.settle()
        self._describe()
        self.viewport().update()

    def select(self, card_id: str, *, reveal: bool = True) -> None:
        """Select a card (or none), bring it into sight; emits ``card_selected`` where it changed."""
        card = self.sheet.by_id.get(card_id)
        name = card.id if card else ""
        changed = name != self._item.selected
        self._item.selected = name
        if card and reveal:
            self._reveal(card)
        self._item.update()
        if changed:
            self._describe()
            self.card_selected.emit(name)

    def highlight(self, matches: frozenset[str] | None) -> None:
        """Make these cards stand out and dim the others; ``None`` ends it."""
        self._item.highlight(matches)

    def place_of(self, card_id: str) -> QPoint:
        """Return where a card's middle is in the viewport."""
        card = self.sheet.by_id[card_id]
        return self.mapFromScene(QPointF(card.x + card.width / 2, card.y + card.height / 2))

    # --- the view ---

    def fit(self) -> None:
        """Show everything, no larger than is pleasant."""
        if not self.bounds.isEmpty():
            self.is_settled = True
            scale = self.placing.fitting_scale(SMALLEST)
            self._set_view(scale, self.placing.middle(scale))

    def settle(self) -> None:
        """Show everything where it can be read, else its beginning: how a sheet first appears."""
        if self.bounds.isEmpty():
            return
        self.is_settled = True
        for canvas, scale, middle in self.placing.settled():
            canvas._set_view(scale, middle)

    def zoom(self, factor: float, about: QPoint | None = None) -> None:
        """Zoom; the point of the scene under ``about`` (the middle otherwise) stays where it is."""
        spot = about if about is not None else self.viewport().rect().center()
        before = self.mapToScene(spot)
        scale = min(max(self.zoom_level * factor, SMALLEST), LARGEST)
        off = QPointF(self.viewport().rect().center() - spot) / scale
        self.is_settled = False
        self._set_view(scale, before + off)

    def centre_on(self, point: QPointF) -> None:
        """Move ``point`` of the scene to the middle."""
        self.is_settled = False
        self._set_view(self.zoom_level, point)

    def _set_view(self, scale: float, centre: QPointF) -> None:
        self.resetTransform()
        self.scale(scale, scale)
        self.centerOn(centre)
        self.view_changed.emit()

    def seen(self) -> QRectF:
        """Return the part of the scene in sight."""
        return self.mapToScene(self.viewport().rect()).boundingRect()

    def _reveal(self, card: Card) -> None:
        rect = QRectF(card.x, card.y, card.width, card.height)
        if not self.seen().contains(rect):
            self.centre_on(rect.center())

    # --- events ---

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.is_settled:
            self.settle()
        self.view_changed.emit()

    @override
    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.phase() is not Qt.ScrollPhase.NoScrollPhase and not event.pixelDelta().isNull():
            self._pan(event.pixelDelta())  # a touchpad pans; its pinch zooms
        else:
            self.zoom(1.0015 ** event.angleDelta().y(), event.position().toPoint())
        event.accept()

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        card = self._item.card_at(self.mapToScene(event.position().toPoint()))
        if event.button() is Qt.MouseButton.LeftButton and card is not None:
            if self._movable and self.selected and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                self.card_linked.emit(self.selected, card.id)
                event.accept()
                return
            self.select(card.id, reveal=False)
            self._grabbed = (card, self.mapToScene(event.position().toPoint())) if self._movable else None
        elif event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._panned_from = event.position().toPoint()
            self.viewport().setCursor(Qt.CursorShape.ClosedHandCursor)
        event.accept()

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        spot = event.position().toPoint()
        if self._panned_from is not None:
            self._pan(spot - self._panned_from)
            self._panned_from = spot
        elif self._grabbed is not None:
            self._drag(self.mapToScene(spot))
        else:
            self._hover(self._item.card_at(self.mapToScene(spot)))

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._panned_from is not None:
            self._panned_from = None
            self.viewport().unsetCursor()
        if self._grabbed is not None:
            card, _ = self._grabbed
            self._grabbed = None
            now = self.sheet.by_id[card.id]
            if (now.x, now.y) != (card.x, card.y):
                self.card_moved.emit(card.id)

    @override
    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        card = self._item.card_at(self.mapToScene(event.position().toPoint()))
        if card is not None:
            self.card_opened.emit(card.id)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        action = self._keys().get(event.key())
        plain = not event.modifiers() & ~(
            Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        )
        if action is None or not plain:
            super().keyPressEvent(event)
            return
        action()
        event.accept()

    def _keys(self) -> dict[int, Callable[[], None]]:
        key = Qt.Key
        return {
            key.Key_Up: lambda: self._walk("up"),
            key.Key_Down: lambda: self._walk("down"),
            key.Key_Left: lambda: self._walk("left"),
            key.Key_Right: lambda: self._walk("right"),
            key.Key_Home: lambda: self._jump(0),
            key.Key_End: lambda: self._jump(-1),
            key.Key_Return: self._open,
            key.Key_Enter: self._open,
            key.Key_Plus: lambda: self.zoom(1.25),
            key.Key_Equal: lambda: self.zoom(1.25),
            key.Key_Minus: lambda: self.zoom(0.8),
            key.Key_0: self.fit,
            key.Key_Escape: lambda: self.select(""),
        }

    @override
    def focusNextPrevChild(self, forward: bool) -> bool:
        """Walk the cards with Tab; leave the canvas past the last one (at once where there are many)."""
        if len(self.sheet.cards) > _TAB_STOPS:
            return super().focusNextPrevChild(forward)
        following = step(self.sheet, self.selected, 1 if forward else -1)
        if following:
            self.select(following)
            return True
        return super().focusNextPrevChild(forward)

    @override
    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Leave:
            self._hover(None)
        return super().viewportEvent(event)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        self._kept.forget()
        super().hideEvent(event)

    @override
    def drawBackground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Lay down the kept picture; the item then draws only what the moment adds."""
        view, size = self.viewportTransform(), self.viewport().size()
        ratio, key = self.viewport().devicePixelRatioF(), (self._item.version, current())
        painter.save()
        painter.resetTransform()
        painter.drawPixmap(QPoint(), self._kept.shown(size, ratio, view, key, self._paint_part))
        painter.restore()

    def _paint_part(self, painter: QPainter, part: QRect) -> None:
        painter.setRenderHints(self.renderHints())
        away = part.topLeft() - self.mapFromScene(QPointF(0, 0))
        paint_ground(painter, part, away, current(), self.zoom_level)
        painter.setTransform(self.viewportTransform(), combine=True)
        self._item.paint_plain(painter, self.mapToScene(part).boundingRect())

    @override
    def sizeHint(self) -> QSize:
        return QSize(640, 560)

    # --- gestures ---

    def _pan(self, by: QPoint) -> None:
        self.is_settled = False
        self.horizontalScrollBar().setValue(self.horizontalScrollBar().value() - by.x())
        self.verticalScrollBar().setValue(self.verticalScrollBar().value() - by.y())
        self.view_changed.emit()

    def _drag(self, spot: QPointF) -> None:
        assert self._grabbed is not None
        card, start = self._grabbed
        far = (spot - start) * self.zoom_level
        if far.manhattanLength() < QApplication.startDragDistance():
            return
        x, y = (
            round((card.x + spot.x() - start.x()) / 4) * 4.0,
            round((card.y + spot.y() - start.y()) / 4) * 4.0,
        )
        cards = tuple(replace(c, x=x, y=y) if c.id == card.id else c for c in self.sheet.cards)
        self.is_settled = False
        self._item.show_sheet(Sheet(cards, self.sheet.links))

    def _hover(self, card: Card | None) -> None:
        name = card.id if card else ""
        if name == self._item.hovered:
            return
        self._item.hovered = name
        self._item.update()
        self.viewport().setCursor(Qt.CursorShape.PointingHandCursor if card else Qt.CursorShape.ArrowCursor)
        tip = "\n".join(part for part in (card.title, card.subtitle, card.problem) if part) if card else ""
        self.viewport().setToolTip(tip)
        if not card:
            QToolTip.hideText()

    def _walk(self, direction: str) -> None:
        self.select(neighbour(self.sheet, self.selected, direction) or self.selected)

    def _jump(self, place: int) -> None:
        if self.sheet.cards:
            self.select(self.sheet.reading_order[place])

    def _open(self) -> None:
        if self.selected:
            self.card_opened.emit(self.selected)

    def _describe(self) -> None:
        card = self.sheet.by_id.get(self.selected)
        text = f"{len(self.sheet.cards)} nodes, {len(self.sheet.links)} edges"
        if card:
            text = ", ".join(part for part in (card.title, card.subtitle, card.count, card.problem) if part)
        self.setAccessibleDescription(text)
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))
