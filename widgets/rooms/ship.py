"""The ship room: export, and the proof in numbers that the file answers as the engine does."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget
from typing_extensions import override

from engines.contract.views import ExportView, GraphView, OptimizeView, ProofView, SavedView
from widgets.canvas.model import byte_size
from widgets.controls import (
    Button,
    Card,
    DropButton,
    DropRow,
    Elided,
    EmptyPage,
    ProgressBar,
    label,
)
from widgets.controls.card import head_of_page
from widgets.controls.scrolling import Scrolling
from widgets.graphing.facts import latency_words, software
from widgets.look.theme import scaled
from widgets.look.tokens import GAP
from widgets.shipping.file_card import EngineFileCard, FileCard
from widgets.shipping.proof_card import ProofCard
from widgets.shipping.usage import UsageCard
from widgets.shipping.words import VERDICTS, figure, time_words

_NOTHING_YET = "Nothing has been exported yet. The file is run beside the engine, and shown with its error."
_NOBODYS_ANSWERS = "There are no answers of an engine to hold this file against."
_NOT_OPTIMIZED = "Press Optimize in Graph for a smaller, faster file with the same answers."
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
        self.proof = ProofCard()
        self.usage = UsageCard()
        self.file = FileCard("ONNX file", "ship_show_file")
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
            ("Written by", software(view.exporter)),
        ]
        self.file.show_file(view.target, rows)
        self.optimized.show_none(_NOT_OPTIMIZED)
        self.proof.show_unproven("" if view.reference else _NOBODYS_ANSWERS)

    def show_proof(self, view: ProofView) -> None:
        """Show the numbers of a proof and what they mean."""
        self._pages.setCurrentIndex(1)
        self.proof.show_proof(view)

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
        self.proof.show_unproven()
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

    def _connect(self) -> None:
        self.export_button.clicked.connect(self.export_requested)
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


def _measured(when: str) -> list[tuple[str, str]]:
    return [("Measured", time_words(when))] if when else []


def _latencies(before: float, after: float) -> str:
    return "not run" if math.isnan(before + after) else f"{latency_words(before)} → {latency_words(after)}"
