"""One graph on a canvas, folded by layer: opening a folded card unfolds it, opening a node folds it back."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from engines.contract.views import GraphView, NodeView
from widgets.canvas.folding import FOLD, Path, path_of, scopes, sheet_of
from widgets.canvas.panel import CanvasPanel


class GraphPanel(CanvasPanel):
    """A canvas panel that knows a graph view and which of its scopes are folded."""

    layer_selected = Signal(str)
    nodes_selected = Signal()
    folding_changed = Signal()

    def __init__(self, name: str, *, compact: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(name, compact=compact, parent=parent)
        self.graph: GraphView | None = None
        self._folded: set[Path] = set()
        self._scopes: dict[Path, int] = {}
        self._marks: Mapping[str, str] = {}
        self.canvas.card_selected.connect(self._on_card_selected)
        self.canvas.card_opened.connect(self._on_card_opened)

    def show_graph(self, graph: GraphView, marks: Mapping[str, str] | None = None, *, folded: bool) -> None:
        """Show another graph, with all its scopes folded or none."""
        self.graph, self._marks = graph, marks or {}
        self._scopes = scopes(graph)
        self._folded = set(self._scopes) if folded else set()
        self._draw(keep_view=False)

    @property
    def foldable(self) -> bool:
        """Whether there is anything to fold."""
        return bool(self._scopes)

    @property
    def folded(self) -> bool:
        """Whether everything that can be folded is."""
        return bool(self._scopes) and self._folded == set(self._scopes)

    def fold_all(self, folded: bool) -> None:
        """Fold or unfold every scope; the selection stays on the same layer."""
        layer = self.selected_layer
        self._folded = set(self._scopes) if folded else set()
        self._draw(keep_view=False)
        self.select_layer(layer)

    @property
    def selected_layer(self) -> str:
        """The design's node that the selected card stands for, "" for none."""
        card = self.canvas.sheet.by_id.get(self.canvas.selected)
        return card.layer if card else ""

    def selected_nodes(self) -> list[NodeView]:
        """Return the nodes behind the selected card."""
        name = self.canvas.selected
        if self.graph is None or not name:
            return []
        if not name.startswith(FOLD):
            return [node for node in self.graph.nodes if node.id == name]
        path = tuple(name.removeprefix(FOLD).split("/"))
        return [node for node in self.graph.nodes if path_of(node)[: len(path)] == path]

    def select_layer(self, layer: str) -> None:
        """Select the card of a layer, or of the node that it was merged into; none where it is gone.

        No signal comes of it: whoever links panels would hear an echo.
        """
        card = self.canvas.sheet.by_id.get(self.canvas.selected)
        if card is None or layer not in (card.layer, *card.layers) or not layer:
            with QSignalBlocker(self):
                self.canvas.select(self.canvas.sheet.card_of_layer(layer))

    def _draw(self, *, keep_view: bool) -> None:
        if self.graph is not None:
            sheet = sheet_of(self.graph, self._folded, self._marks)
            self.canvas.show_sheet(sheet, keep_view=keep_view)
            self.find_bar.refresh()
            self.folding_changed.emit()

    def _on_card_selected(self, name: str) -> None:
        self.nodes_selected.emit()
        self.layer_selected.emit(self.selected_layer)

    def _on_card_opened(self, name: str) -> None:
        if name.startswith(FOLD):
            path = tuple(name.removeprefix(FOLD).split("/"))
            self._folded.discard(path)
            self._draw(keep_view=True)
            inside = (card.id for card in self.canvas.sheet.cards if card.scope[: len(path)] == path)
            self.canvas.select(next(inside, ""))
        else:
            self._fold_around(name)

    def _fold_around(self, name: str) -> None:
        card = self.canvas.sheet.by_id[name]
        depths = range(len(card.scope), 0, -1)
        outer = next((card.scope[:depth] for depth in depths if card.scope[:depth] in self._scopes), ())
        if outer:
            self._folded.add(outer)
            self._draw(keep_view=True)
            self.canvas.select(FOLD + "/".join(outer))


def compose(page: QWidget, graphs: tuple[GraphPanel, GraphPanel], facts: tuple[QWidget, QWidget]) -> None:
    """Fill ``page`` with two graphs side by side and two cards above one another, the lower one growing."""
    graphs[0].canvas.placing.pair_with(graphs[1].canvas.placing, page)
    column = QVBoxLayout(page)  # from here inwards: what moves to another parent is styled anew
    column.setContentsMargins(0, 0, 0, 0)
    whole, cards = QSplitter(Qt.Orientation.Horizontal), QSplitter(Qt.Orientation.Vertical)
    column.addWidget(whole)
    for part, stretch in ((graphs[0], 2), (graphs[1], 2), (cards, 1)):
        whole.addWidget(part)
        whole.setStretchFactor(whole.count() - 1, stretch)
    for card in facts:
        cards.addWidget(card)
    cards.setStretchFactor(1, 1)
    whole.setSizes([276, 276, 600])
    for split, name in ((cards, "cards"), (whole, "borders")):
        split.setObjectName(f"{page.objectName()}_{name}")
        split.setHandleWidth(16)
        split.setChildrenCollapsible(False)
