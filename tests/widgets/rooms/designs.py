"""A small residual network for the tests of the design room, built by hand."""

from __future__ import annotations

from engines.design.document import Design

PLAN = (
    ("image", "input", {"shape": (1, 8, 8)}, ()),
    ("conv1", "conv2d", {"filters": 16, "kernel": (3, 3), "bias": False}, ("image",)),
    ("norm1", "batch_norm", {}, ("conv1",)),
    ("relu1", "relu", {}, ("norm1",)),
    ("conv2", "conv2d", {"filters": 16, "kernel": (3, 3), "bias": False}, ("relu1",)),
    ("norm2", "batch_norm", {}, ("conv2",)),
    ("residual", "add", {}, ("norm2", "relu1")),
    ("relu2", "relu", {}, ("residual",)),
    ("pool", "max_pool2d", {}, ("relu2",)),
    ("conv3", "conv2d", {"filters": 32, "kernel": (3, 3), "bias": False}, ("pool",)),
    ("norm3", "batch_norm", {}, ("conv3",)),
    ("relu3", "relu", {}, ("norm3",)),
    ("flat", "flatten", {}, ("relu3",)),
    ("dropout", "dropout", {}, ("flat",)),
    ("logits", "dense", {"units": 10}, ("dropout",)),
)
"""Name, kind, settings, inputs. 144 + 64 + 2,304 + 64 + 4,608 + 128 + 5,130 = 12,442 parameters."""


def residual_design() -> Design:
    """A column of cards 92 apart."""
    design = Design("residual")
    for place, (name, kind, settings, inputs) in enumerate(PLAN):
        design.add(kind, name, settings, (40.0, 92.0 * place))
        for source in inputs:
            design.connect(source, name)
    return design
