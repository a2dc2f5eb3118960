"""The button "Tune for this machine" with its progress, and the card with the table, which stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from engines.contract.views import TuneRow, TuneView
from widgets.controls.buttons import Button
from widgets.controls.card import Card
from widgets.controls.marks import ProgressBar
from widgets.controls.table import Column, Table
from widgets.controls.text import label
from widgets.look.theme import scaled
from widgets.tuning.words import summary_text, way_text

TAKEN = "•"
"""Stands before a way that was taken."""
Reason = Callable[[TuneRow], str]
_ROW, _HEAD = 32, 40
BATCH_SIZE = "Another batch size changes the mathematics: it is measured, but taken only by you."
TIP = "Measures threads, modes, memory layout, batch size and steps a call, and takes the fastest"


class Rate(float):
    """Samples a second, sorted as the number and shown with what it is worth."""

    def __new__(cls, row: TuneRow) -> Rate:
        """Make it of the row's rate."""
        return super().__new__(cls, row.samples_per_second)

    def __init__(self, row: TuneRow) -> None:
        self._text = f"{row.samples_per_second:,.0f} ± {row.spread / 2:.0%}"

    @override
    def __str__(self) -> str:
        return self._text


class TunePart(QWidget):
    """Button, and while it goes a bar and a button to stop."""

    tune_requested = Signal()
    stop_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = Button("Tune for this machine", "tune", icon_name="bolt")
        self.button.setToolTip(TIP)
        self.bar = ProgressBar("tune_progress", "Progress of the tuning")
        self.stop = Button("Stop", "tune_stop", small=True)
        self.stop.setAccessibleName("Stop tuning")
        self._going = QWidget()
        self._build()
        self.set_going(going=False)

    def set_going(self, *, going: bool) -> None:
        """Show the button, or how far it is."""
        self.button.setVisible(not going)
        self._going.setVisible(going)
        self.bar.set_share(0.0)

    def set_share(self, share: float) -> None:
        """Show how much is done."""
        self.bar.set_share(share)

    def _build(self) -> None:
        line = QHBoxLayout(self._going)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(label("Tuning", "dim"))
        line.addWidget(self.bar, 1)
        line.addWidget(self.stop)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 8, 0, 0)
        whole.addWidget(self.button)
        whole.addWidget(self._going)
        self.button.clicked.connect(self.tune_requested)
        self.stop.clicked.connect(self.stop_requested)


class TuningCard(Card):
    """What was measured, fastest marked; a row can be taken by hand."""

    settings_taken = Signal(dict)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Tuned for this machine", parent=parent)
        self.setObjectName("tuning_card")
        columns = (
            Column("Setting", shown=str, tip=f"{TAKEN} taken"),
            Column("Samples/s", number=True, shown=str, tip="Median of the turns, and half their range"),
        )
        self.table = Table(columns, "tuning_table", "Ways that were measured", filtered=False)
        self.summary = label("", "caption", wrap=True)
        self.note = label(BATCH_SIZE, "caption", wrap=True)
        self.take = Button("Use the selected setting", "tuning_take", small=True)
        self._rows: dict[str, TuneRow] = {}
        for part in (self.summary, self.table, self.note, self.take):
            self.body.addWidget(part)
        self.table.selection_changed.connect(self._on_selection_changed)
        self.table.row_activated.connect(self._emit)
        self.take.clicked.connect(lambda: self._emit(*self.table.selected_keys()[:1]))
        self.show_view(None)

    def show_view(
        self, view: TuneView | None, where: str = "", reason: Reason = lambda row: row.code
    ) -> None:
        """Show a table of ``where``, or nothing; ``reason`` says why a way could not be run."""
        self.setVisible(view is not None)
        rows = view.rows if view is not None else ()
        self._rows = {str(number): row for number, row in enumerate(rows)}
        shown = [_cells(row) for row in rows]
        self.table.set_rows(list(self._rows), shown)
        self.table.setFixedHeight(scaled(_HEAD + _ROW * len(rows)))
        self.summary.setText(summary_text(view) if view is not None else "")
        self.set_subtitle(where)
        reasons = dict.fromkeys(reason(row) for row in rows if row.code)
        sized = any(row.stage == "batch_size" for row in rows)
        self.note.setText(" ".join([*reasons, *([BATCH_SIZE] if sized else [])]))
        self.note.setVisible(bool(self.note.text()))
        self._on_selection_changed([])

    def reveal(self) -> None:
        """Scroll to it, once it has its height."""
        QTimer.singleShot(0, self._scroll_here)

    def _scroll_here(self) -> None:
        above = self.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if above is not None:
            above.verticalScrollBar().setValue(self.y())

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
        return (f"{way_text(row)}: not here", None)
    return (f"{mark}{way_text(row)}", Rate(row))
