"""The rail at the left: the rooms in the order of the work, Settings at the bottom."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QToolButton, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.controls.text import named
from widgets.look.icons import icon
from widgets.look.theme import current, scaled
from widgets.look.tokens import ICON, RAIL


class _RoomButton(QToolButton):
    def __init__(self, key: str, title: str, icon_name: str) -> None:
        super().__init__()
        named(self, f"rail_{key}", title)
        self.key = key
        self.setProperty("kind", "rail")
        self.setText(title)
        self.setIcon(icon(icon_name, "dim", "accent"))
        self.setIconSize(QSize(ICON, ICON))
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setFixedSize(scaled(RAIL) - 12, scaled(48))


class Rail(QFrame):
    """One button a room; up and down move between them, the tab key leaves them."""

    room_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("ground", "surface")
        self.setFixedWidth(scaled(RAIL))
        self.buttons: dict[str, _RoomButton] = {}
        self._group = QButtonGroup(self)
        self._upper, self._lower = QVBoxLayout(), QVBoxLayout()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(6, 8, 6, 8)
        whole.setSpacing(0)
        for part in (self._upper, self._lower):
            part.setSpacing(8)
        whole.addLayout(self._upper)
        whole.addStretch()
        whole.addLayout(self._lower)
        self._group.buttonClicked.connect(self._on_button_clicked)

    def add(self, key: str, title: str, icon_name: str, *, bottom: bool = False) -> None:
        """Add a room's button, above or at the bottom."""
        button = _RoomButton(key, title, icon_name)
        self.buttons[key] = button
        self._group.addButton(button)
        (self._lower if bottom else self._upper).addWidget(button)

    def check(self, key: str) -> None:
        """Show ``key`` as the open room."""
        self.buttons[key].setChecked(True)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        buttons: list[QWidget] = list(self.buttons.values())
        here = self.focusWidget()
        if step is None or here not in buttons:
            super().keyPressEvent(event)
            return
        buttons[(buttons.index(here) + step) % len(buttons)].setFocus(Qt.FocusReason.TabFocusReason)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current().surface))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), QColor(current().line))

    def _on_button_clicked(self, button: _RoomButton) -> None:
        self.room_chosen.emit(button.key)
