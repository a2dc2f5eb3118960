"""The Start room: templates to begin with, recent projects, and a place to open or drop a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.controls.buttons import Button
from widgets.controls.card import Card
from widgets.controls.messages import MessagePanel
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import label, set_property
from widgets.look.theme import scaled
from widgets.look.tokens import GAP
from widgets.rooms.start_parts import ProjectRow, RecentProject, TemplateCard

if TYPE_CHECKING:
    from engines.design.templates import Template

SIDE = 320
CARD = 256
"""A template's card is at least so wide."""
MOST_COLUMNS = 4


class StartRoom(QWidget):
    """Says what a person wants to begin with; opens nothing itself."""

    template_chosen = Signal(str)
    project_chosen = Signal(str)
    project_forgotten = Signal(str)
    file_dropped = Signal(str)
    open_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start_room")
        self.setAcceptDrops(True)
        self.message = MessagePanel()
        self.cards: list[TemplateCard] = []
        self.rows: list[ProjectRow] = []
        self.open_button = Button("Open …", "open_file", kind="primary", icon_name="open")
        self._grid = QGridLayout()
        self._recent = QVBoxLayout()
        self._columns = 2
        self._none = label("Projects you open are listed here.", "dim", wrap=True)
        self.drop_zone = Card("Open a file or a project")
        self._build()
        self.open_button.clicked.connect(self.open_requested)

    def set_templates(self, templates: Iterable[Template]) -> None:
        """Show a card a template."""
        for old in self.cards:
            old.deleteLater()
        self.cards = []
        for row in templates:
            card = TemplateCard(row.name, row.title, row.description, row.data, row.drawing)
            card.chosen.connect(self.template_chosen)
            self.cards.append(card)
        self._arrange()
        for one, following in zip(self.cards, (*self.cards[1:], self.open_button)):
            QWidget.setTabOrder(one, following)  # as they are read, whenever they were made

    def set_recent(self, projects: Iterable[RecentProject]) -> None:
        """List recent projects, the newest first."""
        for old in self.rows:
            self._recent.removeWidget(old)
            old.deleteLater()
        self.rows = [ProjectRow(project, place) for place, project in enumerate(projects)]
        for row in self.rows:
            row.chosen.connect(self.project_chosen)
            row.forgotten.connect(self.project_forgotten)
            self._recent.addWidget(row)
        self._none.setVisible(not self.rows)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            set_property(self.drop_zone, "over", True)

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        set_property(self.drop_zone, "over", False)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        set_property(self.drop_zone, "over", False)
        for url in event.mimeData().urls():
            if url.isLocalFile():
                self.file_dropped.emit(url.toLocalFile())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        room = self.width() - scaled(SIDE) - 4 * GAP
        columns = min(max(room // (scaled(CARD) + GAP), 1), MOST_COLUMNS)
        if columns != self._columns:
            self._columns = columns
            self._arrange()

    def _arrange(self) -> None:
        """Lay as many cards in a row as there is room for: fewer where the text is large."""
        for place, card in enumerate(self.cards):
            self._grid.addWidget(card, place // self._columns, place % self._columns)
        for column in range(MOST_COLUMNS):
            self._grid.setColumnStretch(column, int(column < self._columns))

    def _build(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(GAP, GAP, GAP, GAP)
        whole.setSpacing(GAP)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(label("What do you want to train?", "title"))
        words.addWidget(
            label(
                "Every template comes with real data and a working recipe: choose one, then press Train.",
                "dim",
            )
        )
        whole.addLayout(words)
        whole.addWidget(self.message)
        line = QHBoxLayout()
        line.setSpacing(GAP)
        line.addWidget(self._templates(), 1)
        line.addLayout(self._side())
        whole.addLayout(line, 1)

    def _templates(self) -> QWidget:
        self._grid.setSpacing(GAP)
        area = Scrolling()
        area.column.addLayout(self._grid)
        area.column.addStretch(1)
        return area

    def _side(self) -> QVBoxLayout:
        self.drop_zone.setProperty("drop", True)
        self.drop_zone.setFixedWidth(scaled(SIDE))
        self.drop_zone.body.addWidget(
            label("Drop a project folder, a design or an ONNX file here, or choose one.", "dim", wrap=True)
        )
        line = QHBoxLayout()
        line.addWidget(self.open_button)
        line.addStretch(1)
        self.drop_zone.body.addLayout(line)
        recent = Card("Recent projects")
        recent.setFixedWidth(scaled(SIDE))
        self._recent.setSpacing(2)
        recent.body.addWidget(self._none)
        recent.body.addWidget(_scrolled(self._recent), 1)
        column = QVBoxLayout()
        column.setSpacing(GAP)
        column.addWidget(self.drop_zone)
        column.addWidget(recent, 1)
        return column


def _scrolled(rows: QVBoxLayout) -> QScrollArea:
    inner = QWidget()
    inner.setProperty("clear", True)
    column = QVBoxLayout(inner)
    column.setContentsMargins(0, 0, 0, 0)
    column.addLayout(rows)
    column.addStretch(1)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    return area
