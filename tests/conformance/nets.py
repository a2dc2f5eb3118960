"""The designs that engines are compared on: every layer alone, and the nets that train.

No convolution before a batch norm has a bias: its gradient would be rounding alone, which Adam blows up to
steps of full size, and the running mean would follow it.
"""

from __future__ import annotations

from typing import Any

from engines.contract.spec import GraphSpec
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from tests.torch.cases import cases

Row = tuple[str, str, dict[str, Any], tuple[str, ...]]
"""Name, kind, settings and inputs of a layer."""


def frozen(name: str, rows: list[Row]) -> GraphSpec:
    design = Design(name)
    for layer, kind, settings, sources in rows:
        design.add(kind, layer, settings)
        for source in sources:
            design.connect(source, layer)
    return freeze(design)


def mlp() -> GraphSpec:
    """Two dense layers on the digits."""
    return freeze(TEMPLATES["digits-mlp"].design())


def cnn() -> GraphSpec:
    """Two convolutions with batch norm, max pools and a dense layer."""
    return frozen(
        "cnn",
        [
            ("image", "input", {"shape": (1, 8, 8)}, ()),
            ("conv1", "conv2d", {"filters": 8, "bias": False}, ("image",)),
            ("norm1", "batch_norm", {}, ("conv1",)),
            ("relu1", "relu", {}, ("norm1",)),
            ("pool1", "max_pool2d", {}, ("relu1",)),
            ("conv2", "conv2d", {"filters": 16, "kernel": (2, 2), "bias": False}, ("pool1",)),
            ("norm2", "batch_norm", {}, ("conv2",)),
            ("relu2", "relu", {}, ("norm2",)),
            ("flat", "flatten", {}, ("relu2",)),
            ("logits", "dense", {"units": 10}, ("flat",)),
        ],
    )


def residual() -> GraphSpec:
    """A residual block with a stride, its shortcut a convolution, and a global pool."""
    return frozen(
        "residual",
        [
            ("image", "input", {"shape": (1, 8, 8)}, ()),
            ("stem", "conv2d", {"filters": 8, "bias": False}, ("image",)),
            ("norm0", "batch_norm", {}, ("stem",)),
            ("relu0", "silu", {}, ("norm0",)),
            ("conv1", "conv2d", {"filters": 16, "stride": (2, 2), "bias": False}, ("relu0",)),
            ("norm1", "batch_norm", {}, ("conv1",)),
            ("relu1", "gelu", {}, ("norm1",)),
            ("conv2", "conv2d", {"filters": 16, "groups": 2, "bias": False}, ("relu1",)),
            ("norm2", "batch_norm", {}, ("conv2",)),
            ("short", "conv2d", {"filters": 16, "kernel": (1, 1), "stride": (2, 2)}, ("relu0",)),
            ("sum", "add", {}, ("norm2", "short")),
            ("relu2", "relu", {}, ("sum",)),
            ("pool", "global_average_pool", {}, ("relu2",)),
            ("logits", "dense", {"units": 10}, ("pool",)),
        ],
    )


def lstm() -> GraphSpec:
    """The rows of a digit one after the other, through two LSTMs."""
    return frozen(
        "lstm",
        [
            ("image", "input", {"shape": (1, 8, 8)}, ()),
            ("rows", "reshape", {"shape": (8, 8)}, ("image",)),
            ("first", "lstm", {"units": 32, "return_sequences": True}, ("rows",)),
            ("second", "lstm", {"units": 32}, ("first",)),
            ("logits", "dense", {"units": 10}, ("second",)),
        ],
    )


def gru() -> GraphSpec:
    """The rows of a digit, read from both ends by one GRU and gathered by another."""
    return frozen(
        "gru",
        [
            ("image", "input", {"shape": (1, 8, 8)}, ()),
            ("rows", "reshape", {"shape": (8, 8)}, ("image",)),
            ("first", "gru", {"units": 16, "return_sequences": True, "bidirectional": True}, ("rows",)),
            ("second", "gru", {"units": 32}, ("first",)),
            ("logits", "dense", {"units": 10}, ("second",)),
        ],
    )


def transformer() -> GraphSpec:
    """An encoder's block over the rows of a digit: attention and dense layers, each with a way around."""
    return frozen(
        "transformer",
        [
            ("image", "input", {"shape": (1, 8, 8)}, ()),
            ("rows", "reshape", {"shape": (8, 8)}, ("image",)),
            ("wide", "dense", {"units": 32}, ("rows",)),
            ("placed", "positional_encoding", {}, ("wide",)),
            ("even1", "layer_norm", {"over": "features"}, ("placed",)),
            ("look", "multi_head_attention", {"heads": 4}, ("even1",)),
            ("sum1", "add", {}, ("placed", "look")),
            ("even2", "layer_norm", {"over": "features"}, ("sum1",)),
            ("up", "dense", {"units": 64}, ("even2",)),
            ("bend", "gelu", {}, ("up",)),
            ("down", "dense", {"units": 32}, ("bend",)),
            ("sum2", "add", {}, ("sum1", "down")),
            ("even3", "layer_norm", {"over": "features"}, ("sum2",)),
            ("mean", "time_average_pool", {}, ("even3",)),
            ("logits", "dense", {"units": 10}, ("mean",)),
        ],
    )


def words() -> GraphSpec:
    """Each pixel a word of a vocabulary of two, with a learned place."""
    return frozen(
        "words",
        [
            ("image", "input", {"shape": (1, 8, 8)}, ()),
            ("ids", "flatten", {}, ("image",)),
            ("table", "embedding", {"vocabulary": 2, "units": 16}, ("ids",)),
            ("placed", "positional_encoding", {"form": "learned"}, ("table",)),
            ("flat", "flatten", {}, ("placed",)),
            ("logits", "dense", {"units": 10}, ("flat",)),
        ],
    )


def smooth() -> GraphSpec:
    """The template digits-cnn without dropout and without kinks: SiLU for ReLU, means for maxima.

    With them, every few steps one of its 180,000 units falls on the other side of zero by rounding alone,
    its gradient comes or goes, and Adam makes a step of full size of that: over 100 steps PyTorch differs by
    1e-2 from itself with its channels last, and by 2e-2 from float64.
    """
    own = {
        "dropout": ("dropout", {"rate": 0.0}),
        "relu": ("silu", {}),
        "max_pool2d": ("average_pool2d", None),
    }
    design, made = TEMPLATES["digits-cnn"].design(), Design("smooth")
    for node in design.ordered():
        kind, settings = own.get(node.kind, (node.kind, None))
        made.add(kind, node.name, node.settings if settings is None else settings)
        for source in node.inputs:
            made.connect(source, node.name)
    return freeze(made)


NETS = {
    "mlp": mlp,
    "cnn": cnn,
    "residual": residual,
    "lstm": lstm,
    "gru": gru,
    "transformer": transformer,
    "words": words,
    "smooth": smooth,
}


def layer_cases() -> dict[str, tuple[str, GraphSpec]]:
    """Return name → layer and design, for every layer of the catalogue in its corners."""
    return {**cases(), "attention across": ("multi_head_attention", across())}


def across() -> GraphSpec:
    """Attention whose keys and values are of other lengths and widths than its query, and of their own."""
    return frozen(
        "across",
        [
            ("input", "input", {"shape": (5, 6)}, ()),
            ("keys", "permute", {"axes": (1, 0)}, ("input",)),
            ("values", "dense", {"units": 3}, ("keys",)),
            ("layer", "multi_head_attention", {"heads": 2, "causal": True}, ("input", "keys", "values")),
        ],
    )


def one_of_each_form() -> list[GraphSpec]:
    """Return one design for every layer in every form: what it is told beside numbers."""
    found = {}
    for kind, spec in layer_cases().values():
        settings = next(layer.settings for layer in spec.layers if layer.name == "layer")
        told = {key: value for key, value in settings.items() if isinstance(value, str | bool)}
        found[kind, str(told)] = spec
    return list(found.values())


def one_of_each() -> dict[str, GraphSpec]:
    """Return one design for every layer of the catalogue, the last of its cases."""
    return dict(layer_cases().values())
