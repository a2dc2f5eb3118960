"""Parts of the Start room: a template's card with its drawing, a recent project's row, the drop zone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QEnterEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget
from typing_extensions import override

from widgets.controls.buttons import ToolButton, begin_to_paint
from widgets.controls.card import Card
from widgets.controls.marks import Chip
from widgets.controls.ring import Ringed
from widgets.controls.text import label, named
from widgets.look.fonts import interface_font
from widgets.look.theme import current, icon_side, scaled, theme
from widgets.look.tokens import mix

if TYPE_CHECKING:
    from engines.design.arrange import Drawing, DrawnNode

_HEIGHT = 72
"""Every drawing is so high, that those of a row stand level."""
_KINDS = {"digits": "Images", "breast-cancer": "Table", "diabetes": "Table"}
"""What the templates' data are."""
_LARGEST = 1.0
"""A layer is drawn no larger than on the canvas."""


class DrawingView(QWidget):
    """A design as a small picture, flowing from left to right, coloured by family."""

    def __init__(self, drawing: Drawing) -> None:
        super().__init__()
        self.drawing = drawing
        self.setFixedHeight(scaled(_HEIGHT))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme().themed.connect(self.update)

    @override
    def sizeHint(self) -> QSize:
        return QSize(scaled(200), scaled(_HEIGHT))

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.drawing.nodes:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current().window))
        painter.drawRoundedRect(QRectF(self.rect()), 8, 8)
        boxes = self._boxes()
        painter.setPen(QPen(QColor(current().faint), 1.25))
        for source, target in self.drawing.edges:
            painter.drawPath(_curve(boxes[source], boxes[target]))
        for node in self.drawing.nodes:
            ink = current().family(node.family)
            painter.setPen(QPen(QColor(ink), 1.25))
            painter.setBrush(QColor(mix(current().surface, ink, 0.18)))
            painter.drawRoundedRect(boxes[node.name], 3, 3)

    def _boxes(self) -> dict[str, QRectF]:
        nodes = self.drawing.nodes
        deep = max(node.y + node.height for node in nodes)
        wide = max(node.x + node.width for node in nodes)
        scale = min((self.width() - 32) / deep, (self.height() - 32) / wide, _LARGEST)
        left = (self.width() - deep * scale) / 2
        top = (self.height() - wide * scale) / 2
        return {node.name: _box(node, scale, left, top) for node in nodes}


def _box(node: DrawnNode, scale: float, left: float, top: float) -> QRectF:
    return QRectF(left + node.y * scale, top + node.x * scale, node.height * scale, node.width * scale)


def _curve(source: QRectF, target: QRectF) -> QPainterPath:
    start = QPointF(source.right(), source.center().y())
    end = QPointF(target.left(), target.center().y())
    far = end.x() - start.x() > 2.5 * source.width()
    path = QPainterPath(start)
    if far and abs(start.y() - end.y()) < 1:
        high = source.top() - 10
        path = QPainterPath(QPointF(source.center().x(), source.top()))
        path.cubicTo(source.center().x(), high, target.center().x(), high, target.center().x(), target.top())
        return path
    middle = (start.x() + end.x()) / 2
    path.cubicTo(middle, start.y(), middle, end.y(), end.x(), end.y())
    return path


class TemplateCard(Card):
    """A whole card that is a button: click, Enter or Space chooses it."""

    chosen = Signal(str)

    def __init__(self, name: str, title: str, description: str, data: str, drawing: Drawing) -> None:
        super().__init__(title)
        named(self, f"template_{name}", f"{title}. {description}")
        self.name = name
        self.setProperty("hot", True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.body.addWidget(DrawingView(drawing))
        self.body.addWidget(label(description, "dim", wrap=True))
        self.body.addStretch(1)
        self.tools.addWidget(Chip(_KINDS.get(data, data)), 0, Qt.AlignmentFlag.AlignTop)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and inside:
            self.chosen.emit(self.name)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.chosen.emit(self.name)
            return
        super().keyPressEvent(event)


@dataclass(frozen=True)
class RecentProject:
    """One recent project: its folder, its name, a dim line beneath it; ``reason`` if it cannot be opened."""

    path: str
    name: str
    detail: str = ""
    reason: str = ""


class ProjectRow(QWidget):
    """A recent project to be opened, and what takes it off the list."""

    chosen = Signal(str)
    forgotten = Signal(str)

    def __init__(self, project: RecentProject, place: int) -> None:
        super().__init__()
        self.project, self.name = project, ProjectName(project, place)
        self.forget = ToolButton("close", f"Take {project.name} off this list", f"forget_{place}")
        self.forget.setProperty("small", True)
        self.forget.setIconSize(QSize(icon_side(14), icon_side(14)))
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.addWidget(self.name, 1)
        line.addWidget(self.forget)
        self.name.clicked.connect(lambda: self.chosen.emit(project.path))
        self.forget.clicked.connect(lambda: self.forgotten.emit(project.path))


class ProjectName(Ringed, QPushButton):
    """A project's name with its folder beneath, elided in the middle."""

    def __init__(self, project: RecentProject, place: int) -> None:
        super().__init__()
        named(self, f"recent_{place}", f"{project.name}, {project.path}")
        self.project = project
        self.setProperty("kind", "link")
        self.setAutoDefault(False)
        self.setEnabled(not project.reason)
        self.setToolTip(project.reason or project.path)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    @override
    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = begin_to_paint(self)
        tokens, box = current(), self.rect().adjusted(0, 4, 0, -4)
        upper = box.adjusted(0, 0, 0, -box.height() // 2)
        lower = box.adjusted(0, box.height() // 2, 0, 0)
        painter.setFont(interface_font(strong=True, scale=theme().scale))
        ink = tokens.accent if self.underMouse() else tokens.text
        painter.setPen(QColor(ink if self.isEnabled() else tokens.faint))
        self._write(painter, upper, self.project.name)
        painter.setFont(interface_font(11, scale=theme().scale))
        painter.setPen(QColor(tokens.dim if self.isEnabled() else tokens.faint))
        self._write(painter, lower, self.project.detail or self.project.path)

    def _write(self, painter: QPainter, box: QRect, text: str) -> None:
        words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
