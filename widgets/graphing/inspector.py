"""The inspector of the graph room: a node with its tensors and weights, or the model's facts."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from engines.contract.views import GraphView, NodeView, TensorView, WeightView
from widgets.canvas.folding import main_node
from widgets.canvas.model import byte_size
from widgets.controls.fields import FieldRow
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import label, named
from widgets.graphing.facts import Rows, graph_facts, number_words, tensor_words, training_facts
from widgets.look.tokens import GAP

_MOST_LISTED = 40


class NodeInspector(QFrame):
    """Shows one node, several nodes of a folded scope, or the model."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._scroll = named(Scrolling(), "node_facts", "Facts about the node")
        self._scroll.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(GAP, 8, GAP, 8)
        whole.addWidget(self._scroll)
        self.shown: dict[str, str] = {}

    def show_model(self, graph: GraphView) -> None:
        """Show the model's own facts."""
        self._start(graph.name, graph.format.upper())
        self._section("Model", graph_facts(graph))
        self._section("Inputs", _tensors(graph.inputs))
        self._section("Outputs", _tensors(graph.outputs))
        self._section("Training", training_facts(graph))
        self._section("Notes", tuple((note, "") for note in graph.notes))
        self._finish()

    def show_nodes(self, nodes: list[NodeView]) -> None:
        """Show one node, or what a folded scope holds."""
        node = main_node(nodes)
        if len(nodes) > 1:
            self._start(node.layer or "/".join(node.scope), f"{len(nodes)} nodes")
            self._section("Operations", tuple((other.op, other.name) for other in nodes[:_MOST_LISTED]))
        else:
            self._start(node.op, node.name)
        self._section("Origin", _origin(node))
        self._section("Inputs", _tensors(node.inputs))
        self._section("Outputs", _tensors(nodes[-1].outputs))
        self._section("Attributes", node.attributes)
        for name, weight in {weight.name: weight for other in nodes for weight in other.weights}.items():
            self._section(name, _statistics(weight))
        self._finish()

    def _start(self, title: str, subtitle: str) -> None:
        self.shown = {}
        self._body = QWidget()
        self._body.setProperty("clear", True)
        self._column = QVBoxLayout(self._body)
        self._column.setContentsMargins(0, 8, 0, 8)
        self._column.setSpacing(0)
        self._column.addWidget(label(title, "heading", wrap=True))
        self._column.addWidget(label(subtitle, "dim", wrap=True))

    def _section(self, title: str, rows: Rows) -> None:
        if not rows:
            return
        self._column.addSpacing(16)
        self._column.addWidget(label(title, "heading", wrap=True))
        self._column.addSpacing(4)
        for name, text in rows:
            self.shown[f"{title}/{name}"] = text
            self._column.addWidget(FieldRow(name, text))

    def _finish(self) -> None:
        self._column.addStretch()
        self._scroll.setWidget(self._body)  # the former one is deleted by the area


def _origin(node: NodeView) -> Rows:
    rows = (
        ("Layer", node.layer),
        ("Merged in", ", ".join(node.merged)),
        ("Scope", " / ".join(node.scope) if node.scope != (node.layer,) else ""),
    )
    return tuple(row for row in rows if row[1])


def _tensors(tensors: tuple[TensorView, ...]) -> Rows:
    return tuple((tensor.name, tensor_words(tensor)) for tensor in tensors[:_MOST_LISTED])


def _statistics(weight: WeightView) -> Rows:
    shape = " × ".join(map(str, weight.shape)) or "scalar"
    return (
        ("Shape", f"{weight.type}  {shape}"),
        ("Size", byte_size(weight.bytes)),
        ("Range", f"{number_words(weight.minimum)} … {number_words(weight.maximum)}"),
        ("Mean ± deviation", f"{number_words(weight.mean)} ± {number_words(weight.std)}"),
        ("Zeros", f"{weight.zeros:.1%}"),
    )
