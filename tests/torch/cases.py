"""Designs to try every layer with, and a small model that has what a resume can get wrong."""

from __future__ import annotations

from typing import Any

from engines.contract.spec import GraphSpec
from engines.design.document import Design
from engines.design.freeze import freeze
from tests.design.builders import chain

IMAGE, SIGNAL, VECTOR, SEQUENCE = (4, 7, 6), (4, 9), (10,), (5, 6)


def one_layer(kind: str, shape: tuple[int, ...], settings: dict[str, Any], inputs: int = 1) -> GraphSpec:
    """Return a design of one layer named ``layer``; each input after the first is a copy times itself."""
    design = Design("one")
    design.add("input", "input", {"shape": shape})
    sources = ["input"]
    for number in range(1, inputs):
        sources.append(design.add("tanh", f"other{number}"))
        design.connect("input", f"other{number}")
    design.add(kind, "layer", settings)
    for number in range(inputs):
        design.connect("input" if number == 0 else f"other{number}", "layer")
    return freeze(design)


def windows(key: str, axes: int) -> list[dict[str, Any]]:
    """Return settings that reach every way to pad."""
    return [
        {key: (size,) * axes, "stride": (stride,) * axes, "padding": padding}
        for size in (2, 3, 4)
        for stride in (1, 2, 3)
        for padding in ("same", "valid")
    ]


def cases() -> dict[str, tuple[str, GraphSpec]]:
    """Return name → layer and design, for every layer of the catalogue but the input."""
    found: dict[str, tuple[str, GraphSpec]] = {}

    def add(kind: str, given: tuple[int, ...], inputs: int = 1, **settings: Any) -> None:
        text = ",".join(f"{key}={value}" for key, value in settings.items())
        text += f" of {inputs}" if inputs > 1 else ""
        found[f"{kind} {given} {text}"] = (kind, one_layer(kind, given, settings, inputs))

    add("dense", VECTOR, units=5)
    add("dense", VECTOR, units=5, bias=False)
    for axes, shape in ((1, SIGNAL), (2, IMAGE)):
        for window in windows("kernel", axes):
            add(f"conv{axes}d", shape, filters=6, **window)
        add(f"conv{axes}d", shape, filters=8, groups=4, bias=False)
        add(f"conv{axes}d", shape, filters=6, groups=2, stride=(2,) * axes)
        for form in ("max", "average"):
            for window in windows("size", axes):
                add(f"{form}_pool{axes}d", shape, **window)
    add("conv2d", IMAGE, filters=8, groups=4, stride=(2, 1))
    for kind in ("global_average_pool", "global_max_pool", "batch_norm", "layer_norm", "softmax", "flatten"):
        add(kind, SIGNAL)
        add(kind, IMAGE)
    for kind in ("batch_norm", "layer_norm", "softmax"):
        add(kind, VECTOR)
    add("softmax", IMAGE, axis=0)
    for kind in ("dropout", "relu", "gelu", "silu", "sigmoid", "tanh", "softplus"):
        add(kind, VECTOR)
    add("leaky_relu", VECTOR, slope=0.3)
    add("elu", VECTOR, alpha=0.7)
    add("reshape", IMAGE, shape=(8, 21))
    add("add", IMAGE, inputs=3)
    for axis in (0, 1, 2):
        add("concatenate", IMAGE, inputs=2, axis=axis)
    for axis in (0, 1):
        add("concatenate", SEQUENCE, inputs=2, axis=axis)
    _add_sequences(add)
    _add_newer(add)
    return found


def _add_sequences(add: Any) -> None:
    add("dense", SEQUENCE, units=7)
    add("embedding", VECTOR, vocabulary=6, units=3)
    for form in ("learned", "sinusoidal"):
        add("positional_encoding", SEQUENCE, form=form)
        add("positional_encoding", (4, 5), form=form)
    for kind in ("lstm", "gru"):
        for sequences in (False, True):
            for both in (False, True):
                add(kind, SEQUENCE, units=3, return_sequences=sequences, bidirectional=both)
        add(kind, (1, 4), units=2, bidirectional=True)
        add(kind, (40, 2), units=2, return_sequences=True)
    for inputs in (1, 2, 3):
        add("multi_head_attention", SEQUENCE, inputs=inputs, heads=3)
        add("multi_head_attention", SEQUENCE, inputs=inputs, heads=2, causal=True, bias=False)
    for step in (0, 2, -1):
        add("take_step", SEQUENCE, step=step)
    for form in ("average", "max"):
        add(f"time_{form}_pool", SEQUENCE)


def _add_newer(add: Any) -> None:
    for shape in (SEQUENCE, VECTOR):
        add("layer_norm", shape, over="features", epsilon=1e-3)
        add("rms_norm", shape)
    for shape in (VECTOR, SIGNAL, IMAGE):
        add("group_norm", shape, groups=2)
        add("prelu", shape)
    add("group_norm", IMAGE, groups=4)
    add("group_norm", IMAGE, groups=1, epsilon=0.1)
    for axes in ((1, 0), (0, 1)):
        add("permute", SEQUENCE, axes=axes)
    for axes in ((1, 2, 0), (2, 0, 1), (0, 2, 1)):
        add("permute", IMAGE, axes=axes)
    add("upsample2d", IMAGE, factor=(2, 3))
    add("multiply", IMAGE, inputs=3)


def noisy_model() -> GraphSpec:
    """Return a digits model with batch norm and dropout, whose state and randomness a resume must keep."""
    design = chain(
        ("input", "input", {"shape": (1, 8, 8)}),
        ("conv2d", "conv", {"filters": 4}),
        ("batch_norm", "norm", {}),
        ("relu", "relu", {}),
        ("flatten", "flat", {}),
        ("dropout", "drop", {"rate": 0.3}),
        ("dense", "head", {"units": 10}),
        name="noisy",
    )
    return freeze(design)
