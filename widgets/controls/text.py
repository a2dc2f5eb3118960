"""Text on a page: labels by role, text that elides instead of being cut, names for every input."""

from __future__ import annotations

from typing import TypeVar

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QStyle, QStyleOption, QWidget
from typing_extensions import override

Named = TypeVar("Named", bound=QWidget)


def named(widget: Named, name: str, accessible: str) -> Named:
    """Give ``widget`` its object name and what a screen reader says; return it."""
    widget.setObjectName(name)
    widget.setAccessibleName(accessible)
    return widget


def label(text: str = "", role: str = "body", *, wrap: bool = False) -> QLabel:
    """Return a label; ``role``: body, dim, caption, heading, title or value."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if wrap:
        policy = made.sizePolicy()
        policy.setVerticalPolicy(QSizePolicy.Policy.Minimum)
        made.setSizePolicy(policy)
    return made


def set_property(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the stylesheet looks at, and draw the widget anew if it changed."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
        widget.update()


class Elided(QLabel):
    """One line of text that ends in … where the room ends; the whole text is its tooltip then."""

    def __init__(self, text: str = "", role: str = "body", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setProperty("role", role)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    @override
    def minimumSizeHint(self) -> QSize:
        few = self.fontMetrics().horizontalAdvance("MMM…")
        return QSize(min(few, super().sizeHint().width()), super().sizeHint().height())

    @override
    def setText(self, text: str, /) -> None:
        super().setText(text)
        self._tell_whole_text()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell_whole_text()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        option = QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_Widget, option, painter, self)
        self.style().drawItemText(
            painter,
            self.contentsRect(),
            self.alignment(),
            option.palette,
            self.isEnabled(),
            self.shown_text(),
            self.foregroundRole(),
        )

    def shown_text(self) -> str:
        """Return the text as it is painted, elided where it must be."""
        width = self.contentsRect().width()
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, width)

    def _tell_whole_text(self) -> None:
        self.setToolTip(self.text() if self.shown_text() != self.text() else "")
