"""What an engine makes of a model: its compiler's stages, the first beside the one that is picked."""

from __future__ import annotations

import math
from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engines.contract.views import GraphView, LoweredView, StageView
from widgets.controls import Card, Column, Table
from widgets.controls.text import label, set_property
from widgets.graphing.explorer import GraphPanel, compose
from widgets.graphing.facts import error_words, graph_marks, latency_words
from widgets.shipping.words import figure, time_words


class CompilerStages(QWidget):
    """Two linked canvases beside the table of stages; picking a row shows that stage."""

    layer_selected = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compiler_stages")
        self.view: LoweredView | None = None
        self.first = GraphPanel("graph_stage_first", compact=True)
        self.picked = GraphPanel("graph_stage_picked", compact=True)
        self.error = label("", "value")
        self.verdict = label("", "body", wrap=True)
        self.table = Table(
            (
                Column("Stage"),
                Column("Operations", number=True, shown=lambda value: f"{value:,}"),
                Column("Latency", number=True, shown=latency_words),
                Column("Error", number=True, shown=error_words),
            ),
            "graph_stages",
            "Stages of the engine's compiler",
            filtered=False,
        )
        self._card = Card("Largest error", "of any stage, against the first")
        self._build()
        self.table.selection_changed.connect(self._on_rows_selected)
        for panel in (self.first, self.picked):
            panel.layer_selected.connect(self._on_layer_selected)

    def show_stages(self, view: LoweredView) -> None:
        """Show all stages, the last one beside the first."""
        self.view = view
        self._show_verdict(view)
        rows = [
            (stage.title, _operations(stage.graph), stage.latency_ms, stage.max_abs_error)
            for stage in view.stages
        ]
        self.table.set_rows([stage.key for stage in view.stages], rows)
        self.table.select([view.stages[-1].key])
        self.show_stage(view.stages[-1].key)

    def show_stage(self, key: str) -> None:
        """Show the stage ``key`` beside the first one."""
        if self.view is None:
            return
        first = self.view.stages[0]
        stage = next((stage for stage in self.view.stages if stage.key == key), first)
        gone, fresh = graph_marks(first.graph, stage.graph)
        self._show_side(self.first, first, "amber: gone", gone if stage is not first else {})
        self._show_side(self.picked, stage, "green: new", fresh)
        self.picked.setVisible(stage is not first)

    def select_layer(self, layer: str) -> None:
        """Light a layer in both graphs."""
        self.first.select_layer(layer)
        self.picked.select_layer(layer)

    def _show_side(self, panel: GraphPanel, stage: StageView, legend: str, tint: Mapping[str, str]) -> None:
        panel.show_graph(stage.graph, tint, folded=False)
        words = [f"{_operations(stage.graph):,} ops", *([legend] if tint else [])]
        panel.set_caption(f"{stage.title}\n{' · '.join(words)}")

    def _show_verdict(self, view: LoweredView) -> None:
        errors = [stage.max_abs_error for stage in view.stages if not math.isnan(stage.max_abs_error)]
        worst = max(errors, default=math.nan)
        allowed = view.bound + view.bound * view.reference_max
        good = worst <= allowed
        self.error.setText(error_words(worst))
        set_property(self.error, "severity", "good" if good else "bad")
        self.verdict.setText(
            f"{view.compiler}: every stage was run on {view.samples:,} samples; "
            f"{'all stay' if good else 'not all stay'} within {figure(allowed)}. "
            f"Latencies are medians of a batch of {view.batch}."
            + (f" Measured {time_words(view.measured)}." if view.measured else "")
        )

    def _build(self) -> None:
        self._card.body.setSpacing(4)
        self._card.body.addWidget(self.error)
        self._card.body.addWidget(self.verdict)
        self._card.body.addStretch()
        stages = Card("Stages", "pick one to see its graph")
        stages.body.addWidget(self.table)
        compose(self, (self.first, self.picked), (self._card, stages))

    def _on_rows_selected(self, keys: list[str]) -> None:
        if keys:
            self.show_stage(keys[0])

    def _on_layer_selected(self, layer: str) -> None:
        self.select_layer(layer)
        self.layer_selected.emit(layer)


def _operations(graph: GraphView) -> int:
    return sum(node.family != "io" for node in graph.nodes)
