"""The ship room: export, and the proof in numbers that the file answers as the engine does."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from engines.contract.views import ExportView, GraphView, OptimizeView, ProofView, SavedView
from widgets.canvas.model import byte_size
from widgets.controls import (
    Button,
    Card,
    Chip,
    Column,
    DropButton,
    DropRow,
    Elided,
    EmptyPage,
    MessagePanel,
    ProgressBar,
    Table,
    label,
)
from widgets.controls.buttons import Disclosure
from widgets.controls.card import head_of_page
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import set_property
from widgets.graphing.facts import latency_words
from widgets.look.theme import scaled
from widgets.look.tokens import GAP
from widgets.shipping.file_card import EngineFileCard, FileCard
from widgets.shipping.ruler import ErrorRuler
from widgets.shipping.usage import UsageCard
from widgets.shipping.words import VERDICTS, advice, basis, figure, share, time_words, why

_NOTHING_YET = "Nothing has been exported yet. The file is run beside the engine, and shown with its error."
_NOT_OPTIMIZED = "Press Optimize in Graph for a smaller, faster file with the same answers."
_HEADLINES = {
    "failed": "This file does not answer as the engine does.",
    "not_provable": "Nothing can be proven about this file.",
}


SIDE = 320
_PROOF = 640
"""So much the proof takes with all its words."""
_ANY_WIDTH = (1 << 24) - 1


class ShipRoom(QWidget):
    """Shows what was exported and its proof; ``folder_requested`` carries the file to show.

    ``exporter_chosen`` carries ``engine`` or ``design``, ``save_requested`` a file's ending,
    ``room_requested`` the room to go to where there is nothing to export.
    """

    export_requested = Signal()
    exporter_chosen = Signal(str)
    folder_requested = Signal(str)
    save_requested = Signal(str)
    room_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.line = Elided("Ship", "title"), Elided("", "dim")
        self.export_button = Button("Export ONNX", "ship_export", kind="primary", icon_name="download")
        self.exporter = DropButton("ship_exporter", "Exporter")
        self.progress = ProgressBar("ship_progress", "Export")
        self.stage = label("", "dim")
        self.proof, self.verdict = Card("Proof"), Chip()
        self.absolute, self.relative, self.classes = (
            label("", "value"),
            label("", "value"),
            label("", "value"),
        )
        self._agreement = _figure("Classes agree", self.classes)
        self.basis = label("", "dim", wrap=True)
        self.ruler, self.message = ErrorRuler(), MessagePanel()
        self.batches = _batch_table()
        self.each = Disclosure("Each batch size in numbers", "ship_each_batch")
        self.usage = UsageCard()
        self.file = FileCard("Exported file", "ship_show_file")
        self.optimized = FileCard("Optimized file", "ship_show_optimized")
        self.own = EngineFileCard()
        self._empty = EmptyPage(
            _NOTHING_YET,
            "Export ONNX",
            "ship_empty_export",
            icon_name="ship",
        )
        self.first_exporter = DropButton("ship_empty_exporter", "Exporter")
        self.way = Button("Go to Train", "ship_empty_way", kind="primary")
        self._room = ""
        for below in (self.first_exporter, self.way):
            self._empty.add_below(below)
        self.set_exporters("The engine")
        self._build()
        self._connect()
        self.clear()

    # --- what is shown ---

    def set_model(self, name: str, line: str = "") -> None:
        """Name the model that would be exported, with a line about its run."""
        self.title.setText(name)
        self.line.setText(line)

    def set_exportable(self, can: bool, reason: str = "", way: str = "", room: str = "") -> None:
        """Allow the export, or say why it cannot be and show the ``way`` to the ``room`` that helps."""
        self._empty.sentence.setText(_NOTHING_YET if can or not way else reason)
        self.way.setText(way)
        self._room = room
        for shown, visible in ((self.way, bool(way)), (self._empty.button, not way)):
            shown.setVisible(visible)
        self.first_exporter.setVisible(not way)
        self.export_button.set_enabled(can, reason)
        self._empty.button.set_enabled(can, reason)
        for choice in (self.exporter, self.first_exporter):
            choice.setEnabled(can)

    def set_exporters(self, engine: str, chosen: str = "engine") -> None:
        """Offer the exporter of the run's engine, by its title, beside the design's own."""
        rows = [
            DropRow("engine", f"{engine}’s exporter", "Writes what the engine runs"),
            DropRow("design", "The design’s own exporter", "Writes each layer as ONNX’s own operator"),
        ]
        for choice in (self.exporter, self.first_exporter):
            choice.set_rows(rows, chosen)

    def show_busy(self, stage: str, done: int = 0, total: int = 0) -> None:
        """Show that an export or a proof is under way, and how far."""
        self._pages.setCurrentIndex(1)
        self.export_button.set_busy(True)
        self.stage.setText(f"{stage} …")
        self.progress.set_share(done / total if total else 0.05)
        self._progress_row.show()

    def show_idle(self) -> None:
        """Take the progress away."""
        self.export_button.set_busy(False)
        self._progress_row.hide()

    def show_export(self, view: ExportView) -> None:
        """Show what was written; an earlier proof and an earlier optimized file no longer belong to it."""
        self._pages.setCurrentIndex(1)
        rows = [
            ("Size", byte_size(view.bytes)),
            ("ONNX opset", str(view.opset)),
            ("Written by", view.exporter),
        ]
        self.file.show_file(view.target, rows)
        self.optimized.show_none(_NOT_OPTIMIZED)
        self._show_unproven()

    def show_proof(self, view: ProofView) -> None:
        """Show the numbers of a proof and what they mean."""
        self._pages.setCurrentIndex(1)
        words, severity = VERDICTS[view.status]
        self.verdict.set_state(words, severity)
        self.verdict.show()
        self._show_figures(view, severity)
        self.basis.setText(basis(view))
        self.ruler.show_errors(view.batches, view.bound, provable=view.status != "not_provable")
        self._numbers.show()
        self.each.show()
        self.batches.setVisible(self.each.isChecked())
        if view.status == "passed":
            self.message.hide()
        else:
            headline = _HEADLINES[view.status]
            self.message.show_message(headline, why(view), advice(view), severity=severity, closable=False)
        self.batches.set_rows(
            [str(batch.batch) for batch in view.batches],
            [(batch.batch, batch.max_abs_error, batch.max_rel_error) for batch in view.batches],
        )
        _show_all_rows(self.batches)

    def show_usage(self, graph: GraphView | None, file: str = "model.onnx") -> None:
        """Show how the file is used; nothing where its graph is not known yet."""
        self.usage.show_graph(graph, file)

    def show_optimized(self, view: OptimizeView) -> None:
        """Show the optimized file beside the exported one."""
        before, after = view.before, view.after
        rows = [
            ("Nodes", f"{before.nodes:,} → {after.nodes:,}"),
            ("Size", f"{byte_size(before.bytes)} → {byte_size(after.bytes)}"),
            ("Latency", _latencies(before.latency_runtime_ms, after.latency_runtime_ms)),
            ("Largest error", figure(view.proof.max_abs_error)),
            *_measured(view.measured),
        ]
        self.optimized.show_file(view.target, rows, VERDICTS[view.proof.status])

    def set_formats(self, engine: str, endings: Sequence[str]) -> None:
        """Offer the files that only the run's engine writes; nothing where there are none."""
        self.own.set_formats(engine, endings)

    def show_saved(self, saved: SavedView) -> None:
        """Show a file in the engine's own format, and how far its answers are from the model's."""
        rows = [
            ("Size", byte_size(saved.view.bytes)),
            ("Written by", saved.view.exporter),
            ("Largest error", figure(saved.proof.max_abs_error)),
            *_measured(saved.measured),
        ]
        self.own.show_file(saved.view.target, rows, VERDICTS[saved.proof.status])

    def clear(self) -> None:
        """Go back to the empty page; nothing of the former model is left for the next."""
        self.show_idle()
        self.file.show_none("It stands here once it is written.")
        self.optimized.show_none(_NOT_OPTIMIZED)
        self.own.show_none()
        self.show_usage(None)
        self._show_unproven()
        self._pages.setCurrentIndex(0)

    # --- parts ---

    def _build(self) -> None:
        work = QWidget()
        whole = QVBoxLayout(work)
        whole.setContentsMargins(GAP, GAP, GAP, GAP)
        whole.setSpacing(GAP)
        whole.addLayout(head_of_page(self.title, self.line, self.exporter, self.export_button))
        self._progress_row = self._build_progress()
        whole.addWidget(self._progress_row)
        self._build_proof()
        self._side = _column(self.file, self.optimized, self.own)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(GAP)
        self._columns.addWidget(_column(self.proof, self.usage), 1)
        self._columns.addWidget(self._side)
        area = Scrolling()
        area.column.addLayout(self._columns)
        area.column.addStretch(1)
        whole.addWidget(area, 1)
        self._pages = QStackedLayout(self)
        self._pages.addWidget(self._empty)
        self._pages.addWidget(work)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay the files beside the proof, or beneath it where there is no room."""
        super().resizeEvent(event)
        beside = event.size().width() >= scaled(SIDE + _PROOF)
        direction = QBoxLayout.Direction
        self._columns.setDirection(direction.LeftToRight if beside else direction.TopToBottom)
        self._side.setMaximumWidth(scaled(SIDE) if beside else _ANY_WIDTH)
        self._side.setMinimumWidth(scaled(SIDE) if beside else 0)

    def _build_progress(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(self.stage)
        line.addWidget(self.progress, 1)
        return row

    def _build_proof(self) -> None:
        self.proof.tools.addWidget(self.verdict)
        self._numbers = QWidget()
        column = QVBoxLayout(self._numbers)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        figures = QHBoxLayout()
        figures.setSpacing(40)
        figures.addWidget(_figure("Largest absolute error", self.absolute))
        figures.addWidget(_figure("Largest relative error", self.relative))
        figures.addWidget(self._agreement)
        figures.addStretch()
        column.addLayout(figures)
        column.addWidget(self.basis)
        column.addWidget(self.ruler, 1)
        self.proof.body.setSpacing(GAP)
        self.proof.body.addWidget(self.message)
        self.proof.body.addWidget(self._numbers, 1)
        self.proof.body.addWidget(self.each, 0, Qt.AlignmentFlag.AlignLeft)
        self.proof.body.addWidget(self.batches)

    def _connect(self) -> None:
        self.export_button.clicked.connect(self.export_requested)
        self.each.toggled.connect(self.batches.setVisible)
        for choice in (self.exporter, self.first_exporter):
            choice.chosen.connect(self._on_exporter_chosen)
        self._empty.requested.connect(self.export_requested)
        self.way.clicked.connect(lambda: self.room_requested.emit(self._room))
        self.file.folder_requested.connect(self.folder_requested)
        self.optimized.folder_requested.connect(self.folder_requested)
        self.own.folder_requested.connect(self.folder_requested)
        self.own.save_requested.connect(self.save_requested)

    def _on_exporter_chosen(self, key: str) -> None:
        for choice in (self.exporter, self.first_exporter):
            choice.set_key(key)
        self.exporter_chosen.emit(key)

    # --- filling ---

    def _show_unproven(self) -> None:
        self.verdict.hide()
        self._numbers.hide()
        self.each.hide()
        self.batches.set_rows([], [])
        self.batches.hide()
        soon = "The numbers stand here once the file has been run beside the engine."
        self.message.show_message("Not proven yet.", soon, severity="info", closable=False)

    def _show_figures(self, view: ProofView, severity: str) -> None:
        self.absolute.setText(figure(view.max_abs_error))
        self.relative.setText(figure(view.max_rel_error))
        self.classes.setText(share(view.classes_agree))
        self._agreement.setVisible(view.classes_agree >= 0)
        for words in (self.absolute, self.relative):
            set_property(words, "severity", severity)
        differ = 0 <= view.classes_agree < 1
        set_property(self.classes, "severity", "bad" if differ else severity)


def _column(*cards: Card) -> QWidget:
    """Return cards above one another, as high as what is in them."""
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GAP)
    for card in cards:
        column.addWidget(card)
    column.addStretch(1)
    return made


def _figure(words: str, value: QWidget) -> QWidget:
    made = QWidget()
    made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(2)
    column.addWidget(label(words, "dim"))
    column.addWidget(value)
    return made


def _show_all_rows(table: Table) -> None:
    """Make a small table as high as its rows, so that nothing in it scrolls."""
    view = table.view
    rows = view.verticalHeader().defaultSectionSize() * max(1, table.proxy.rowCount())
    view.setFixedHeight(view.horizontalHeader().sizeHint().height() + rows + 4)


def _measured(when: str) -> list[tuple[str, str]]:
    return [("Measured", time_words(when))] if when else []


def _latencies(before: float, after: float) -> str:
    return "not run" if math.isnan(before + after) else f"{latency_words(before)} → {latency_words(after)}"


def _batch_table() -> Table:
    columns = [
        Column("Batch size", shown=lambda count: f"{count:,}"),
        Column("Largest absolute error", number=True, shown=figure),
        Column("Largest relative error", number=True, shown=figure),
    ]
    return Table(columns, "ship_batches", "batches", filtered=False)
