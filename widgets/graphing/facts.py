"""A graph's and an optimization's facts as words, and which nodes differ between two graphs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from engines.contract.views import GraphView, OptimizeView, TensorView
from widgets.canvas.folding import shape_of
from widgets.canvas.model import byte_size, compact
from widgets.shipping.words import figure

Rows = tuple[tuple[str, str], ...]
_OURS = "modelwright."
_LONG = 40
_NAMES = {
    "producer": "Written by",
    "opset": "Opset",
    "functions": "Functions",
    "ir version": "File format (IR)",
    "data_digest": "Data’s fingerprint",
    "engine": "Trained on",
}
_SOFTWARE = {
    "pytorch": "PyTorch",
    "torch": "PyTorch",
    "torch.onnx": "PyTorch",
    "tensorflow": "TensorFlow",
    "jax": "JAX",
    "mxnet": "MXNet",
    "modelwright": "Modelwright",
}
"""Programs as people know them; a file holds the names that they give themselves."""
_TYPES = {"float": "float32", "double": "float64"}


def graph_facts(graph: GraphView) -> Rows:
    """Return a model file's facts, the most asked for first."""
    counted = sum(1 for node in graph.nodes if node.family != "io")
    first = (
        ("Nodes", f"{counted:,}"),
        ("Parameters", compact(graph.parameters)),
        ("Size", byte_size(graph.bytes)),
    )
    told = {name: text for name, text in graph.facts.items() if not name.startswith(_OURS)}
    order = [name for name in _NAMES if name in told]
    order += [name for name in told if name not in _NAMES and name != "nodes"]
    return first + tuple((_title(name), software(told[name].removeprefix("ai.onnx "))) for name in order)


def training_facts(graph: GraphView) -> Rows:
    """Return what our export wrote down of the training that a model comes from."""
    ours = ((name.removeprefix(_OURS), text) for name, text in graph.facts.items() if name.startswith(_OURS))
    return tuple((_title(name), software(_plain(text, short=name == "data_digest"))) for name, text in ours)


def software(text: str) -> str:
    """Return a program and its version with the name that people know it by."""
    name, space, version = text.partition(" ")
    return f"{_SOFTWARE[name]}{space}{version}" if name in _SOFTWARE else text


def _title(name: str) -> str:
    return _NAMES.get(name, (name[:1].upper() + name[1:]).replace("_", " "))


def _plain(text: str, *, short: bool) -> str:
    """Write what was stored as JSON, a key of ours or a digest as a person reads it."""
    if short:
        return text[:12]
    if text[:1] not in "[{":
        return text.replace("_", " ")
    try:
        stored = json.loads(text)
    except ValueError:
        return text
    pairs = stored.items() if isinstance(stored, dict) else None
    words = [_pair(key, str(value)) for key, value in pairs] if pairs else map(str, stored)
    return ", ".join(words) or "none"


def _pair(name: str, value: str) -> str:
    return f"{name.replace('_', ' ')} {value if len(value) < _LONG else 'of each column'}"


def tensor_words(tensor: TensorView) -> str:
    """Write a tensor's type and shape: ``float32  N × 16 × 8 × 8``."""
    shape = shape_of(tensor.shape) if tensor.shape else "scalar" if tensor.type else ""
    return f"{_TYPES.get(tensor.type, tensor.type)}  {shape}".strip() or "not known"


def number_words(value: float) -> str:
    """Write a statistic in few digits."""
    return "–" if math.isnan(value) else f"{value:.4g}"


def error_words(value: float) -> str:
    """Write an error as the Ship room does: 3.9e-7; – where none was measured."""
    return "–" if math.isnan(value) else figure(value)


def latency_words(milliseconds: float) -> str:
    """Write a latency in the unit that suits it."""
    if math.isnan(milliseconds):
        return "not run"
    return f"{milliseconds * 1000:.0f} µs" if milliseconds < 1 else f"{milliseconds:.2f} ms"


def comparison(view: OptimizeView) -> tuple[tuple[str, str, str, str], ...]:
    """Return rows of title, before, after and change."""
    before, after = view.before, view.after
    return (
        ("Nodes", f"{before.nodes:,}", f"{after.nodes:,}", _change(before.nodes, after.nodes)),
        ("Size", byte_size(before.bytes), byte_size(after.bytes), _change(before.bytes, after.bytes)),
        (
            "Parameters",
            f"{before.parameters:,}",
            f"{after.parameters:,}",
            _change(before.parameters, after.parameters),
        ),
        _latency("Latency, runtime optimizer off", before.latency_plain_ms, after.latency_plain_ms),
        _latency("Latency, runtime optimizer on", before.latency_runtime_ms, after.latency_runtime_ms),
    )


def _latency(title: str, before: float, after: float) -> tuple[str, str, str, str]:
    return title, latency_words(before), latency_words(after), _change(before, after)


def _change(before: float, after: float) -> str:
    if not before or math.isnan(before) or math.isnan(after):
        return ""
    share = after / before - 1
    return "same" if abs(share) < 0.005 else f"{share:+.0%}".replace("-", "−")


def marks(view: OptimizeView) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Mark what an optimization took away and what it made, see ``graph_marks``."""
    if view.graph_before is None or view.graph_after is None:
        return {}, {}
    return graph_marks(view.graph_before, view.graph_after)


def graph_marks(before: GraphView, after: GraphView) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """Mark what went (amber, before) and what is new or took others in (green, after), by node id.

    A node that became another operation went, and the other is new.
    """
    old = {node.id: node.op for node in before.nodes}
    new = {node.id: node.op for node in after.nodes}
    gone = dict.fromkeys((name for name, op in old.items() if new.get(name) != op), "warning")
    fresh = {node.id: "good" for node in after.nodes if old.get(node.id) != node.op or node.merged}
    return gone, fresh
