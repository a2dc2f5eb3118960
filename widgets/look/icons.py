"""Icons from SVG files of one family, drawn in a colour of the theme at the moment of painting."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from typing_extensions import override

from widgets.look.theme import current
from widgets.look.tokens import ICON

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "icons"


def icon(name: str, role: str = "text", role_on: str = "") -> QIcon:
    """Return the icon ``name`` in the token ``role`` (``role_on`` while checked); it follows the theme."""
    return QIcon(_ThemedEngine(name, role, role_on or role))


def icon_pixmap(name: str, role: str = "text", size: int = ICON, ratio: float = 1.0) -> QPixmap:
    """Return the icon as a picture of ``size`` logical pixels in the token ``role``."""
    picture = _drawn(name, str(getattr(current(), role)), round(size * ratio))
    made = QPixmap(picture)
    made.setDevicePixelRatio(ratio)
    return made


def svg(name: str, colour: str) -> bytes:
    """Return the icon's SVG text drawn in ``colour``."""
    return _source(name).replace("currentColor", colour).encode()


@lru_cache(maxsize=128)
def _source(name: str) -> str:
    return (FOLDER / f"{name}.svg").read_text(encoding="utf-8")


@lru_cache(maxsize=512)
def _drawn(name: str, colour: str, pixels: int) -> QPixmap:
    picture = QPixmap(pixels, pixels)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(svg(name, colour))).render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return picture


def _with_room(drawn: QPixmap, size: QSize) -> QPixmap:
    """Return an icon that is wider than high: the picture, and room at its right before a word."""
    wider = QPixmap(size)
    wider.fill(Qt.GlobalColor.transparent)
    painter = QPainter(wider)
    painter.drawPixmap(0, 0, drawn)
    painter.end()
    return wider


class _ThemedEngine(QIconEngine):
    """Draws one SVG in the present theme's colour."""

    def __init__(self, name: str, role: str, role_on: str) -> None:
        super().__init__()
        self._name, self._role, self._role_on = name, role, role_on

    @override
    def clone(self) -> QIconEngine:
        return _ThemedEngine(self._name, self._role, self._role_on)

    @override
    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        role = self._role_on if state is QIcon.State.On else self._role
        if mode is QIcon.Mode.Disabled:
            role = "faint"
        drawn = _drawn(self._name, str(getattr(current(), role)), min(size.width(), size.height()))
        return _with_room(drawn, size) if size.width() > size.height() else drawn

    @override
    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.deviceTransform().m11()  # painter.device() may be a wrapper of what is gone
        side = min(rect.width(), rect.height())
        picture = self.pixmap(QSize(round(side * ratio), round(side * ratio)), mode, state)
        corner = rect.topLeft() + QPoint((rect.width() - side) // 2, (rect.height() - side) // 2)
        painter.drawPixmap(QRect(corner, QSize(side, side)), picture)
