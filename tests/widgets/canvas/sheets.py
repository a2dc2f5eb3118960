"""Sheets and graph views for the tests of the canvas."""

from __future__ import annotations

from itertools import pairwise

from engines.contract.views import EdgeView, GraphView, NodeView, TensorView, WeightView
from widgets.canvas.layering import laid_out
from widgets.canvas.model import Card, Link, Sheet


def chain(*names: str, skips: tuple[tuple[str, str], ...] = ()) -> Sheet:
    """A column of cards, each linked to the next, with further links."""
    cards = tuple(Card(name, f"{name} · Step", "dense", "N × 4", layer=name) for name in names)
    links = tuple(Link(a, b) for a, b in pairwise(names))
    return laid_out(Sheet(cards, links + tuple(Link(a, b) for a, b in skips)))


def tensor(name: str, *shape: str) -> TensorView:
    return TensorView(name, "float32", shape)


def weight(name: str, *shape: int, family_bytes: int = 4) -> WeightView:
    count = 1
    for size in shape:
        count *= size
    return WeightView(name, "float32", shape, family_bytes * count, -1.0, 2.0, 0.5, 0.25, 0.125)


def small_graph() -> GraphView:
    """Input → conv1 (Shape, Conv) → norm1 → out; ``conv1`` is a scope of two nodes."""
    w = weight("conv1.weight", 8, 1, 3, 3)
    nodes = (
        NodeView("in", "image", "Input", "io", outputs=(tensor("image", "batch", "1", "8", "8"),)),
        NodeView("shape", "shape_1", "Shape", "shape", "conv1", ("conv1",), weights=(w,)),
        NodeView(
            "conv",
            "conv_1",
            "Conv",
            "convolution",
            "conv1",
            ("conv1",),
            (tensor("image", "batch", "1", "8", "8"),),
            (tensor("maps", "batch", "8", "8", "8"),),
            (("group", "1"), ("pads", "1, 1, 1, 1")),
            (w,),
        ),
        NodeView("norm", "norm_1", "BatchNormalization", "normalize", "norm1", ("norm1",)),
        NodeView("out", "logits", "Output", "io"),
    )
    pairs = (("in", "conv"), ("shape", "conv"), ("conv", "norm"), ("norm", "out"))
    edges = tuple(EdgeView(a, b, f"{a}-{b}") for a, b in pairs)
    return GraphView(
        "tiny",
        "onnx",
        nodes,
        edges,
        parameters=72,
        bytes=4096,
        facts={"producer": "hand", "opset": "ai.onnx 20"},
    )


def folded_graph() -> GraphView:
    """What an optimizer makes of ``small_graph``: the norm is merged into the convolution."""
    nodes = (
        NodeView("in", "image", "Input", "io"),
        NodeView("conv_new", "conv_1", "Conv", "convolution", "norm1", ("norm1",), merged=("conv1",)),
        NodeView("out", "logits", "Output", "io"),
    )
    edges = (EdgeView("in", "conv_new"), EdgeView("conv_new", "out"))
    return GraphView("tiny", "onnx", nodes, edges, parameters=80, bytes=2048)
