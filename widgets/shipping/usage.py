"""How the exported file is used: a few lines of Python that prepare samples as the training did."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from PySide6.QtGui import QFontMetrics, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit

from engines.contract.views import GraphView
from widgets.controls import Button, Card, named
from widgets.look.fonts import fixed_font
from widgets.look.theme import theme

PREPARATION = "modelwright.preparation"


CPU = "CPUExecutionProvider"


def usage_code(graph: GraphView, file: str, provider: str = CPU) -> str:
    """Return Python that runs ``file`` with ONNX Runtime on a provider; nothing of ours is needed for it."""
    done, entry = _preparation(graph.facts), graph.inputs[0]
    stored = "mean" in done or "target_mean" in done
    lines = ["import json", ""] if stored else []
    lines += ["import numpy as np", "import onnxruntime", ""]
    if provider != CPU:
        lines.append(f"providers = {json.dumps([provider, CPU])}")
    where = "" if provider == CPU else ", providers=providers"
    lines.append(f"session = onnxruntime.InferenceSession({json.dumps(file)}{where})")
    lines.append(f"samples = np.zeros({_shape(entry.shape)}, np.float32)  # your own, as they were measured")
    if stored:
        lines.append(f'done = json.loads(session.get_modelmeta().custom_metadata_map["{PREPARATION}"])')
    if "scale" in done:
        lines.append(f"samples = samples * np.float32({done['scale']})")
    elif "mean" in done:
        lines.append('samples = np.float32((samples - json.loads(done["mean"])) / json.loads(done["std"]))')
    lines.append(f"answers = session.run(None, {{{json.dumps(entry.name)}: samples}})[0]")
    if "target_mean" in done:
        lines.append('answers = answers * json.loads(done["target_std"]) + json.loads(done["target_mean"])')
    return "\n".join(lines)


def _preparation(facts: Mapping[str, str]) -> Mapping[str, str]:
    try:
        stored = json.loads(facts.get(PREPARATION, "{}"))
    except ValueError:
        return {}
    return stored if isinstance(stored, dict) else {}


def _shape(shape: Sequence[str]) -> str:
    sizes = [size if size.isdecimal() else "1" for size in shape]
    return f"({', '.join(sizes)}{',' if len(sizes) == 1 else ''})"


class UsageCard(Card):
    """Shows the lines and copies them."""

    def __init__(self) -> None:
        super().__init__("Use it", "in Python, with ONNX Runtime alone")
        self._graph: GraphView | None = None
        self._file, self._provider = "", CPU
        self.code = named(QPlainTextEdit(), "ship_code", "Python that runs the file")
        self.copy = Button("Copy", "ship_copy_code", icon_name="copy", small=True)
        self.tools.addWidget(self.copy)
        self.body.addWidget(self.code)
        self.code.setProperty("plain", True)
        self.code.setReadOnly(True)
        self.code.setTabChangesFocus(True)
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.document().setDocumentMargin(0)
        self.copy.clicked.connect(self._on_copy_clicked)
        theme().themed.connect(self._dress)
        self._dress()

    def show_graph(self, graph: GraphView | None, file: str = "model.onnx") -> None:
        """Show the lines for a model; none where its graph is not known."""
        self._graph, self._file = graph, file
        known = graph is not None and bool(graph.inputs)
        self.setVisible(known)
        self.copy.setText("Copy")
        if graph is not None and known:
            self.code.setPlainText(usage_code(graph, file, self._provider))
            self._dress()

    def show_provider(self, provider: str) -> None:
        """Show the lines for a provider, by the runtime's own name, from here on."""
        if provider != self._provider:
            self._provider = provider
            self.show_graph(self._graph, self._file)

    def _dress(self) -> None:
        font = fixed_font(scale=theme().scale)
        self.code.setFont(font)
        lines = self.code.blockCount() + 1  # one more for a bar beneath
        self.code.setFixedHeight(QFontMetrics(font).lineSpacing() * lines)

    def _on_copy_clicked(self) -> None:
        QGuiApplication.clipboard().setText(self.code.toPlainText())
        self.copy.setText("Copied")
