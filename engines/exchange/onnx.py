"""ONNX: recognized by its fields as a protobuf message, opened by the graph room."""

from __future__ import annotations

from pathlib import Path

from engines.contract.views import GraphView
from engines.exchange.sniff import Look

_KNOWN = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26})
"""Field numbers of ``ModelProto``: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto"""
_IR_VERSION, _GRAPH, _OPSET = 1, 7, 8


def match(look: Look) -> bool:
    """Tell whether it is a model, or at least is called one (the checker then says what is broken)."""
    fields = look.protobuf_fields
    if {_GRAPH, _IR_VERSION} <= fields <= _KNOWN or {_GRAPH, _OPSET} <= fields <= _KNOWN:
        return True
    return look.path.suffix.lower() == ".onnx" and not look.is_folder


def open_graph(path: Path) -> GraphView:
    """Read, check and lay out the model; raises as ``engines.graph.onnx_file.load_model``."""
    from engines.graph.read_onnx import read_onnx

    return read_onnx(path)
