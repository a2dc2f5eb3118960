"""The list of engines: each with a dot and a word for its state; arrows walk it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from widgets.controls.buttons import begin_to_paint
from widgets.controls.ring import Ringed
from widgets.controls.text import named
from widgets.look.fonts import interface_font
from widgets.look.theme import current, scaled, theme
from widgets.settings.views import STARTING, STATES, EngineView

_ROW, _LEFT = 46, 30


def state_of(view: EngineView) -> tuple[str, str]:
    """Return the word for an engine's state and how grave it is."""
    words, severity = STATES[view.state]
    if view.state == "ready" and view.version:
        return view.version, severity
    if view.state == "installing" and view.install is not None and view.install.share > 0:
        return f"installing, {view.install.share:.0%}", severity
    if view.state == "checking" and view.seconds:
        return STARTING.format(seconds=view.seconds), severity
    return words, severity


class EngineItem(Ringed, QPushButton):
    """An engine's name, and its version or what is the matter beneath it."""

    moved = Signal(int)

    def __init__(self, view: EngineView) -> None:
        super().__init__()
        named(self, f"engine_{view.name}", view.title)
        self.setProperty("kind", "row")
        self.setCheckable(True)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.view = view
        self.show_view(view)

    def show_view(self, view: EngineView) -> None:
        """Show another state."""
        self.view = view
        self.setAccessibleName(f"{view.title}: {state_of(view)[0]}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(scaled(200), scaled(_ROW))

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.moved.emit(step)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = begin_to_paint(self)
        words, severity = state_of(self.view)
        left = scaled(_LEFT)
        box = self.rect().adjusted(left, scaled(4), -8, -scaled(4))
        upper, lower = box.adjusted(0, 0, 0, -box.height() // 2), box.adjusted(0, box.height() // 2, 0, 0)
        self._write(painter, upper, self.view.title, current().text, strong=True)
        ink = current().severity(severity) if severity in ("bad", "warning") else current().dim
        self._write(painter, lower, words, ink)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(current().severity(severity)))
        painter.drawEllipse(QRectF(left - 18, upper.center().y() - 4, 8, 8))

    def _write(self, painter: QPainter, box: QRect, text: str, ink: str, *, strong: bool = False) -> None:
        scale = theme().scale
        painter.setFont(
            interface_font(strong=True, scale=scale) if strong else interface_font(11, scale=scale)
        )
        painter.setPen(QColor(ink))
        words = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


class EngineList(QWidget):
    """One of the engines is chosen."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[str, EngineItem] = {}
        self.key = ""
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)

    def set_engines(self, views: Sequence[EngineView]) -> None:
        """Show ``views``; what is chosen stays so."""
        for view in views:
            if view.name in self.items:
                self.items[view.name].show_view(view)
            else:
                self._add(view)
        for name in self.items.keys() - {view.name for view in views}:
            gone = self.items.pop(name)
            gone.hide()
            gone.deleteLater()

    def choose(self, name: str) -> None:
        """Show ``name`` as chosen, without a signal."""
        self.key = name
        for key, item in self.items.items():
            item.setChecked(key == name)

    def _add(self, view: EngineView) -> None:
        item = EngineItem(view)
        item.clicked.connect(lambda: self._on_item_clicked(view.name))
        item.moved.connect(lambda step: self._on_item_moved(view.name, step))
        self.items[view.name] = item
        self._column.addWidget(item)

    def _on_item_clicked(self, name: str) -> None:
        self.choose(name)
        self.chosen.emit(name)

    def _on_item_moved(self, name: str, step: int) -> None:
        names = list(self.items)
        other = names[(names.index(name) + step) % len(names)]
        self.items[other].setFocus(Qt.FocusReason.TabFocusReason)
        self._on_item_clicked(other)
