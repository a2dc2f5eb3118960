"""A canvas on a surface, with its tools: zoom, fit, find, save, an overview, a title, an empty page."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QBoxLayout, QFileDialog, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.canvas.finding import FindBar
from widgets.canvas.minimap import Minimap
from widgets.canvas.view import Canvas
from widgets.controls.buttons import ToolButton
from widgets.controls.text import label
from widgets.look.theme import scaled, theme

_EDGE = 12


class CanvasPanel(QFrame):
    """What rooms put on their page; the canvas itself is ``canvas``.

    Where panels stand side by side they are ``compact``: few tools, beside the caption and not over the
    canvas, and more of the sheet in sight.
    """

    def __init__(
        self, name: str, *, movable: bool = False, compact: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._compact = compact
        self.setProperty("card", True)
        self.canvas = Canvas(self, movable=movable)
        self.canvas.setObjectName(name)
        self.caption = label("", "caption")
        self.caption.setContentsMargins(12, 8, 10, 4)
        self.caption.hide()
        self.find_bar = FindBar(self.canvas)
        self._minimap = Minimap(self.canvas)
        self._tools = self._make_tools()
        if compact:
            self.canvas.placing.opening = 0.6
        self._build()
        self._connect()

    def set_caption(self, text: str) -> None:
        """Show a quiet line above the canvas."""
        self.caption.setText(text)
        self.caption.setVisible(bool(text))

    def save(self, path: Path) -> None:
        """Save the whole drawing as SVG or PNG, by the suffix."""
        from widgets.canvas.saving import save_picture  # QtSvg's writer: only when it is needed

        save_picture(self.canvas.scene(), self.canvas.bounds, path, self.caption.text().replace("\n", " · "))

    def _make_tools(self) -> QFrame:
        tools = QFrame(self if self._compact else self.canvas)
        tools.setProperty("clear" if self._compact else "card", True)
        across = QBoxLayout.Direction.LeftToRight if self._compact else QBoxLayout.Direction.BottomToTop
        row = QBoxLayout(across, tools)
        row.setContentsMargins(2, 4, 2, 4)
        row.setSpacing(0)
        self._percent = label("100%", "caption")
        self._percent.setFixedWidth(scaled(32))
        self._percent.setAlignment(Qt.AlignmentFlag.AlignCenter)
        table: tuple[tuple[str, str, str], ...] = (
            ("zoom-out", "Zoom out (-)", "canvas_zoom_out"),
            ("zoom-in", "Zoom in (+)", "canvas_zoom_in"),
            ("fit", "Show everything (0)", "canvas_fit"),
            ("search", "Find (Ctrl+F)", "canvas_search"),
            ("image", "Save as a picture …", "canvas_save"),
        )
        self._buttons = [ToolButton(*row_) for row_ in table]
        parts: list[QLabel | ToolButton] = [self._buttons[0], self._percent, *self._buttons[1:]]
        for part in parts:
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignCenter)
            if theme().scale > 1:
                part.setProperty("small", True)  # large text leaves the canvas little room
        for part in parts[:3]:  # the wheel and the keys zoom too
            part.setVisible(not self._compact)
        return tools

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(4, 4, 4, 4)  # no farther: a square fits the card's round corners
        whole.setSpacing(0)
        head = QHBoxLayout()
        head.addWidget(self.caption, 1)
        if self._compact:
            head.addWidget(self._tools, 0, Qt.AlignmentFlag.AlignTop)
        whole.addLayout(head)
        whole.addWidget(self.canvas, 1)
        self.canvas.installEventFilter(self)
        self.setMinimumSize(260, 240)

    def _connect(self) -> None:
        canvas = self.canvas
        actions = (
            lambda: canvas.zoom(0.8),
            lambda: canvas.zoom(1.25),
            canvas.fit,
            self.find_bar.open,
            self._on_save_clicked,
        )
        for button, action in zip(self._buttons, actions):
            button.clicked.connect(action)
        canvas.view_changed.connect(self._on_view_changed)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.find_bar.open)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.canvas and event.type() in (QEvent.Type.Resize, QEvent.Type.Show):
            self._place()
        return super().eventFilter(watched, event)

    def _place(self) -> None:
        """Lay the tools over the canvas's corners."""
        width, height = self.canvas.width(), self.canvas.height()
        for part in (self._tools, self.find_bar):
            part.adjustSize()
        if not self._compact:
            self._tools.move(width - self._tools.width() - _EDGE, height - self._tools.height() - _EDGE)
            self.canvas.placing.aside = self._tools.width() + 2 * _EDGE
        self.find_bar.move(width - self.find_bar.width() - _EDGE, _EDGE)
        self._minimap.move(_EDGE, height - self._minimap.height() - _EDGE)

    def _on_view_changed(self) -> None:
        self._percent.setText(f"{self.canvas.zoom_level:.0%}")

    def _on_save_clicked(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the graph", "graph.svg", "SVG (*.svg);;PNG (*.png)")
        if path:
            self.save(Path(path))
