"""The inspector of the design room: a layer's name, values and cost, the whole model, what is wrong."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget
from typing_extensions import override

from engines.design.document import Node
from engines.design.inference import Inference
from engines.design.kinds import LayerKind
from engines.design.own_layers import FILE, OwnLayers
from widgets.canvas.model import byte_size, compact
from widgets.controls.fields import FieldRow
from widgets.controls.scrolling import Scrolling
from widgets.controls.text import label, named, set_property
from widgets.designing.editors import EDITORS, Editor, title_of
from widgets.designing.own_file import OwnFile
from widgets.designing.sheet import Tell, shape_words
from widgets.designing.state import StatePanel
from widgets.look.tokens import GAP

_COSTS = ("Output", "Parameters", "FLOPs", "Activation")
_LEAST_WIDTH = 296
_TOTALS = ("Layers", "Parameters", "FLOPs", "Activations")


class DesignInspector(QFrame):
    """Shows one layer or, with none picked, the model alone."""

    setting_edited = Signal(str, object)
    renamed = Signal(str)
    file_requested = Signal(str)
    show_requested = Signal(str)

    def __init__(self, tell: Tell, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        self._node: Node | None = None
        self._row: LayerKind | None = None
        self.name = named(QLineEdit(), "layer_name", "Name of the layer")
        self.kind = label("", "dim", wrap=True)
        self.fault = label("", "body", wrap=True)
        self.editors: dict[str, Editor] = {}
        self.costs = {title: FieldRow(title) for title in _COSTS}
        self.totals = {title: FieldRow(title) for title in _TOTALS}
        self.state = StatePanel(tell)
        self.own_file = OwnFile()
        self._settings = QVBoxLayout()
        self._cost_box, self._total_box = QWidget(), QWidget()
        self._body = QWidget()
        self._build()
        self.name.editingFinished.connect(self._on_name_edited)
        self.state.show_requested.connect(self.show_requested)
        self.own_file.open_requested.connect(self.file_requested)

    def show_node(
        self, node: Node | None, known: Inference, training_batch: int, own: OwnLayers | None = None
    ) -> None:
        """Show ``node`` (or none) and what is known about the design; ``own`` are the layers beside it."""
        row = own.row(node.settings) if own and node and node.row.free else node.row if node else None
        same = self._node and node and (self._node.name, self._row) == (node.name, row)
        self._node, self._row = node, row
        if not same:
            self._rebuild(node, row)
        if node is not None:
            for key, editor in self.editors.items():
                editor.show_value(node.settings.get(key, editor.kind.default))
            self._show_cost(node.name, known)
        self._show_own(node, own)
        self._cost_box.setVisible(node is not None)
        self._show_totals(known, training_batch)
        self.state.show_problems(known.problems)
        self.say_fault("")
        self.updateGeometry()

    @override
    def minimumSizeHint(self) -> QSize:
        """Return the width at which no row has to be scrolled sideways, which grows with the text."""
        border = self.width() - self.contentsRect().width()
        width = self._body.minimumSizeHint().width() + 2 * GAP + border
        return QSize(max(_LEAST_WIDTH, width), super().minimumSizeHint().height())

    def say_fault(self, text: str, key: str = "") -> None:
        """Say why an edit was refused, and mark its field; the value stays as it was."""
        self.fault.setText(text)
        self.fault.setVisible(bool(text))
        field = self.name if key == "name" else getattr(self.editors.get(key), "field", None)
        if isinstance(field, QLineEdit) and text:
            set_property(field, "wrong", True)
        if not text:
            set_property(self.name, "wrong", False)

    def _show_own(self, node: Node | None, own: OwnLayers | None) -> None:
        shown = node is not None and node.row.free and own is not None
        self.own_file.setVisible(shown)
        if shown and node is not None and own is not None:
            self.own_file.show_file(own, str(node.settings.get(FILE, "")))
            self.costs["FLOPs"].set_value("not known")

    def _rebuild(self, node: Node | None, row: LayerKind | None) -> None:
        while (item := self._settings.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.setParent(None)
                old.deleteLater()
        self.editors = {}
        self.name.setVisible(node is not None)
        self.name.setText(node.name if node else "")
        self.kind.setText(row.title if row else "Pick a layer to see and change its values.")
        self.kind.setToolTip(row.semantics if row else "")
        for kind in row.settings if row else ():
            editor = EDITORS[kind.type](kind)
            editor.edited.connect(lambda value, key=kind.key: self.setting_edited.emit(key, value))
            self.editors[kind.key] = editor
            line = FieldRow(title_of(kind), editor, last=True)
            line.setToolTip(editor.toolTip())
            self._settings.addWidget(line)

    def _show_cost(self, name: str, known: Inference) -> None:
        layer, cost = known.layers.get(name), known.costs.get(name)
        values = ("–",) * 4
        if layer and cost:
            values = (
                shape_words(layer.output_shape),
                f"{cost.parameters:,}",
                compact(cost.flops),
                byte_size(cost.activation_bytes),
            )
        for row, value in zip(self.costs.values(), values):
            row.set_value(value)

    def _show_totals(self, known: Inference, batch: int) -> None:
        total = known.total
        memory = byte_size(total.activation_bytes * batch)
        values = (
            str(len(known.layers) + len(known.problems.keys() - known.layers.keys())),
            f"{total.parameters:,}",
            compact(total.flops),
            memory,
        )
        for row, value in zip(self.totals.values(), values):
            row.set_value(value)
        self.totals["FLOPs"].title.setText("FLOPs a sample")
        self.totals["Activations"].title.setText(f"Activations, batch {batch}")

    def _on_name_edited(self) -> None:
        if self._node is not None and self.name.text() != self._node.name:
            self.renamed.emit(self.name.text())

    def _build(self) -> None:
        self._body.setProperty("clear", True)
        column = QVBoxLayout(self._body)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(4)
        column.addWidget(self.name)
        column.addSpacing(2)
        column.addWidget(self.kind)
        column.addWidget(self.fault)
        column.addWidget(self.own_file)
        column.addSpacing(4)
        self._settings.setSpacing(0)
        column.addLayout(self._settings)
        _fill(self._cost_box, "Cost of this layer", list(self.costs.values()))
        _fill(self._total_box, "Whole model", list(self.totals.values()))
        column.addWidget(self._cost_box)
        column.addWidget(self._total_box)
        column.addStretch()
        set_property(self.fault, "severity", "bad")
        whole = QVBoxLayout(self)
        whole.setContentsMargins(GAP, 8, GAP, GAP)
        whole.setSpacing(8)
        whole.addWidget(Scrolling(self._body), 1)
        whole.addWidget(self.state)


def _fill(box: QWidget, title: str, rows: list[FieldRow]) -> None:
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 14, 0, 0)
    column.setSpacing(0)
    column.addWidget(label(title, "heading"))
    column.addSpacing(4)
    for row in rows:
        column.addWidget(row)
