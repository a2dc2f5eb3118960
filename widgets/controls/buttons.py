"""Buttons: primary, plain, danger, quiet and tool."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QPushButton, QStyle, QStyleOptionButton, QStylePainter, QToolButton, QWidget
from typing_extensions import override

from widgets.controls.ring import Ringed
from widgets.controls.text import named
from widgets.look.icons import icon
from widgets.look.theme import icon_side
from widgets.look.tokens import ICON

_GAP = 3
"""So far a word stands from its icon, beside the four pixels that Qt leaves."""
_ICON_ROLE = {"primary": "on_accent", "danger": "on_bad", "quiet": "accent"}


def begin_to_paint(button: QPushButton) -> QStylePainter:
    """Paint a button's ground as the style does, without its text; return the painter for the rest."""
    painter = QStylePainter(button)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    option = QStyleOptionButton()
    button.initStyleOption(option)
    option.text = ""
    painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
    return painter


class Button(Ringed, QPushButton):
    """A button with a word; ``kind``: plain, primary, danger or quiet."""

    def __init__(
        self,
        text: str,
        name: str,
        *,
        kind: str = "plain",
        icon_name: str = "",
        small: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        named(self, name, text)
        self.setProperty("kind", kind)
        self.setProperty("small", small)
        self.setAutoDefault(False)
        if icon_name:
            self.setIcon(icon(icon_name, _ICON_ROLE.get(kind, "text")))
            side = icon_side(ICON - 2)
            self.setIconSize(QSize(side + icon_side(_GAP), side))
        self._word, self._tip = text, ""

    def set_enabled(self, enabled: bool, reason: str = "") -> None:
        """Enable, or disable with the ``reason`` as tooltip."""
        self.setEnabled(enabled)
        self.setToolTip(self._tip if enabled else reason)

    def set_busy(self, busy: bool, word: str = "") -> None:
        """While busy the button waits, disabled, and says ``word``."""
        self.setEnabled(not busy)
        self.setText(word or f"{self._word} …" if busy else self._word)
        if busy:
            self.setCursor(Qt.CursorShape.BusyCursor)
        else:
            self.unsetCursor()


class ToolButton(Ringed, QToolButton):
    """A square button with an icon alone; ``text`` is its tooltip and accessible name."""

    def __init__(
        self, icon_name: str, text: str, name: str, *, checkable: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, name, text)
        self.setProperty("kind", "tool")
        self.setIcon(icon(icon_name, "dim", "accent"))
        self.setIconSize(QSize(icon_side(ICON), icon_side(ICON)))
        self.setToolTip(text)
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)


class Disclosure(Ringed, QToolButton):
    """A quiet line that opens and closes what lies beneath it."""

    def __init__(self, text: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name, text)
        self.setProperty("kind", "disclosure")
        self.setText(text)
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setIconSize(QSize(icon_side(14), icon_side(14)))
        self.toggled.connect(self._on_toggled)
        self._on_toggled(False)

    @override
    def minimumSizeHint(self) -> QSize:
        """Return the height that the stylesheet gives it; Qt would add what a pressed button moves by."""
        asked = super().minimumSizeHint()
        return QSize(asked.width(), min(asked.height(), self.minimumHeight() or asked.height()))

    def _on_toggled(self, opened: bool) -> None:
        self.setIcon(icon("chevron-down" if opened else "chevron-right", "dim"))
