"""The button "Tune for this machine", and the card with its progress and the table, which stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from engines.contract.errors import ErrorCode
from engines.contract.events import Tuning
from engines.contract.views import TuneRow, TuneView
from widgets.controls.buttons import Button
from widgets.controls.card import Card
from widgets.controls.table import Column, Table
from widgets.controls.text import label
from widgets.look.theme import scaled
from widgets.tuning.progress import TuneProgress
from widgets.tuning.words import gain_text, gain_word, summary_text, way_text

TAKEN = "•"
"""Stands before a way that was taken."""
Reason = Callable[[TuneRow], str]
LEFT_OUT = {ErrorCode.TUNE_NO_TIME.value: "no time", ErrorCode.TUNE_COMPILE_LONG.value: "too long"}
"""What a longer tuning measures, too."""
RATE_TIP = "Median of the turns, half of which lie within ±"
GAIN_TIP = (
    "Beside the first way of the same question, turn against turn: the median of pairs, half of which lie "
    "within ± (in the tooltip). Same: no difference beyond that noise"
)
_ROW, _HEAD = 32, 40
BATCH_SIZE = "Another batch size changes the mathematics: it is measured, but taken only by you."
WAS_TAKEN = f"{TAKEN} was taken."
LONGER_TIP = "Tunes once more, with time for what was left out"
GOING_ON = "A run is going on."
TIP = "Measures threads, modes, memory layout, batch size and steps a call, and takes the fastest"


class Rate(float):
    """Samples a second, sorted as the number; its tooltip and a copy of it say what it is worth."""

    def __new__(cls, row: TuneRow) -> Rate:
        """Make it of the row's rate."""
        return super().__new__(cls, row.samples_per_second)

    def __init__(self, row: TuneRow) -> None:
        self.short = f"{row.samples_per_second:,.0f}"
        self._text = f"{self.short} ± {row.spread / 2:.0%}"

    @override
    def __str__(self) -> str:
        return self._text


class NoRate(float):
    """A word in place of a rate, sorted beneath all of them."""

    def __new__(cls, row: TuneRow) -> NoRate:
        """Make it of a row that was not measured."""
        return super().__new__(cls, "-inf")

    def __init__(self, row: TuneRow) -> None:
        self._text = LEFT_OUT.get(row.code, "not here")

    @override
    def __str__(self) -> str:
        return self._text


class Gain(float):
    """How many times as fast as before, sorted as the number and told only beyond the noise."""

    def __new__(cls, row: TuneRow) -> Gain:
        """Make it of the row's gain."""
        return super().__new__(cls, row.gain)

    def __init__(self, row: TuneRow) -> None:
        self.short, self._text = gain_word(row), gain_text(row)

    @override
    def __str__(self) -> str:
        return self._text


class TunePart(QWidget):
    """The button; while it goes it waits, and the card tells the rest."""

    tune_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = Button("Tune for this machine", "tune", icon_name="bolt")
        self.button.setToolTip(TIP)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 8, 0, 0)
        whole.addWidget(self.button)
        self.button.clicked.connect(self.tune_requested)

    def set_going(self, *, going: bool) -> None:
        """Say whether it goes on."""
        self.button.set_busy(going, "Tuning …")

    def set_run_state(self, state: str) -> None:
        """Let nothing be measured beside a run, and say so."""
        self.button.set_enabled(state == "idle", GOING_ON)
        if state == "idle":
            self.button.setToolTip(TIP)


class TuningCard(Card):
    """What was measured, fastest marked; a row can be taken by hand."""

    settings_taken = Signal(dict)
    longer_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Tuned for this machine", parent=parent)
        self.setObjectName("tuning_card")
        columns = (
            Column("Setting", shown=str, tip=f"{TAKEN} taken"),
            Column("Samples/s", number=True, shown=str, tip=RATE_TIP),
            Column("Gain", number=True, shown=str, tip=GAIN_TIP),
        )
        self.table = Table(columns, "tuning_table", "Ways that were measured", filtered=False)
        self.table.view.horizontalHeader().setSortIndicatorShown(False)  # its room is the settings'
        self.summary = label("", "caption", wrap=True)
        self.note = label(BATCH_SIZE, "caption", wrap=True)
        self.take = Button("Use the selected setting", "tuning_take", small=True)
        self.longer = Button("Measure it anyway", "tune_longer", small=True)
        self.longer.setToolTip(LONGER_TIP)
        self.progress = TuneProgress()
        self._rows: dict[str, TuneRow] = {}
        self._shown: TuneView | None = None
        self._follows = False
        self._fill()
        self.table.selection_changed.connect(self._on_selection_changed)
        self.table.row_activated.connect(self._emit)
        self.take.clicked.connect(lambda: self._emit(*self.table.selected_keys()[:1]))
        self.longer.clicked.connect(self.longer_requested)
        self.show_view(None)

    def _fill(self) -> None:
        for part in (self.progress, self.summary, self.table, self.note):
            self.body.addWidget(part)
        for button in (self.take, self.longer):  # beside one another they are wider than the room's side
            self.body.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def set_run_state(self, state: str) -> None:
        """Let nothing more be measured beside a run, and say so."""
        self.longer.set_enabled(state == "idle", GOING_ON)
        if state == "idle":
            self.longer.setToolTip(LONGER_TIP)

    def begin(self, where: str) -> None:
        """Show that a tuning begins, still without a row."""
        self.show_view(TuneView("", ""), where)
        self._set_going(going=True)
        self.progress.begin()

    def show_event(self, event: Tuning) -> None:
        """Show how it stands, with the rows that there are by now."""
        self.progress.show_event(event)
        known = len(self._rows)
        if self._shown is None or self._shown.rows != event.view.rows:
            self._show_rows(event.view)
        if len(self._rows) > known:
            self.reveal()

    def end(self) -> None:
        """Show that none goes on any more."""
        self.progress.end()
        self._set_going(going=False)

    def _set_going(self, *, going: bool) -> None:
        self.summary.setVisible(not going)
        self.take.setVisible(not going)
        self.note.setVisible(not going and bool(self.note.text()))
        self.longer.setVisible(not going and any(row.code in LEFT_OUT for row in self._rows.values()))

    def show_view(
        self, view: TuneView | None, where: str = "", reason: Reason = lambda row: row.code
    ) -> None:
        """Show a table of ``where``, or nothing; ``reason`` says why a way could not be run."""
        self.setVisible(view is not None)
        self._show_rows(view)
        rows = list(self._rows.values())
        self.summary.setText(summary_text(view) if view is not None else "")
        self.set_subtitle(where)
        reasons = dict.fromkeys(reason(row) for row in rows if row.code)
        sized = any(row.stage == "batch_size" for row in rows)
        told = [*reasons, *([BATCH_SIZE] if sized else [])]
        if any(row.chosen for row in rows):
            told.append(WAS_TAKEN)
        self.note.setText(" ".join(told))
        self._set_going(going=False)
        self._on_selection_changed([])

    def _show_rows(self, view: TuneView | None) -> None:
        self._shown = view
        rows = view.rows if view is not None else ()
        self._rows = {str(number): row for number, row in enumerate(rows)}
        self.table.set_rows(list(self._rows), [_cells(row) for row in rows])
        self.table.setVisible(bool(rows))
        self.table.setFixedHeight(scaled(_HEAD + _ROW * len(rows)))

    def reveal(self) -> None:
        """Scroll to it, once it has its height."""
        QTimer.singleShot(0, self, self._scroll_here)

    def _scroll_here(self) -> None:
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is None:
            return
        bar = above.verticalScrollBar()
        if not self._follows:
            self._follows = True
            bar.rangeChanged.connect(self._on_range_changed)
        bar.setValue(self.y())

    def _on_range_changed(self) -> None:
        if self.progress.isVisibleTo(self):  # rows still come
            self.reveal()

    def _on_selection_changed(self, keys: list[str]) -> None:
        able = bool(keys) and not self._rows[keys[0]].code
        self.take.set_enabled(able, "" if able else "Select a setting that was measured.")

    def _emit(self, key: str = "") -> None:
        row = self._rows.get(key)
        if row is not None and not row.code:
            self.settings_taken.emit(dict(row.settings))


def _cells(row: TuneRow) -> tuple[Any, ...]:
    mark = f"{TAKEN} " if row.chosen else ""
    if row.code:
        return way_text(row), NoRate(row), None
    return (f"{mark}{way_text(row)}", Rate(row), Gain(row) if row.gain else None)
