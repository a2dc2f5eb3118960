"""Buttons: primary, plain, danger, quiet and tool; and the button that drops a list of choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QMenu,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)
from typing_extensions import override

from widgets.controls.text import named
from widgets.look.icons import icon, icon_pixmap
from widgets.look.theme import current
from widgets.look.tokens import ICON

_ICON_ROLE = {"primary": "on_accent", "danger": "on_bad", "quiet": "accent"}


class Button(QPushButton):
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
            self.setIconSize(QSize(ICON - 2, ICON - 2))
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


class ToolButton(QToolButton):
    """A square button with an icon alone; ``text`` is its tooltip and accessible name."""

    def __init__(
        self, icon_name: str, text: str, name: str, *, checkable: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, name, text)
        self.setProperty("kind", "tool")
        self.setIcon(icon(icon_name, "dim", "accent"))
        self.setIconSize(QSize(ICON, ICON))
        self.setToolTip(text)
        self.setCheckable(checkable)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)


@dataclass(frozen=True)
class DropRow:
    """One choice: ``key`` is what is chosen, ``reason`` says why a row cannot be chosen ("" if it can)."""

    key: str
    title: str
    detail: str = ""
    reason: str = ""


class DropButton(QPushButton):
    """A button that shows the choice and drops a menu of all; unavailable rows carry their reason."""

    chosen = Signal(str)
    _RIGHT = 32

    def __init__(
        self, name: str, accessible: str, *, dot: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        named(self, name, accessible)
        self._accessible = accessible
        self.setProperty("kind", "drop")
        self.setProperty("dot", dot)
        self.setAutoDefault(False)
        self._dot, self.severity = dot, ""
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self._menu.setObjectName(f"{name}_menu")
        self.setMenu(self._menu)
        self._group = QActionGroup(self._menu)
        self.key = ""

    def set_rows(self, rows: Sequence[DropRow], key: str = "") -> None:
        """Offer ``rows`` and show the one of ``key`` (else the first that can be chosen)."""
        self._menu.clear()
        for row in rows:
            self._menu.addAction(self._action(row))
        usable = [row.key for row in rows if not row.reason]
        self.set_key(key if key in usable else (usable[0] if usable else ""))

    def set_key(self, key: str) -> None:
        """Show the row of ``key`` as chosen, without a signal."""
        self.key = key
        for action in self._group.actions():
            if action.data() == key and self._menu.actions().count(action):
                action.setChecked(True)
                self.setText(str(action.property("title")))
                self.setAccessibleName(f"{self._accessible}: {self.text()}")
                self.updateGeometry()

    def set_severity(self, severity: str) -> None:
        """Colour the dot: good, warning, bad, busy or "" for idle."""
        self.severity = severity
        self.update()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.EnabledChange:
            for action in self._menu.actions():
                action.setEnabled(self.isEnabled() and not action.property("reason"))

    @override
    def sizeHint(self) -> QSize:
        self.ensurePolished()
        words = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(self._left() + words + self._RIGHT + 4, super().sizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        tokens, role = current(), "dim" if self.isEnabled() else "faint"
        room = self.rect().adjusted(self._left(), 0, -self._RIGHT, 0)
        painter.setPen(QColor(tokens.text if self.isEnabled() else tokens.faint))
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        side, middle = 14, self.height() // 2
        mark = icon_pixmap("chevron-down", role, side, self.devicePixelRatioF())
        painter.drawPixmap(QPoint(self.width() - side - 10, middle - side // 2), mark)
        if self._dot:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.severity(self.severity)))
            painter.drawEllipse(QRectF(13, middle - 4, 8, 8))

    def _left(self) -> int:
        return 30 if self._dot else 13

    def _action(self, row: DropRow) -> QAction:
        words = row.title if not row.detail else f"{row.title}  ·  {row.detail}"
        action = QAction(words, self._menu)
        action.setCheckable(True)
        action.setData(row.key)
        action.setProperty("title", row.title)
        action.setProperty("sentence", f"{self._accessible}: {words}")
        action.setProperty("reason", row.reason)
        action.setEnabled(self.isEnabled() and not row.reason)
        action.setToolTip(row.reason or words)
        self._group.addAction(action)
        action.triggered.connect(lambda: self._on_action_triggered(action))
        return action

    def _on_action_triggered(self, action: QAction) -> None:
        self.set_key(str(action.data()))
        self.chosen.emit(self.key)
