"""A sheet as a picture on the disk: SVG to edit, PNG to paste."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QGraphicsScene

from widgets.controls.saving import save_image, save_svg
from widgets.look.theme import current

_MARGIN = 24.0
_LARGEST = 16_000


def save_picture(scene: QGraphicsScene, bounds: QRectF, path: Path, title: str) -> None:
    """Draw ``bounds`` of ``scene`` into ``path``; the suffix says which format.

    Raises:
        WorkbenchError: ``COPY_UNWRITABLE`` or ``DISK_FULL``.
    """
    area = bounds.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    if path.suffix.lower() == ".svg":
        _save_svg(scene, area, path, title)
    else:
        _save_png(scene, area, path)


def _save_svg(scene: QGraphicsScene, area: QRectF, path: Path, title: str) -> None:
    page = QRectF(0, 0, area.width(), area.height())

    def draw(painter: QPainter) -> None:
        painter.fillRect(page, QColor(current().surface))
        scene.render(painter, page, area)

    save_svg(area.size().toSize(), title, draw, path)


def _save_png(scene: QGraphicsScene, area: QRectF, path: Path) -> None:
    ratio = min(2.0, _LARGEST / max(area.width(), area.height()))
    size = QSize(round(area.width() * ratio), round(area.height() * ratio))
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor(current().surface))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scene.render(painter, QRectF(image.rect()), area, Qt.AspectRatioMode.KeepAspectRatio)
    painter.end()
    save_image(image, path)
