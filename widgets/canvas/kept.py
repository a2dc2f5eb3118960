"""A canvas's picture, kept as pixels: a pan moves them and draws only the strips that come into sight."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize
from PySide6.QtGui import QPainter, QPixmap, QTransform

Paint = Callable[[QPainter, QRect], None]
"""Draws what lies in a rectangle of the viewport; the painter is clipped to it."""


class KeptPicture:
    """As large as the viewport and opaque; drawn at the screen's own pixels, never stretched.

    Where a pixel of the window is not a whole number of the screen's (125%, 150%), a pan moves the picture by
    whole pixels of the screen, so that it may stand up to half of one beside the view, all of it alike.
    """

    def __init__(self) -> None:
        self._picture = QPixmap()
        self._view = QTransform()
        self._origin = QPointF()
        self._key: object = None
        self.drawn = 0
        """How many pixels of the screen were drawn for the last picture."""

    def forget(self) -> None:
        """Let go of the pixels; the next picture is drawn anew."""
        self._picture, self._key = QPixmap(), None

    def shown(self, size: QSize, ratio: float, view: QTransform, key: object, paint: Paint) -> QPixmap:
        """Return the picture of ``view``; ``key`` says what is drawn, ``ratio`` how dense the pixels are."""
        exact = QPointF(view.dx(), view.dy()) * ratio
        moved = self._moved(size * ratio, exact, view) if key == self._key else None
        self._view, self._key, self.drawn = view, key, 0
        if moved is None:
            self._picture, self._origin = QPixmap(size * ratio), exact
            self._picture.setDevicePixelRatio(ratio)
            self._draw([self._picture.rect()], QPointF(), paint)
        elif not moved.isNull():
            self._origin += QPointF(moved)
            self._picture.scroll(moved.x(), moved.y(), self._picture.rect())
            self._draw(_uncovered(self._picture.rect(), moved), (self._origin - exact) / ratio, paint)
        return self._picture

    def _moved(self, size: QSize, exact: QPointF, view: QTransform) -> QPoint | None:
        """Return by how many pixels of the screen the view moved; None where it did more than that."""
        still = QTransform.fromTranslate(view.dx() - self._view.dx(), view.dy() - self._view.dy())
        by = (exact - self._origin).toPoint()
        near = abs(by.x()) < size.width() and abs(by.y()) < size.height()
        return by if self._view * still == view and self._picture.size() == size and near else None

    def _draw(self, strips: list[QRect], beside: QPointF, paint: Paint) -> None:
        """Draw ``strips`` of the screen's pixels, so far ``beside`` the view as what was kept is."""
        painter, ratio = QPainter(self._picture), self._picture.devicePixelRatioF()
        for strip in strips:
            self.drawn += strip.width() * strip.height()
            place = QRectF(QPointF(strip.topLeft()) / ratio, strip.size().toSizeF() / ratio)
            painter.save()
            painter.setClipRect(place)
            painter.translate(beside)
            paint(painter, place.translated(-beside).toAlignedRect())
            painter.restore()
        painter.end()


def _uncovered(room: QRect, by: QPoint) -> list[QRect]:
    """Return the strips of ``room`` that a picture moved ``by`` no longer covers."""
    kept = room.intersected(room.translated(by))
    across = QRect(kept.left(), room.top(), kept.width(), room.height() - kept.height())
    across.moveTop(kept.bottom() + 1 if by.y() < 0 else room.top())
    down = QRect(room.left(), room.top(), room.width() - kept.width(), room.height())
    down.moveLeft(kept.right() + 1 if by.x() < 0 else room.left())
    return [strip for strip in (across, down) if not strip.isEmpty()]
