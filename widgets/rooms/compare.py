"""The Compare room: one design on several engines, whether they agree, and every number that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from engines.runs.engine_comparison import Curve
from widgets.comparing.curves import ComparedCurves
from widgets.comparing.head import VerdictHead
from widgets.comparing.matrix import ProofMatrix
from widgets.comparing.shown import ComparisonView, EngineLine
from widgets.controls.buttons import Button, ToolButton
from widgets.controls.card import Card
from widgets.controls.drops import DropRow
from widgets.controls.messages import EmptyPage, MessagePanel
from widgets.controls.scrolling import Scrolling
from widgets.controls.table import Column, Table
from widgets.controls.text import label
from widgets.look.theme import scaled, theme
from widgets.look.tokens import GAP
from widgets.rooms.measures import measure_text, short_name

SIDE, DEVICE, NARROW = 564, 78, 1040
_UNBOUNDED = (1 << 24) - 1
_INVITATION = (
    "Train this design on several engines and see whether they agree: curves over one another, "
    "speed, memory, and every ONNX file proven against every engine."
)
_NO_DESIGN = "Begin with a design: then it can be trained on several engines, to see whether they agree."


def memory_text(value: float) -> str:
    """Return bytes as a person reads them: 363 MB."""
    return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB"


def time_text(value: float) -> str:
    """Return seconds, so that a column of them has one unit: 14.3 s, 103 s, 1,430 s."""
    return f"{value:.1f} s" if value < 99.95 else f"{value:,.0f} s"


class CompareRoom(QWidget):
    """Shows the view that it is given; tells what a person wants."""

    compare_requested = Signal()
    resume_requested = Signal()
    comparison_chosen = Signal(str)
    delete_requested = Signal()
    restore_requested = Signal()
    run_opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare_room")
        self.head, self.charts, self.matrix = VerdictHead(), ComparedCurves(), ProofMatrix()
        self.table = Table(_columns("accuracy"), "compare_table", "engines", filtered=False)
        self.open_button = Button("Show run", "compare_show_run", small=True)
        self.copy_proofs = ToolButton("copy", "Copy the proofs", "compare_copy_proofs")
        self.save_proofs = ToolButton("download", "Save the proofs as CSV", "compare_save_proofs")
        self.notes = label("", "dim", wrap=True)
        self.reasons = label("", "body", wrap=True)
        self.empty = EmptyPage(_INVITATION, "Compare engines", "compare_from_empty_page", icon_name="compare")
        self.message = MessagePanel()
        self.view: ComparisonView | None = None
        self._heads, self._columns_shown = ("accuracy", False), 0
        self._arranged = 0, 0
        self._longer = 0
        self._build()
        self._connect()
        self.clear()

    def clear(self, *, has_design: bool = True) -> None:
        """Show the page of a project in which nothing was compared; without a design, where to get one."""
        self.view = None
        self.empty.sentence.setText(_INVITATION if has_design else _NO_DESIGN)
        self.empty.button.setText("Compare engines" if has_design else "Go to Start")
        self._pages.setCurrentIndex(0)

    def set_view(self, view: ComparisonView) -> None:
        """Show a comparison as it is now."""
        self.view = view
        self.head.show_view(view)
        self.charts.set_view(view)
        self._show_table(view)
        titles = {line.key: line.title for line in view.engines}
        self.matrix.set_cells([(key, titles[key]) for key in view.files], view.cells)
        self.files_card.setVisible(bool(view.files))
        self.reasons.setText("\n".join(f"{one.title}: {one.reason}" for one in view.engines if one.reason))
        self.reasons.setVisible(bool(self.reasons.text()))
        self.notes.setText("\n".join(view.notes))
        self.notes_card.setVisible(bool(view.notes))
        self._pages.setCurrentIndex(1)
        self._fit_charts()

    def set_curve(self, part: str, engine: str, curves: Mapping[str, Curve]) -> None:
        """Give what is read of an engine's curves in a part."""
        self.charts.set_curve(part, engine, curves)

    def set_known(self, rows: Sequence[DropRow], key: str) -> None:
        """Offer earlier comparisons."""
        self.head.set_known(rows, key)

    def show_deleted(self, title: str) -> None:
        """Say that a comparison is in the bin, with the way back."""
        self.message.show_message(
            f"{title} is in the bin; its runs stay",
            severity="info",
            action="restore",
            action_text="Undo",
        )

    def _on_message_action(self, action: str) -> None:
        if action == "restore":
            self.message.hide()
            self.restore_requested.emit()

    def _show_table(self, view: ComparisonView) -> None:
        placed = any(line.device for line in view.engines)
        if (view.measure_name, placed) != self._heads:
            self._heads = view.measure_name, placed
            self.table.set_columns(_columns(*self._heads))
        self._longer = self._beyond_usual([line.title for line in view.engines])
        self._arrange(self._columns_shown)
        rows = [_row(line, placed=placed) for line in view.engines]
        self.table.set_rows([line.key for line in view.engines], rows)
        count = len(view.engines)
        self.table.view.setFixedHeight(
            scaled(38) + count * self.table.view.verticalHeader().defaultSectionSize()
        )
        self._on_selected(self.table.selected_keys())

    def _beyond_usual(self, titles: Sequence[str]) -> int:
        """Return how much longer than an engine's name the longest title is: it may tell the mode, too."""
        words = self.fontMetrics().horizontalAdvance
        return max([0, *(words(title) - words("TensorFlow") for title in titles)])

    def _on_selected(self, keys: list[str]) -> None:
        chosen = [line for line in self.view.engines if line.key in keys] if self.view else []
        can = len(chosen) == 1 and bool(chosen[0].run)
        self.open_button.set_enabled(can, "Select an engine that has a run.")

    def _on_open(self, key: str = "") -> None:
        wanted = key or next(iter(self.table.selected_keys()), "")
        lines = self.view.engines if self.view else ()
        run = next((line.run for line in lines if line.key == wanted), "")
        if run:
            self.run_opened.emit(run)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(2 if self.width() >= scaled(NARROW) else 1)
        self._fit_charts()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.head and event.type() == QEvent.Type.Resize:
            self._fit_charts()
        return super().eventFilter(watched, event)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_charts()

    def _fit_charts(self) -> None:
        """Let both charts be seen at once, however long the figures beside them are."""
        seen = self.height() - 3 * GAP - self.head.height()
        least = self.charts.minimumSizeHint().height()
        self.charts.setMaximumHeight(max(seen, least, scaled(420)))

    def _arrange(self, columns: int) -> None:
        """Lay the figures beside the charts, or beneath them where there is no room."""
        width = _side_width(placed=self._heads[1]) + self._longer
        if (columns, width) == self._arranged:
            return
        self._columns_shown, self._arranged = columns, (columns, width)
        ways = QBoxLayout.Direction
        self._lower.setDirection(ways.LeftToRight if columns == 2 else ways.TopToBottom)
        self._fit_charts()
        self._side.setMinimumWidth(width if columns == 2 else 0)
        self._side.setMaximumWidth(width if columns == 2 else _UNBOUNDED)

    def _build(self) -> None:
        self._build_page()
        self._build_side()
        self._fill_cards()
        self._arrange(2)

    def _fill_cards(self) -> None:
        self.table_card.tools.addWidget(self.open_button)
        self.table_card.body.addWidget(self.table)
        self.table_card.body.addWidget(self.reasons)
        self.reasons.hide()
        self.table.view.horizontalHeader().setSortIndicatorShown(False)  # its room is the headings'
        for tool in (self.copy_proofs, self.save_proofs):
            self.files_card.tools.addWidget(tool)
        self.files_card.body.addWidget(self.matrix)
        self.notes_card.body.addWidget(self.notes)

    def _build_side(self) -> None:
        """Stack the cards with figures."""
        self.table_card = Card("Engines", "the same design, data, order and first weights")
        self.files_card = Card("ONNX files", "a file of each row against the answers of each column")
        self.notes_card = Card()
        side = QVBoxLayout(self._side)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(GAP)
        for card in (self.table_card, self.files_card, self.notes_card):
            side.addWidget(card)
        side.addStretch(1)

    def _build_page(self) -> None:
        """Put head, charts and figures into one page that scrolls, behind the empty one."""
        whole = QVBoxLayout(self)  # from here inwards: what moves to another parent is styled anew
        whole.setContentsMargins(GAP, GAP, GAP, GAP)
        whole.setSpacing(GAP)
        holder, area, self._side = QWidget(), Scrolling(), QWidget()
        whole.addWidget(self.message)
        whole.addWidget(holder, 1)
        self._pages = QStackedLayout(holder)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(area)
        area.column.addWidget(self.head)
        self._lower = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        area.column.addLayout(self._lower, 1)
        self._lower.setSpacing(GAP)
        left = QVBoxLayout()
        self._lower.addLayout(left, 1)
        left.addWidget(self.charts, 1)
        left.addStretch(0)
        self._lower.addWidget(self._side)

    def _connect(self) -> None:
        for asked in (self.empty.requested, self.head.compare_requested):
            asked.connect(self.compare_requested)
        self.head.installEventFilter(self)
        self.head.resume_requested.connect(self.resume_requested)
        self.head.comparison_chosen.connect(self.comparison_chosen)
        self.head.delete_requested.connect(self.delete_requested)
        self.message.action_requested.connect(self._on_message_action)
        self.message.closed.connect(self.message.hide)
        self.table.selection_changed.connect(self._on_selected)
        self.table.row_activated.connect(self._on_open)
        self.open_button.clicked.connect(lambda: self._on_open())
        self.copy_proofs.clicked.connect(self.matrix.copy)
        self.save_proofs.clicked.connect(self.matrix.ask_and_save)


_START = "The engine’s start, its compiling and measuring of threads: all before the first step"
_TEST = "On the held-out test split, of the best checkpoint"


def _heading(measure: str) -> str:
    words = short_name(measure)
    return words[:1].upper() + words[1:]


def _columns(measure: str, placed: bool = False) -> list[Column]:
    device = [Column("Device", tip="What the engine trained on")] if placed else []
    return [
        Column("Engine"),
        *device,
        Column("Loss", number=True, shown=partial(measure_text, "loss"), tip=_TEST),
        Column(_heading(measure), number=True, shown=partial(measure_text, measure), tip=_TEST),
        Column("Speed", number=True, shown=lambda value: f"{value:,.0f}/s", tip="Samples a second"),
        Column("Memory", number=True, shown=memory_text, tip="The most that the engine’s process ever held"),
        Column("Start", number=True, shown=time_text, tip=_START),
        Column("Time", number=True, shown=time_text, tip="Training alone, without the engine’s start"),
    ]


def _row(line: EngineLine, *, placed: bool) -> tuple[Any, ...]:
    device = (line.device,) if placed else ()
    return line.title, *device, line.loss, line.measure, line.rate, line.memory, line.start, line.seconds


def _side_width(*, placed: bool) -> int:
    return round((SIDE + DEVICE * placed) * min(theme().scale, 1.5))
