"""The optimizer's report: both graphs side by side, what it gained, what it cost, every pass."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QStackedLayout, QWidget
from typing_extensions import override

from engines.contract.views import GraphView, ModelFacts, OptimizeView, ProfileView, ProofView
from widgets.controls import Button, Card, Column, Table
from widgets.controls.text import label, set_property
from widgets.graphing.explorer import GraphPanel, compose
from widgets.graphing.facts import comparison, error_words, marks
from widgets.shipping.runs_on import NodeTimes, ProviderChoice, RunsOn, left_words
from widgets.shipping.words import VERDICTS, figure, share, time_words

_SECONDS, _REASON = 4, 5
_STATES = {"applied": "applied", "no_effect": "no effect", "rejected": "rejected"}
_REASONS = {
    "no_answers": "There are no answers to hold the graph against.",
    "constant_output": "The outputs do not vary with the input, so equal answers would prove nothing.",
    "error_above_bound": "The error is above the bound.",
    "shapes_differ": "The outputs have other shapes than before.",
    "not_finite": "There are infinite values or NaN in the outputs.",
    "classes_differ": "Some predicted classes differ.",
}


_PASSES, _NODES = "Passes", "Each node’s time"
_LEFT = "Nodes left to the CPU"


class OptimizeReport(QWidget):
    """Two linked canvases, as tall as a graph wants, beside a summary and the table of passes.

    The summary is of the CPU, or of another provider where one is chosen; in place of the passes may stand
    each node's time. ``nodes_requested``: that is wanted, and not known. ``seen``: it came into view.
    """

    layer_selected = Signal(str)
    nodes_requested = Signal()
    seen = Signal()

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
        self.provider, self.nodes = ProviderChoice("graph_provider"), NodeTimes("graph_nodes")
        self.turn = Button(_NODES, "graph_each_node", small=True)
        self.turn.setCheckable(True)
        self._view: OptimizeView | None = None
        self._on: RunsOn | None = None
        self._grid = QGridLayout()
        self._build()
        self.turn.toggled.connect(self._on_turned)
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
        self._view = view
        self.measured.setText(f"Measured {time_words(view.measured)}" if view.measured else "")
        self._show_summary()
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

    def show_on(self, on: RunsOn | None) -> None:
        """Show what was measured on a provider; ``None``: the report of the CPU, as it is."""
        self._on = on
        self._show_nodes()
        self._show_summary()

    @property
    def wants_nodes(self) -> bool:
        """Whether a person looks for each node's time."""
        return self.turn.isChecked()

    def select_layer(self, layer: str) -> None:
        """Light a layer in both graphs."""
        self.before.select_layer(layer)
        self.after.select_layer(layer)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.seen.emit()

    def _show_side(
        self, panel: GraphPanel, graph: GraphView | None, caption: str, tint: Mapping[str, str]
    ) -> None:
        panel.setVisible(graph is not None)
        if graph is not None:
            panel.show_graph(graph, tint, folded=True)
            panel.set_caption(caption)

    def _show_summary(self) -> None:
        """Show the error and the figures of the provider that is chosen."""
        view, on = self._view, self._on
        if view is None:
            return
        self.measured.setVisible(on is None or on.on_cpu)
        if on is None or on.on_cpu:
            self._show_proof(view.proof)
            self._show_facts(view)
        elif on.profile is not None and on.optimized is not None and on.optimized.against_cpu is not None:
            self._show_proof(on.optimized.against_cpu, on.title)
            before, after = _there(view.before, on.profile), _there(view.after, on.optimized)
            self._show_facts(
                replace(view, before=before, after=after), left_words(on.profile), left_words(on.optimized)
            )
        else:
            self._show_unknown(view, on)

    def _show_unknown(self, view: OptimizeView, on: RunsOn) -> None:
        """Say that it is being measured on the provider, or why it cannot be."""
        self.error.setText("–")
        set_property(self.error, "severity", "bad" if on.fault else "")
        self.verdict.setText(" ".join(on.fault) if on.fault else f"Running on {on.title} …")
        before, after = _there(view.before, None), _there(view.after, None)
        self._show_facts(replace(view, before=before, after=after))

    def _show_nodes(self) -> None:
        on = self._on
        if on is not None and on.optimized is not None:
            self.nodes.show_profile(on.optimized, on.names)
        else:
            self.nodes.set_rows([], [])
        known = on is not None and on.profile is not None
        said = f"on {on.title}, of the optimized file" if on and known else "being measured …"
        passes = "each is proven, and taken back where it is not"
        self._card.title.setText(_NODES if self.wants_nodes else _PASSES)
        self._card.set_subtitle(said if self.wants_nodes else passes)
        self.turn.setText(_PASSES if self.wants_nodes else _NODES)
        self.turn.setAccessibleName(self.turn.text())

    def _on_turned(self, to_nodes: bool) -> None:
        self._turned.setCurrentIndex(int(to_nodes))
        self._show_nodes()
        if to_nodes and not self.nodes.model.rows:
            self.nodes_requested.emit()

    def _show_proof(self, proof: ProofView, provider: str = "") -> None:
        words, severity = VERDICTS.get(proof.status, (proof.status, ""))
        self.error.setText(error_words(proof.max_abs_error))
        set_property(self.error, "severity", severity)
        there = f" on {provider}" if provider else ""
        beside = ", against the file before on the CPU" if provider else ""
        parts = [
            f"{words}{there}: largest absolute error on {proof.samples:,} samples{beside}, "
            f"bound {figure(proof.bound)}."
        ]
        if proof.reason:
            parts.append(_REASONS.get(proof.reason, proof.reason))
        if proof.where:
            parts.append(f"It begins at {proof.where}.")
        elif proof.classes_agree >= 0:
            parts.append(f"Predicted classes agree: {share(proof.classes_agree)}.")
        self.verdict.setText(" ".join(parts))

    def _show_facts(self, view: OptimizeView, *left: str) -> None:
        rows = [*comparison(view), *([(_LEFT, *left, "")] if left else [])]
        for row, (title, before, after, change) in enumerate(rows, start=1):
            for column, (key, text) in enumerate(
                (("title", title), ("before", before), ("after", after), ("change", change))
            ):
                cell = self.cells.get((title, key))
                if cell is None:
                    cell = self._cell(row, column, "dim" if column == 0 else "body")
                    self.cells[title, key] = cell
                cell.setText(text)
        for (title, _), cell in self.cells.items():
            cell.setVisible(bool(left) or title != _LEFT)

    def _cell(self, row: int, column: int, role: str) -> QLabel:
        cell = label("", role)
        side = Qt.AlignmentFlag.AlignLeft if column == 0 else Qt.AlignmentFlag.AlignRight
        cell.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._grid.addWidget(cell, row, column, side)
        return cell

    def _build(self) -> None:
        self._card = Card(_PASSES, "each is proven, and taken back where it is not")
        self._card.tools.addWidget(self.turn)
        either = QWidget()
        self._turned = QStackedLayout(either)
        self._turned.addWidget(self.passes)
        self._turned.addWidget(self.nodes)
        self._card.body.addWidget(either)
        self.passes.view.setColumnHidden(_SECONDS, True)  # who saves the table as CSV finds them there
        compose(self, (self.before, self.after), (self._summary(), self._card))

    def _summary(self) -> Card:
        card = Card("Largest error")
        card.tools.addWidget(self.provider)
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


def _there(facts: ModelFacts, measured: ProfileView | None) -> ModelFacts:
    """Return a file's facts with the latencies that were measured on a provider, or none."""
    plain = measured.facts.latency_plain_ms if measured else math.nan
    runtime = measured.facts.latency_runtime_ms if measured else math.nan
    return replace(facts, latency_plain_ms=plain, latency_runtime_ms=runtime)


def _counts(before: int, after: int) -> str:
    return f"{before:,} → {after:,}" if before != after else f"{after:,}"
