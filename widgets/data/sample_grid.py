"""All samples of a preview at once, as large as the room allows, each with its label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget
from typing_extensions import override

from widgets.controls import named
from widgets.look.fonts import interface_font
from widgets.look.theme import current, scaled, theme
from widgets.look.tokens import CAPTION

_GAP, _RADIUS, _SMALLEST, _LARGEST = 10, 6, 20, 128
_SMOOTH_FROM = 32  # pixels; smaller pictures keep their pixels visible


@dataclass(frozen=True)
class Grid:
    """How many columns, and the side of a picture, in logical pixels."""

    columns: int
    side: float


def best_grid(count: int, width: float, height: float, label: float) -> Grid:
    """Return the grid that shows ``count`` squares with a label line beneath as large as they fit."""
    best = Grid(1, 0.0)
    for columns in range(1, max(1, count) + 1):
        rows = -(-count // columns)
        across = (width - _GAP * (columns - 1)) / columns
        down = (height - _GAP * (rows - 1)) / rows - label
        side = min(across, down, scaled(_LARGEST))
        if side > best.side:
            best = Grid(columns, side)
    return best if best.side >= _SMALLEST else Grid(max(1, int(width // (_SMALLEST + _GAP))), _SMALLEST)


class SampleGrid(QWidget):
    """Shows pictures with labels; the tooltip of one says its label and its split."""

    def __init__(self) -> None:
        super().__init__()
        named(self, "sample_grid", "Samples")
        self._pictures: list[QImage] = []
        self._labels: tuple[str, ...] = ()
        self._tips: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 160)
        theme().themed.connect(self.update)

    def show_samples(self, pictures: Sequence[QImage], labels: Sequence[str], tips: Sequence[str]) -> None:
        """Show ``pictures`` with ``labels``; ``tips`` are their tooltips."""
        self._pictures, self._labels, self._tips = list(pictures), tuple(labels), tuple(tips)
        self.setAccessibleDescription(f"{len(labels)} samples: " + ", ".join(labels))
        self.update()

    def cell(self, place: int) -> QRectF:
        """Return where the picture at ``place`` is drawn."""
        grid = self._grid()
        row, column = divmod(place, grid.columns)
        across, down = grid.side + self._gap(grid), grid.side + self._label_height() + _GAP
        return QRectF(column * across, row * down, grid.side, grid.side)

    @override
    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    @override
    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() is QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.tip_at(QPointF(event.pos())), self)
            return True
        return super().event(event)

    def tip_at(self, point: QPointF) -> str:
        """Return the tooltip of the picture under ``point``, "" beside them."""
        hit = (tip for place, tip in enumerate(self._tips) if self.cell(place).contains(point))
        return next(hit, "")

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(interface_font(CAPTION, scale=theme().scale))
        for place, picture in enumerate(self._pictures):
            self._paint_cell(painter, self.cell(place), picture, self._labels[place])

    def _paint_cell(self, painter: QPainter, cell: QRectF, picture: QImage, words: str) -> None:
        outline = QPainterPath()
        outline.addRoundedRect(cell, _RADIUS, _RADIUS)
        painter.save()
        painter.setClipPath(outline)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, picture.width() >= _SMOOTH_FROM)
        painter.drawImage(cell, picture)
        painter.restore()
        painter.setPen(QPen(QColor(current().line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(outline)
        beneath = QRectF(cell.left(), cell.bottom(), cell.width(), self._label_height())
        painter.setPen(QColor(current().dim))
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(cell.width()))
        painter.drawText(beneath, Qt.AlignmentFlag.AlignCenter, shown)

    def _grid(self) -> Grid:
        return best_grid(len(self._pictures), self.width(), self.height() - 1, self._label_height())

    def _gap(self, grid: Grid) -> float:
        """Spread the columns over the whole width, so that the grid ends where the card does."""
        if grid.columns < 2:
            return _GAP
        left = (self.width() - 1 - grid.columns * grid.side) / (grid.columns - 1)
        return min(max(_GAP, left), grid.side)

    def _label_height(self) -> float:
        return scaled(CAPTION + 9)
