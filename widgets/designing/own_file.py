"""What the inspector shows of a layer of one's own: its file, its methods, what export makes of it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engines.contract.errors import WorkbenchError
from engines.design.own_layers import OwnLayers
from widgets.controls.buttons import Button
from widgets.controls.text import label

_EXPORT = (
    "Export: the engine that trained it writes what it can follow. What depends on settings and shapes goes; "
    "PyTorch and JAX cannot write an “if” or a loop over values, TensorFlow can. The design's own exporter "
    "cannot write it."
)


class OwnFile(QWidget):
    """The part of the inspector for layers that are Python files."""

    open_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._file = ""
        self.about = label("", "body", wrap=True)
        self.path = label("", "caption", wrap=True)
        self.engines = label("", "caption", wrap=True)
        self.export = label(_EXPORT, "caption", wrap=True)
        self.open = Button("Open file", "own_layer_open", small=True, icon_name="edit")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 8)
        column.setSpacing(8)
        for part in (self.about, self.path, self.engines):
            column.addWidget(part)
        column.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.export)
        self.open.clicked.connect(lambda: self.open_requested.emit(self._file))

    def show_file(self, own: OwnLayers, name: str) -> None:
        """Show the file ``name``; what is wrong with it the panel of problems beneath says."""
        self._file = name
        self.path.setText(f"{own.folder}/{name}" if own.folder else name)
        try:
            declared = own.declaration(name)
            self.about.setText(declared.about.strip().split("\n\n")[0].replace("\n", " "))
            self.engines.setText(f"Computed by: {_engines(declared.engines)}")
        except WorkbenchError:
            self.about.setText("")
            self.engines.setText("")
        for part in (self.about, self.engines):
            part.setVisible(bool(part.text()))


def _engines(methods: tuple[str, ...]) -> str:
    return ", ".join("any engine (forward)" if name == "forward" else name for name in methods)
