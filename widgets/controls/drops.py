"""Buttons that drop a list of choices: one list, or several under headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QColor, QHelpEvent, QPaintEvent
from PySide6.QtWidgets import (
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolTip,
    QWidget,
    QWidgetAction,
)
from typing_extensions import override

from widgets.controls.buttons import begin_to_paint
from widgets.controls.ring import Ringed
from widgets.controls.text import label, named
from widgets.look.icons import icon_pixmap
from widgets.look.theme import current, icon_side


@dataclass(frozen=True)
class DropRow:
    """One choice: ``key`` is what is chosen, ``reason`` says why a row cannot be chosen ("" if it can).

    ``short`` is what the button shows of it, or Ctrl+K of a thing to do; the title where there is none.
    """

    key: str
    title: str
    detail: str = ""
    reason: str = ""
    short: str = ""


@dataclass(frozen=True)
class DropSection:
    """Choices under a heading, of which one is ``chosen``, be it one that cannot be chosen now."""

    key: str
    title: str
    rows: Sequence[DropRow]
    chosen: str


class _Drop(Ringed, QPushButton):
    """A button that shows what is chosen, with a menu of all choices.

    ``elides``: it may become narrower than its words; they are its tooltip then.
    """

    _RIGHT = 32
    _FEW = "MMM…"

    def __init__(
        self,
        name: str,
        accessible: str,
        *,
        dot: bool = False,
        elides: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        named(self, name, accessible)
        self._accessible = accessible
        self.setProperty("kind", "drop")
        self.setProperty("dot", dot)
        self.setAutoDefault(False)
        self._dot, self._elides, self.severity = dot, elides, ""
        if elides:
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._menu = QMenu(self)
        self._menu.setProperty("drop", True)
        self._menu.setToolTipsVisible(True)
        self._menu.setObjectName(f"{name}_menu")
        self.setMenu(self._menu)
        self._menu.installEventFilter(self)

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
    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and self._is_elided() and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), "\n".join(filter(None, (self.text(), self.toolTip()))), self)
            return True
        return super().event(event)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._menu and event.type() == QEvent.Type.Show:
            self._keep_menu_inside()
        return super().eventFilter(watched, event)

    def _keep_menu_inside(self) -> None:
        """Let a menu wider than what is right of the button end where the button does."""
        window = self.window()
        corner = window.mapFromGlobal(self._menu.pos())
        if corner.x() + self._menu.width() > window.width():
            left = self.mapTo(window, self.rect().topRight()).x() + 1 - self._menu.width()
            self._menu.move(window.mapToGlobal(QPoint(max(0, left), corner.y())))

    @override
    def sizeHint(self) -> QSize:
        return self._size_for(self.text())

    @override
    def minimumSizeHint(self) -> QSize:
        return self._size_for(min(self.text(), self._FEW, key=len) if self._elides else self.text())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = begin_to_paint(self)
        tokens, role = current(), "dim" if self.isEnabled() else "faint"
        room = self.rect().adjusted(self._left(), 0, -self._RIGHT, 0)
        painter.setPen(QColor(tokens.text if self.isEnabled() else tokens.faint))
        words = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
        side, middle = icon_side(14), self.height() // 2
        mark = icon_pixmap("chevron-down", role, side, self.devicePixelRatioF())
        painter.drawPixmap(QPoint(self.width() - side - 10, middle - side // 2), mark)
        if self._dot:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.severity(self.severity)))
            painter.drawEllipse(QRectF(13, middle - 4, 8, 8))

    def _clear(self) -> None:
        self._menu.clear()
        for group in self._menu.findChildren(QActionGroup):
            group.deleteLater()

    def _show_words(self, words: str) -> None:
        self.setText(words)
        self.setAccessibleName(f"{self._accessible}: {words}")
        self.updateGeometry()

    def _size_for(self, words: str) -> QSize:
        self.ensurePolished()
        width = self.fontMetrics().horizontalAdvance(words)
        return QSize(self._left() + width + self._RIGHT + 4, super().sizeHint().height())

    def _is_elided(self) -> bool:
        return self.width() < self.sizeHint().width()

    def _left(self) -> int:
        return 30 if self._dot else 13

    def _action(self, row: DropRow, group: QActionGroup, spoken: str) -> QAction:
        beside = row.reason or row.detail
        words = f"{row.title}\t{beside}" if beside else row.title
        action = QAction(words.replace("&", "&&"), self._menu)  # a name such as R&D is no shortcut
        action.setCheckable(True)
        action.setData(row.key)
        action.setProperty("title", row.short or row.title)
        action.setProperty("sentence", f"{spoken}: {row.title}")
        action.setProperty("reason", row.reason)
        action.setEnabled(self.isEnabled() and not row.reason)
        action.setToolTip(beside or row.title)
        group.addAction(action)
        self._menu.addAction(action)
        return action


class DropButton(_Drop):
    """Drops one list; unavailable rows carry their reason. ``more`` are things to do, below the list."""

    chosen = Signal(str)
    more_chosen = Signal(str)

    key = ""
    _group: QActionGroup | None = None

    def set_rows(self, rows: Sequence[DropRow], key: str = "", more: Sequence[DropRow] = ()) -> None:
        """Offer ``rows`` and show the one of ``key``, be it one that cannot be chosen now.

        Where there is no such row, the first that can be chosen is shown.
        """
        self._clear()
        self._group = group = QActionGroup(self._menu)
        for row in rows:
            action = self._action(row, group, self._accessible)
            action.triggered.connect(lambda _=False, key=row.key: self._on_row_triggered(key))
        self._add_more(more)
        usable = [row.key for row in rows if not row.reason]
        in_force = any(row.key == key for row in rows)
        self.set_key(key if in_force else (usable[0] if usable else ""))

    def set_key(self, key: str) -> None:
        """Show the row of ``key`` as chosen, without a signal."""
        self.key = key
        for action in self._group.actions() if self._group is not None else ():
            if action.data() == key:
                action.setChecked(True)
                self._show_words(str(action.property("title")))

    def _add_more(self, more: Sequence[DropRow]) -> None:
        if more:
            self._menu.addSeparator()
        for row in more:
            action = QAction(row.title, self._menu)
            action.setData(row.key)
            action.setToolTip(row.detail or row.title)
            action.setProperty("sentence", row.short)
            action.triggered.connect(lambda _=False, key=row.key: self.more_chosen.emit(key))
            self._menu.addAction(action)

    def _on_row_triggered(self, key: str) -> None:
        self.set_key(key)
        self.chosen.emit(key)


class SectionsButton(_Drop):
    """Drops several lists under headings and shows what is chosen in each."""

    chosen = Signal(str, str)

    def set_sections(self, sections: Sequence[DropSection]) -> None:
        """Offer ``sections``; the button names the chosen row of each."""
        self._clear()
        words = []
        for section in sections:
            self._add_heading(section.title)
            group = QActionGroup(self._menu)
            for row in section.rows:
                action = self._action(row, group, section.title)
                action.setChecked(row.key == section.chosen)
                action.triggered.connect(
                    lambda _=False, section=section.key, key=row.key: self.chosen.emit(section, key)
                )
                if row.key == section.chosen:
                    words.append(row.short or row.title)
        self._show_words(" · ".join(words))

    def _add_heading(self, title: str) -> None:
        words = label(title, "caption")
        words.setContentsMargins(12, 8, 12, 4)
        heading = QWidgetAction(self._menu)
        heading.setDefaultWidget(words)
        heading.setProperty("reason", title)  # a heading is nothing to choose
        heading.setEnabled(False)
        self._menu.addAction(heading)
