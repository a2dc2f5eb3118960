"""The Runs room: all runs in a table, the curves of the selected ones over one another, what differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QSplitter, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from widgets.charts.chart import LineChart
from widgets.charts.numbers import number_text
from widgets.charts.pyramid import Values
from widgets.charts.trace import Steps, Trace
from widgets.controls.buttons import Button, ToolButton
from widgets.controls.card import Card
from widgets.controls.messages import EmptyPage, MessagePanel
from widgets.controls.scrolling import Scrolling
from widgets.controls.table import Column, Table
from widgets.look.theme import scaled
from widgets.look.tokens import GAP
from widgets.rooms.measures import measure_words
from widgets.rooms.pace import clock_text

MOST_CURVES = 8
MOST_COMPARED = 3
"""So many runs are drawn over one another; whoever brings the curves need not read more."""
_LIVING = ("running", "paused", "training")


def figure(value: float) -> str:
    """Return a figure with four places, so that a column of them lines up; large ones are short."""
    return f"{value:.4f}" if 1e-3 <= abs(value) < 100 else number_text(value)


class Worth(float):
    """A measure that knows its name: it sorts as a number and reads as ``accuracy 98.6%``."""

    def __new__(cls, value: float, name: str) -> Self:
        """Return ``value``, called ``name``."""
        made = super().__new__(cls, value)
        made.name = name
        return made

    name: str

    @override
    def __str__(self) -> str:
        return measure_words(self.name, float(self)) if self.name else figure(self)


@dataclass(frozen=True)
class RunRow:
    """One run of the table; None where a value is not known. ``number`` tells runs of one title apart."""

    key: str
    title: str
    state: str
    design: str = ""
    engine: str = ""
    epochs: int | None = None
    loss: float | None = None
    measure: float | None = None
    seconds: float | None = None
    started: str = ""
    measured: str = ""
    number: int = 0

    @property
    def worth(self) -> Worth | None:
        """The measure with its name."""
        return None if self.measure is None else Worth(self.measure, self.measured)


_TABLE = 192
"""The table is at least so high: filter, heads and three rows; where that is too much the page scrolls."""
_OF_ONE = ("Show the run's curves, log and recipe", "Rename the run", "Open the run's folder")
_NO_PAIR = "Select two or three runs to see what differs."
_NO_RUN = "No run yet. Every training leaves one here, to compare and to go on with."
_NO_DESIGN = "No run yet, and no design to train. Start from a template."
_CURVES = "validation, of the selected runs"
_OF_LOSS = "On the validation split, of the best checkpoint"
_OF_MEASURE = "Accuracy, R² or error on the held-out test split, of the best checkpoint"
_COLUMNS = (
    Column("Run"),
    Column("State"),
    Column("Design", spare=4),
    Column("Engine"),
    Column("Epochs", number=True, shown=lambda value: f"{value:,}", spare=2),
    Column("Loss", number=True, shown=figure, tip=_OF_LOSS),
    Column("Test result", number=True, tip=_OF_MEASURE),
    Column("Time", number=True, shown=clock_text, spare=1),
    Column("Started", spare=3),
)


def _name(row: RunRow, *, alone: bool) -> str:
    """Return a run's title, with its number where another run has the same."""
    return row.title if alone or not row.number else f"{row.title} · run {row.number}"


class RunsRoom(QWidget):
    """Shows rows, curves and differences that it is given; tells what a person wants of them."""

    selection_changed = Signal(list)
    run_opened = Signal(str)
    rename_requested = Signal(str, str)
    delete_requested = Signal(list)
    restore_requested = Signal(list)
    folder_requested = Signal(str)
    train_requested = Signal()
    compare_requested = Signal()
    continue_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runs_room")
        self.message = MessagePanel()
        self.table = Table(_COLUMNS, "runs_table", "runs")
        self.chart = LineChart("runs_chart", "Validation loss of the selected runs", can_log=True)
        first = [Column("Setting or figure")]
        self.differences = Table(first, "runs_compare", "differences", filtered=False, even=True)
        self.open_button = Button("Show", "run_open", kind="primary", small=True)
        self.go_on = Button("Continue on …", "run_continue", small=True)
        self.compare = Button("Compare engines", "runs_compare_engines", icon_name="compare", small=True)
        self.rename = ToolButton("edit", _OF_ONE[1], "run_rename")
        self.folder = ToolButton("folder", _OF_ONE[2], "run_folder")
        self.delete = ToolButton("trash", "Move the selected runs to the bin", "run_delete")
        self.empty = EmptyPage(_NO_RUN, "Train", "train_from_runs", icon_name="runs")
        self._rows: dict[str, RunRow] = {}
        self._names: dict[str, str] = {}
        self._deleted: list[str] = []
        self._build()
        self._connect()
        self.set_runs([])

    def set_runs(self, rows: Sequence[RunRow]) -> None:
        """Show ``rows``; what was selected stays selected."""
        self._rows = {row.key: row for row in rows}
        titles = Counter(row.title for row in rows)
        self._names = {row.key: _name(row, alone=titles[row.title] == 1) for row in rows}
        self.table.set_rows(
            list(self._rows),
            [
                (name, r.state, r.design, r.engine, r.epochs, r.loss, r.worth, r.seconds, r.started)
                for r, name in zip(rows, self._names.values())
            ],
        )
        self._pages.setCurrentIndex(1 if rows else 0)
        self._on_selection_changed(self.table.selected_keys())

    def set_design(self, *, there: bool) -> None:
        """Let the empty page offer what can be done next: a run of the design, or first of all a design."""
        self.empty.sentence.setText(_NO_RUN if there else _NO_DESIGN)
        self.empty.button.setText("Train" if there else "Choose a template")
        self.empty.button.setAccessibleName(self.empty.button.text())

    def show_curves(self, curves: Mapping[str, tuple[Steps, Values]], selected: int) -> None:
        """Draw one line a run, by key, in the order given; more runs may be ``selected``."""
        traces = [
            Trace(key, self._title(key), place, marks=len(data[0]) < 60)
            for place, (key, data) in enumerate(curves.items())
        ]
        self.chart.set_traces(traces)
        for key, (steps, values) in curves.items():
            self.chart.set_data(key, steps, np.asarray(values, np.float32))
        few = f"the first {len(curves)} of {selected} selected"
        self.chart_card.set_subtitle(few if selected > len(curves) else _CURVES)

    def show_differences(self, keys: Sequence[str], rows: Sequence[tuple[str, ...]]) -> None:
        """Show ``rows``: a name, then one text a run of ``keys``."""
        self.differences.set_columns(
            [Column("Setting or figure"), *(Column(self._short(key, keys), aligned=True) for key in keys)]
        )
        self.differences.set_rows([row[0] for row in rows], [tuple(row) for row in rows])
        self.differences.setVisible(bool(rows))
        self.compare_card.set_subtitle("settings that differ, and all figures" if rows else _NO_PAIR)

    def show_deleted(self, keys: Sequence[str]) -> None:
        """Say that runs are in the bin, with the way back."""
        self._deleted = list(keys)
        named = self._title(keys[0]) if len(keys) == 1 else f"{len(keys)} runs"
        verb = "is" if len(keys) == 1 else "are"
        self.message.show_message(
            f"{named} {verb} in the bin", severity="info", action="restore", action_text="Undo"
        )

    def _short(self, key: str, keys: Sequence[str]) -> str:
        """Return what tells a run from the others: its number alone where all are of one title."""
        row, titles = self._rows.get(key), {self._rows[each].title for each in keys if each in self._rows}
        return f"run {row.number}" if row and row.number and len(titles) == 1 else self._title(key)

    def _title(self, key: str) -> str:
        return self._names.get(key, key)

    def _build(self) -> None:
        self.table_card, self.chart_card = Card("Runs"), Card("Loss", _CURVES)
        self.compare_card = Card("Differences", _NO_PAIR)
        whole = QVBoxLayout(self)  # from here inwards: what moves to another parent is styled anew
        whole.setContentsMargins(GAP, GAP, GAP, GAP)
        whole.setSpacing(GAP)
        holder, area, lower = QWidget(), Scrolling(), QWidget()
        whole.addWidget(self.message)
        whole.addWidget(holder, 1)
        self._pages = QStackedLayout(holder)
        self._pages.addWidget(self.empty)
        self._pages.addWidget(area)
        split = QSplitter(Qt.Orientation.Vertical)
        area.column.addWidget(split)
        split.setObjectName("runs_borders")
        split.setHandleWidth(GAP)
        split.setChildrenCollapsible(False)
        split.addWidget(self.table_card)
        split.addWidget(lower)
        split.setSizes([360, 360])
        line = QHBoxLayout(lower)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GAP)
        line.addWidget(self.chart_card, 3)
        line.addWidget(self.compare_card, 2)
        self._fill_cards()

    def _fill_cards(self) -> None:
        tools = (self.rename, self.folder, self.delete, self.compare, self.go_on, self.open_button)
        self.table_card.tools.setSpacing(8)
        for tool in tools:
            self.table_card.tools.addWidget(tool)
        self.table_card.body.addWidget(self.table)
        self.table.setMinimumHeight(scaled(_TABLE))
        self.chart_card.body.addWidget(self.chart)
        self.chart.set_span(0, 1, "step")
        self.compare_card.body.addWidget(self.differences, 1)
        self.compare_card.body.addStretch()
        self.differences.hide()

    def _connect(self) -> None:
        self.table.selection_changed.connect(self._on_selection_changed)
        self.table.row_activated.connect(self.run_opened)
        self.empty.requested.connect(self.train_requested)
        self.open_button.clicked.connect(lambda: self._with_one(self.run_opened.emit))
        self.go_on.clicked.connect(lambda: self._with_one(self.continue_requested.emit))
        self.compare.clicked.connect(self.compare_requested)
        self.folder.clicked.connect(lambda: self._with_one(self.folder_requested.emit))
        self.rename.clicked.connect(lambda: self._with_one(self._ask_name))
        self.delete.clicked.connect(lambda: self.delete_requested.emit(self.table.selected_keys()))
        self.message.action_requested.connect(self._on_message_action)

    def _with_one(self, slot: Callable[[str], object]) -> None:
        keys = self.table.selected_keys()
        if len(keys) == 1:
            slot(keys[0])

    def _ask_name(self, key: str) -> None:
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setObjectName("rename_dialog")
        dialog.setWindowTitle("Rename the run")
        dialog.setLabelText("Name")
        dialog.setTextValue(self._rows[key].title)
        dialog.textValueSelected.connect(lambda text: self._on_name_given(key, text.strip()))
        dialog.open()

    def _on_name_given(self, key: str, name: str) -> None:
        if name and name != self._rows[key].title:
            self.rename_requested.emit(key, name)

    def _on_message_action(self, action: str) -> None:
        if action == "restore":
            self.message.hide()
            self.restore_requested.emit(self._deleted)

    def _on_selection_changed(self, keys: list[str]) -> None:
        for button, does in zip((self.open_button, self.rename, self.folder), _OF_ONE):
            button.setEnabled(len(keys) == 1)
            button.setToolTip(does if len(keys) == 1 else f"{does}: select one run")
        ended = len(keys) == 1 and self._rows[keys[0]].state not in (*_LIVING, "damaged")
        self.go_on.set_enabled(ended, "Select one run that has ended.")
        going = any(self._rows[key].state in _LIVING for key in keys)
        self.delete.setEnabled(bool(keys) and not going)
        self.delete.setToolTip("A run that goes on cannot be moved." if going else "Move to the bin")
        self.selection_changed.emit(keys)
