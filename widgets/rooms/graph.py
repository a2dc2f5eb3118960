"""The graph room: the exported model, optimized beside unoptimized, as its engine runs it, and in Netron."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedLayout, QTabBar, QVBoxLayout, QWidget

from engines.contract.views import GraphView, LoweredView, OptimizeView
from widgets.controls import Button, EmptyPage, ProgressBar
from widgets.controls.text import Elided, label, named
from widgets.graphing.compare import OptimizeReport
from widgets.graphing.explorer import GraphPanel
from widgets.graphing.facts import graph_facts
from widgets.graphing.inspector import NodeInspector
from widgets.graphing.stages import CompilerStages
from widgets.look.theme import theme
from widgets.netron_view import NetronPage

SIDE = 300
GRAPH, OPTIMIZED, ENGINE, NETRON = 0, 1, 2, 3
_STAGES = "The engine compiles a model in stages: watch each fold, fuse and lay out, timed and compared."
_NO_GRAPH = "There is no graph yet. Train a model, or open an ONNX file."


class GraphRoom(QWidget):
    """Shows a ``GraphView`` and an ``OptimizeView``; a layer selected in one is lit in all.

    ``stages_requested`` comes when the Engine tab is opened and has nothing to show yet.
    ``netron_requested`` comes when the Netron tab is opened and has no address yet: the owner starts a
    server and calls ``netron.show_address``.
    """

    node_selected = Signal(str)
    optimize_requested = Signal()
    open_requested = Signal()
    netron_requested = Signal()
    stages_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layer, self._no_stages_for = "", ""
        self.tabs = named(QTabBar(), "graph_tabs", "Views of the graph")
        self.facts = Elided("", "dim")
        self.fold = Button("Fold layers", "graph_fold", small=True)
        self.optimize = Button("Optimize", "graph_optimize", kind="primary", icon_name="bolt", small=True)
        self.panel = GraphPanel("graph_canvas")
        self.inspector = NodeInspector()
        self.report = OptimizeReport()
        self.stages = CompilerStages()
        self.netron = NetronPage()
        self.busy = ProgressBar("graph_progress", "Progress")
        self.busy_words = label("", "dim")
        self._empty = EmptyPage(
            _NO_GRAPH,
            "Open a model",
            "graph_open",
            icon_name="graph",
        )
        self._no_report = EmptyPage(
            "Optimize folds constants and batch norm, drops what does nothing, and proves the result.",
            "Optimize now",
            "graph_optimize_now",
            icon_name="bolt",
        )
        self._no_stages = EmptyPage(_STAGES, "Look inside", "graph_stages_now", icon_name="engine")
        self._build()
        self._connect()
        self.clear_busy()

    # --- what is shown ---

    @property
    def selected(self) -> str:
        """The layer that is lit, "" for none."""
        return self._layer

    def show_graph(self, graph: GraphView | None) -> None:
        """Show a model's graph, folded by layer; ``None`` empties the room."""
        self._pages.setCurrentIndex(1 if graph else 0)
        if graph is None:
            return
        self.panel.show_graph(graph, folded=True)
        self.facts.setText("  ·  ".join(f"{title} {text}" for title, text in graph_facts(graph)[:5]))
        self._inspect()

    def show_optimization(self, view: OptimizeView | None) -> None:
        """Show the optimizer's report; ``None`` offers to optimize."""
        self._reports.setCurrentIndex(1 if view else 0)
        self._offer_once()
        if view is not None:
            self._pages.setCurrentIndex(1)
            self.report.show_report(view)
            self.report.select_layer(self._layer)

    def show_stages(self, view: LoweredView | None, reason: str = "") -> None:
        """Show what the engine's compiler makes of the model; ``None`` offers to look, or says why not."""
        self._stage_pages.setCurrentIndex(1 if view else 0)
        self._no_stages_for = reason
        self._no_stages.button.set_enabled(not reason, reason)
        self._no_stages.button.setVisible(not reason)
        self._no_stages.sentence.setText(reason or _STAGES)
        if view is not None:
            self.stages.show_stages(view)
            self.stages.select_layer(self._layer)

    def show_tab(self, tab: int) -> None:
        """Go to ``GRAPH``, ``OPTIMIZED``, ``ENGINE`` or ``NETRON``."""
        self.tabs.setCurrentIndex(tab)

    def come_back_to(self, tab: int) -> None:
        """Show a tab as it was left, without beginning what opening it by hand begins."""
        before = self.blockSignals(True)
        self.show_tab(tab if tab in (OPTIMIZED, ENGINE) else GRAPH)
        self.blockSignals(before)

    def select(self, layer: str) -> None:
        """Light a layer of the design in every graph."""
        self.panel.select_layer(layer)
        self.report.select_layer(layer)
        self.stages.select_layer(layer)
        self._inspect()
        self._set_layer(layer)

    def set_busy(self, words: str, done: int = 0, total: int = 0) -> None:
        """Show that work goes on: what, and how far."""
        share = done / total if total else 0.0
        self.busy_words.setText(f"{words} {share:.0%}" if total else words)
        self._empty.sentence.setText(f"{words} …")
        self._empty.button.hide()
        self.busy.set_share(share or 0.02)
        self._busy_row.show()
        self.optimize.set_enabled(False, words)
        self._offer_once()
        self._no_report.button.set_enabled(False, words)
        self._no_stages.button.set_enabled(False, words)

    def clear_busy(self) -> None:
        """The work is over."""
        self._busy_row.hide()
        self._empty.sentence.setText(_NO_GRAPH)
        self._empty.button.show()
        self.optimize.set_enabled(True)
        self._offer_once()
        self._no_report.button.set_enabled(True)
        self._no_stages.button.set_enabled(not self._no_stages_for, self._no_stages_for)

    def _offer_once(self) -> None:
        """Leave the button to the page that has no report yet: one is enough."""
        offered = self.tabs.currentIndex() == OPTIMIZED and self._reports.currentIndex() == 0
        self.optimize.setVisible(not offered or not self._busy_row.isHidden())

    # --- parts ---

    def _build(self) -> None:
        for title in ("Graph", "Optimized", "Engine", "Netron"):
            self.tabs.addTab(title)
        self.tabs.setExpanding(False)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(self.tabs)
        head.addWidget(self.facts, 1)
        head.addWidget(self.fold)
        head.addWidget(self.optimize)
        self._busy_row = QWidget()
        busy = QHBoxLayout(self._busy_row)
        busy.setContentsMargins(0, 0, 0, 0)
        busy.setSpacing(12)
        busy.addWidget(self.busy_words)
        busy.addWidget(self.busy, 1)
        self._pages = QStackedLayout(self)  # from here inwards: what moves to another parent is styled anew
        self._pages.addWidget(self._empty)
        work, body = QWidget(), QWidget()
        self._pages.addWidget(work)
        column = QVBoxLayout(work)
        column.setContentsMargins(16, 12, 16, 16)
        column.setSpacing(12)
        column.addLayout(head)
        column.addWidget(self._busy_row)
        column.addWidget(body, 1)
        self._bodies = QStackedLayout(body)
        self._build_graph_page()
        self._reports = self._page_of(self._no_report, self.report)
        self._stage_pages = self._page_of(self._no_stages, self.stages)
        self._bodies.addWidget(self.netron)

    def _build_graph_page(self) -> None:
        split = QSplitter(Qt.Orientation.Horizontal)
        self._bodies.addWidget(split)
        split.setObjectName("graph_borders")
        split.setHandleWidth(16)
        split.setChildrenCollapsible(False)
        split.addWidget(self.panel)
        split.addWidget(self.inspector)
        split.setStretchFactor(0, 1)
        side = SIDE + round(200 * (theme().scale - 1))  # its words grow, its margins do not
        self.inspector.setMinimumWidth(side)
        split.setSizes([860, side + 24])

    def _page_of(self, empty: QWidget, full: QWidget) -> QStackedLayout:
        page = QWidget()
        self._bodies.addWidget(page)
        either = QStackedLayout(page)
        either.addWidget(empty)
        either.addWidget(full)
        return either

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._on_tab_changed)
        self.panel.nodes_selected.connect(self._inspect)
        self.panel.layer_selected.connect(self._on_layer_selected)
        self.panel.folding_changed.connect(self._on_folding_changed)
        self.report.layer_selected.connect(self._on_layer_selected)
        self.stages.layer_selected.connect(self._on_layer_selected)
        self._no_stages.requested.connect(self.stages_requested)
        self.fold.clicked.connect(self._on_fold_clicked)
        self.optimize.clicked.connect(self.optimize_requested)
        self._no_report.requested.connect(self.optimize_requested)
        self._empty.requested.connect(self.open_requested)

    # --- from the person ---

    def _on_tab_changed(self, tab: int) -> None:
        self._bodies.setCurrentIndex(tab)
        self._offer_once()
        self.fold.setVisible(tab == GRAPH and self.panel.foldable)
        if tab == NETRON and not self.netron.address:
            self.netron_requested.emit()
        elif tab == ENGINE and self.stages.view is None and self._no_stages.button.isEnabled():
            self.stages_requested.emit()

    def _on_fold_clicked(self) -> None:
        self.panel.fold_all(not self.panel.folded)
        self._inspect()

    def _on_folding_changed(self) -> None:
        self.fold.setText("Unfold all" if self.panel.folded else "Fold layers")
        self.fold.setAccessibleName(self.fold.text())
        self.fold.setVisible(self.tabs.currentIndex() == GRAPH and self.panel.foldable)

    def _on_layer_selected(self, layer: str) -> None:
        if layer:
            self.panel.select_layer(layer)
            self.report.select_layer(layer)
            self.stages.select_layer(layer)
            self._inspect()
        self._set_layer(layer)

    def _set_layer(self, layer: str) -> None:
        if layer != self._layer:
            self._layer = layer
            self.node_selected.emit(layer)

    def _inspect(self) -> None:
        nodes = self.panel.selected_nodes()
        if nodes:
            self.inspector.show_nodes(nodes)
        elif self.panel.graph is not None:
            self.inspector.show_model(self.panel.graph)
