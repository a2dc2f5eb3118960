"""A sheet as a picture on the disk: SVG to edit, PNG to paste."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QGraphicsScene

from widgets.look.theme import current

_MARGIN = 24.0
_LARGEST = 16_000


def save_picture(scene: QGraphicsScene, bounds: QRectF, path: Path, title: str) -> None:
    """Draw ``bounds`` of ``scene`` into ``path``; the suffix says which format.

    Raises:
        OSError: where the file could not be written.
    """
    area = bounds.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN)
    if path.suffix.lower() == ".svg":
        _save_svg(scene, area, path, title)
    else:
        _save_png(scene, area, path)


def _save_svg(scene: QGraphicsScene, area: QRectF, path: Path, title: str) -> None:
    generator = QSvgGenerator()
    generator.setFileName(str(path))
    generator.setTitle(title)
    generator.setSize(area.size().toSize())
    generator.setViewBox(QRectF(0, 0, area.width(), area.height()))
    painter = QPainter()
    if not painter.begin(generator):
        raise OSError(f"cannot write {path}")
    painter.fillRect(QRectF(0, 0, area.width(), area.height()), QColor(current().surface))
    scene.render(painter, QRectF(0, 0, area.width(), area.height()), area)
    painter.end()


def _save_png(scene: QGraphicsScene, area: QRectF, path: Path) -> None:
    ratio = min(2.0, _LARGEST / max(area.width(), area.height()))
    size = QSize(round(area.width() * ratio), round(area.height() * ratio))
    image = QImage(size, QImage.Format.Format_RGB32)
    image.fill(QColor(current().surface))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    scene.render(painter, QRectF(image.rect()), area, Qt.AspectRatioMode.KeepAspectRatio)
    painter.end()
    if not image.save(str(path)):
        raise OSError(f"cannot write {path}")
