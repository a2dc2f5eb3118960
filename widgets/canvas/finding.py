"""The search line over a canvas: matches stand out, the rest dims, Enter goes from one to the next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout
from typing_extensions import override

from widgets.canvas.view import Canvas
from widgets.canvas.walking import matching
from widgets.controls.buttons import ToolButton
from widgets.controls.fields import search_field
from widgets.controls.text import label


class FindBar(QFrame):
    """Opened by Ctrl+F, closed by Escape."""

    closed = Signal()

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._matches: tuple[str, ...] = ()
        self.line = search_field("canvas_find", "Find nodes by name, operation or shape", "Find")
        self.count = label("", "caption")
        self._back = ToolButton("chevron-up", "Previous match", "canvas_find_previous")
        self._next = ToolButton("chevron-down", "Next match", "canvas_find_next")
        self._close = ToolButton("close", "Close the search", "canvas_find_close")
        self._build()
        self._connect()
        self.hide()

    def open(self) -> None:
        """Show the line and put the cursor into it."""
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.line.selectAll()
        self._search()

    def close_search(self) -> None:
        """Hide the line; every card looks as before."""
        self.hide()
        self._canvas.highlight(None)
        self._canvas.setFocus()
        self.closed.emit()

    def go(self, by: int) -> None:
        """Select the next (1) or previous (-1) match, around the ends."""
        if not self._matches:
            return
        here = self._canvas.selected
        place = self._matches.index(here) + by if here in self._matches else (0 if by > 0 else -1)
        self._canvas.select(self._matches[place % len(self._matches)])
        self._tell()

    def refresh(self) -> None:
        """Search anew: the sheet has changed."""
        if self.isVisible():
            self._search()

    def _build(self) -> None:
        self.setProperty("card", True)
        self.line.setMinimumWidth(180)
        self.count.setMinimumWidth(56)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(4)
        for part in (self.line, self.count, self._back, self._next, self._close):
            row.addWidget(part)

    def _connect(self) -> None:
        self.line.textChanged.connect(self._search)
        self._back.clicked.connect(lambda: self.go(-1))
        self._next.clicked.connect(lambda: self.go(1))
        self._close.clicked.connect(self.close_search)

    def _search(self) -> None:
        self._matches = matching(self._canvas.sheet, self.line.text())
        self._canvas.highlight(frozenset(self._matches) or None)
        self._tell()

    def _tell(self) -> None:
        here, count = self._canvas.selected, len(self._matches)
        if not self.line.text().strip():
            self.count.setText("")
        elif here in self._matches:
            self.count.setText(f"{self._matches.index(here) + 1} of {count}")
        else:
            self.count.setText(f"{count} found" if count else "None")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_search()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
        else:
            super().keyPressEvent(event)
