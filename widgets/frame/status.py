"""The status line: the engine's state, what the machine does, what is saved, and the way to all actions."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton
from typing_extensions import override

from widgets.controls.marks import StateDot
from widgets.controls.ring import Ringed
from widgets.controls.text import label, named
from widgets.look.theme import current, scaled
from widgets.look.tokens import STATUS

_GIB = 1 << 30


class _Quiet(Ringed, QPushButton):
    """Words that can be pressed."""


class StatusLine(QFrame):
    """26 pixels at the bottom of the window."""

    palette_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(scaled(STATUS))
        self.engine = StateDot("Engine: not started")
        self.load, self.memory, self.saved = (label("", "caption") for _ in range(3))
        self.actions_button = named(_Quiet("Ctrl+K all actions"), "all_actions", "All actions, Ctrl+K")
        self.actions_button.setProperty("kind", "status")
        self.actions_button.setAutoDefault(False)
        self.actions_button.clicked.connect(self.palette_requested)
        line = QHBoxLayout(self)
        line.setContentsMargins(16, 1, 8, 0)
        line.setSpacing(24)
        for part in (self.engine, self.load, self.memory):
            line.addWidget(part)
        line.addStretch(1)
        line.addWidget(self.saved)
        line.addWidget(self.actions_button)

    def set_load(self, percent: float, used: int, total: int) -> None:
        """Show CPU use and memory of the machine in bytes."""
        self.load.setText(f"CPU {percent:.0f}%")
        self.memory.setText(f"Memory {used / _GIB:.1f} of {total / _GIB:.0f} GB")

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(current().surface))
        painter.fillRect(0, 0, self.width(), 1, QColor(current().line))
