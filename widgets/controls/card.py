"""A card: heading, a dim line beneath it, the value that matters, and what lies in it."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from widgets.controls.text import Elided, label, set_property
from widgets.look.theme import scaled
from widgets.look.tokens import GAP

_LINE = 22
"""A heading's line is as high as a chip, so that both stand on one line."""


def head_of_page(title: QWidget, line: QWidget, *beside: QWidget) -> QHBoxLayout:
    """Return the head of a page: its title above a line about it, and controls at the right."""
    words = QVBoxLayout()
    words.setSpacing(2)
    words.addWidget(title)
    words.addWidget(line)
    head = QHBoxLayout()
    head.setSpacing(12)
    head.addLayout(words, 1)
    for control in beside:
        head.addWidget(control)
    return head


class Hairline(QFrame):
    """A one-pixel line across."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("hairline", True)
        self.setFixedHeight(1)


class Card(QFrame):
    """A surface with a heading; add widgets to ``body``, small buttons beside the heading to ``tools``."""

    def __init__(self, title: str = "", subtitle: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self.title = Elided(title, "heading", self)  # shown without a parent it would be a window
        self.subtitle = Elided(subtitle, "dim", self)
        self.value = label("", "value")
        self.value.hide()
        self.subtitle.setVisible(bool(subtitle))
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.tools = QHBoxLayout()
        self.tools.setSpacing(4)
        self._build(bool(title))

    def set_value(self, text: str, severity: str = "") -> None:
        """Show ``text`` large at the right of the heading; empty takes it away."""
        self.value.setText(text)
        self.value.setVisible(bool(text))
        set_property(self.value, "severity", severity)

    def set_subtitle(self, text: str) -> None:
        """Show ``text`` dimmed beneath the heading."""
        self.subtitle.setText(text)
        self.subtitle.setVisible(bool(text))

    def _build(self, has_head: bool) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(GAP, GAP - 3, GAP, GAP)  # the heading's line is six pixels higher than it
        whole.setSpacing(10)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch()
        self.title.setMinimumHeight(scaled(_LINE))
        words.addWidget(self.title)
        words.addWidget(self.subtitle)
        words.addStretch()
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addLayout(words, 1)
        head.addLayout(self.tools)
        head.addWidget(self.value)
        self.value.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.title.setVisible(has_head)
        if has_head:
            whole.addLayout(head)
        whole.addLayout(self.body, 1)
