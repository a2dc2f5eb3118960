"""The optimizer's report: both graphs side by side, what it gained, what it cost, every pass."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from engines.contract.views import GraphView, OptimizeView, ProofView
from widgets.controls import Card, Column, Table
from widgets.controls.text import label, set_property
from widgets.graphing.explorer import GraphPanel, compose
from widgets.graphing.facts import comparison, error_words, marks
from widgets.shipping.words import figure, share, time_words

_SECONDS, _REASON = 4, 5
_STATES = {"applied": "applied", "no_effect": "no effect", "rejected": "rejected"}
_VERDICTS = {
    "passed": ("Proven", "good"),
    "failed": ("Failed", "bad"),
    "not_provable": ("Not provable", "warning"),
}
_REASONS = {
    "no_answers": "There are no answers to hold the graph against.",
    "constant_output": "The outputs do not vary with the input, so equal answers would prove nothing.",
    "error_above_bound": "The error is above the bound.",
    "shapes_differ": "The outputs have other shapes than before.",
    "not_finite": "There are infinite values or NaN in the outputs.",
    "classes_differ": "Some predicted classes differ.",
}


class OptimizeReport(QWidget):
    """Two linked canvases, as tall as a graph wants, beside a summary and the table of passes."""

    layer_selected = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("optimize_report")
        self.before = GraphPanel("graph_before", compact=True)
        self.after = GraphPanel("graph_after", compact=True)
        self.error = label("", "value")
        self.verdict = label("", "body", wrap=True)
        self.measured = label("", "dim")
        self.cells: dict[tuple[str, str], QLabel] = {}
        self.passes = Table(
            (
                Column("Pass"),
                Column("State"),
                Column("Nodes", aligned=True),
                Column("Error", number=True, shown=error_words),
                Column("Seconds", number=True, shown=lambda value: f"{value:.2f}"),
                Column("Reason"),
            ),
            "passes",
            "Passes of the optimizer",
            filtered=False,
        )
        self._grid = QGridLayout()
        self._build()
        for panel in (self.before, self.after):
            panel.layer_selected.connect(self._on_layer_selected)

    def show_report(self, view: OptimizeView) -> None:
        """Show the whole report."""
        gone, fresh = marks(view)
        self._show_side(
            self.before, view.graph_before, f"Before · {view.before.nodes:,} nodes\nAmber: gone", gone
        )
        self._show_side(
            self.after, view.graph_after, f"After · {view.after.nodes:,} nodes\nGreen: new or merged", fresh
        )
        self.measured.setText(f"Measured {time_words(view.measured)}" if view.measured else "")
        self._show_proof(view.proof)
        self._show_facts(view)
        self.passes.set_rows(
            [row.name for row in view.passes],
            [
                (
                    row.title,
                    _STATES.get(row.state, row.state),
                    _counts(row.nodes_before, row.nodes_after),
                    row.max_abs_error,
                    row.seconds,
                    row.reason or "–",
                )
                for row in view.passes
            ],
        )
        self.passes.set_quiet({row.name for row in view.passes if row.state == "no_effect"})
        self.passes.view.setColumnHidden(_REASON, not any(row.reason for row in view.passes))

    def select_layer(self, layer: str) -> None:
        """Light a layer in both graphs."""
        self.before.select_layer(layer)
        self.after.select_layer(layer)

    def _show_side(
        self, panel: GraphPanel, graph: GraphView | None, caption: str, tint: Mapping[str, str]
    ) -> None:
        panel.setVisible(graph is not None)
        if graph is not None:
            panel.show_graph(graph, tint, folded=True)
            panel.set_caption(caption)

    def _show_proof(self, proof: ProofView) -> None:
        words, severity = _VERDICTS.get(proof.status, (proof.status, ""))
        self.error.setText(error_words(proof.max_abs_error))
        set_property(self.error, "severity", severity)
        parts = [
            f"{words}: largest absolute error on {proof.samples:,} samples, bound {figure(proof.bound)}."
        ]
        if proof.reason:
            parts.append(_REASONS.get(proof.reason, proof.reason))
        if proof.where:
            parts.append(f"It begins at {proof.where}.")
        elif proof.classes_agree >= 0:
            parts.append(f"Predicted classes agree: {share(proof.classes_agree)}.")
        self.verdict.setText(" ".join(parts))

    def _show_facts(self, view: OptimizeView) -> None:
        for row, (title, before, after, change) in enumerate(comparison(view), start=1):
            for column, (key, text) in enumerate(
                (("title", title), ("before", before), ("after", after), ("change", change))
            ):
                cell = self.cells.get((title, key))
                if cell is None:
                    cell = self._cell(row, column, "dim" if column == 0 else "body")
                    self.cells[title, key] = cell
                cell.setText(text)

    def _cell(self, row: int, column: int, role: str) -> QLabel:
        cell = label("", role)
        side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
        cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(cell, row, column, side)
        return cell

    def _build(self) -> None:
        passes = Card("Passes", "each is proven, and taken back where it is not")
        passes.body.addWidget(self.passes)
        self.passes.view.setColumnHidden(_SECONDS, True)  # who saves the table as CSV finds them there
        compose(self, (self.before, self.after), (self._summary(), passes))

    def _summary(self) -> Card:
        card = Card("Largest error")
        card.body.setSpacing(4)
        card.body.addWidget(self.error)
        card.body.addWidget(self.verdict)
        card.body.addWidget(self.measured)
        self._grid.setVerticalSpacing(6)
        self._grid.setHorizontalSpacing(16)
        self._grid.setColumnStretch(0, 1)
        for column, title in enumerate(("", "Before", "After", "Change")):
            self._grid.addWidget(label(title, "caption"), 0, column, Qt.AlignmentFlag.AlignRight)
        card.body.addSpacing(8)
        card.body.addLayout(self._grid)
        card.body.addStretch()
        return card

    def _on_layer_selected(self, layer: str) -> None:
        self.select_layer(layer)
        self.layer_selected.emit(layer)


def _counts(before: int, after: int) -> str:
    return f"{before:,} → {after:,}" if before != after else f"{after:,}"
