"""The rail at the left: the rooms in the order of the work, Settings at the bottom."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.controls.ring import Ringed
from widgets.controls.text import named
from widgets.look.icons import icon
from widgets.look.theme import current, icon_side, scaled
from widgets.look.tokens import ICON, RAIL

_GAP = 8
_SIDE = 4
"""So far a button stands from the rail's sides; the line at the right takes one more."""


class _RoomButton(Ringed, QToolButton):
    moved = Signal(int)

    def __init__(self, key: str, title: str, icon_name: str) -> None:
        super().__init__()
        named(self, f"rail_{key}", title)
        self.key = key
        self.setProperty("kind", "rail")
        self.setText(title)
        self.setIcon(icon(icon_name, "dim", "accent"))
        self.setIconSize(QSize(icon_side(ICON), icon_side(ICON)))
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setFixedSize(scaled(RAIL) - 2 * _SIDE - 1, scaled(48))

    @override
    def sizeHint(self) -> QSize:
        """Return the height that every button has: a theme put on anew must not move them."""
        return QSize(super().sizeHint().width(), self.maximumHeight())

    @override
    def minimumSizeHint(self) -> QSize:
        """Return what the word takes; Qt would add two spaces to it."""
        return QSize(
            self.fontMetrics().horizontalAdvance(self.text()) + 4, super().minimumSizeHint().height()
        )

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.moved.emit(step)


class Rail(QFrame):
    """One button a room; up and down move between them, the tab key leaves them."""

    room_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("ground", "surface")
        self.setFixedWidth(scaled(RAIL))
        self.buttons: dict[str, _RoomButton] = {}
        self._upper, self._lower = QVBoxLayout(), QVBoxLayout()
        whole = self._whole = QVBoxLayout(self)
        whole.setSpacing(0)
        self._set_gap(_GAP)
        whole.addLayout(self._upper)
        whole.addStretch()
        whole.addLayout(self._lower)

    def add(self, key: str, title: str, icon_name: str, *, bottom: bool = False) -> None:
        """Add a room's button, above or at the bottom."""
        button = _RoomButton(key, title, icon_name)
        self.buttons[key] = button
        # Not a QButtonGroup: it would take all but the checked one out of the reach of Tab.
        button.moved.connect(lambda step: self._on_button_moved(key, step))
        button.clicked.connect(lambda: self._on_button_clicked(key))
        (self._lower if bottom else self._upper).addWidget(button)
        others = [other for name, other in self.buttons.items() if name != key]
        if others:
            QWidget.setTabOrder(others[-1], button)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        count = len(self.buttons)
        self._set_gap(_GAP if count * scaled(48) + (count + 1) * _GAP <= self.height() else 0)
        each = min(scaled(48), (self.height() - 4) // max(count, 1))
        for button in self.buttons.values():
            button.setFixedHeight(each)

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(scaled(RAIL), 0)  # it takes the height that there is

    def _set_gap(self, gap: int) -> None:
        """Part the buttons; with large text on a low window they stand close."""
        self._whole.setContentsMargins(_SIDE, max(gap, 2), _SIDE + 1, max(gap, 2))
        for part in (self._upper, self._lower):
            part.setSpacing(gap)

    def check(self, key: str) -> None:
        """Show ``key`` as the open room."""
        for name, button in self.buttons.items():
            button.setChecked(name == key)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current().surface))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(current().line))

    def _on_button_moved(self, key: str, step: int) -> None:
        buttons = list(self.buttons.values())
        place = buttons.index(self.buttons[key]) + step
        buttons[place % len(buttons)].setFocus(Qt.FocusReason.TabFocusReason)

    def _on_button_clicked(self, key: str) -> None:
        self.check(key)
        self.room_chosen.emit(key)
