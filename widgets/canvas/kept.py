"""A canvas's picture, kept as pixels: a pan moves them and draws only the strips that come into sight."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QRect, QSize
from PySide6.QtGui import QPainter, QPixmap, QTransform

Paint = Callable[[QPainter, QRect], None]
"""Draws what lies in a rectangle of the viewport; the painter is clipped to it."""


class KeptPicture:
    """As large as the viewport and opaque; drawn at the screen's own pixels, never stretched."""

    def __init__(self) -> None:
        self._picture = QPixmap()
        self._view = QTransform()
        self._key: object = None
        self.drawn = 0
        """How many pixels were drawn for the last picture."""

    def forget(self) -> None:
        """Let go of the pixels; the next picture is drawn anew."""
        self._picture, self._key = QPixmap(), None

    def shown(self, size: QSize, ratio: float, view: QTransform, key: object, paint: Paint) -> QPixmap:
        """Return the picture of ``view``; ``key`` says what is drawn, ``ratio`` how dense the pixels are."""
        room = QRect(QPoint(), size)
        moved = self._moved(size, ratio, view) if key == self._key else None
        self._view, self._key, self.drawn = view, key, 0
        if moved is None:
            self._picture = QPixmap(size * ratio)
            self._picture.setDevicePixelRatio(ratio)
            self._draw([room], paint)
        elif not moved.isNull():
            by = moved * ratio
            self._picture.scroll(by.x(), by.y(), self._picture.rect())
            self._draw(_uncovered(room, moved), paint)
        return self._picture

    def _moved(self, size: QSize, ratio: float, view: QTransform) -> QPoint | None:
        """Return by how many whole pixels the view moved; None where it did more than that."""
        by = QPoint(round(view.dx() - self._view.dx()), round(view.dy() - self._view.dy()))
        same = self._view * QTransform.fromTranslate(by.x(), by.y()) == view
        whole = ratio == round(ratio) and self._picture.size() == size * ratio
        near = abs(by.x()) < size.width() and abs(by.y()) < size.height()
        return by if same and whole and near else None

    def _draw(self, places: list[QRect], paint: Paint) -> None:
        painter = QPainter(self._picture)
        for place in places:
            self.drawn += place.width() * place.height()
            painter.save()
            painter.setClipRect(place)
            paint(painter, place)
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
