"""A design computed by NumPy loops, straight from the catalogue's words: slow, plain, owing nothing to us."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from engines.contract.spec import GraphSpec, LayerSpec
from tests.design.sequence_reference import SEQUENCE_LAYERS

Array = np.ndarray[Any, np.dtype[np.float64]]
Weights = Mapping[str, Array]


def answer(spec: GraphSpec, weights: Weights, *inputs: Array) -> Array:
    """The model's output in evaluation, ``(batch, *shape)``."""
    values = dict(zip((layer.name for layer in spec.inputs), inputs, strict=True))
    for layer in spec.layers:
        if layer.layer != "input":
            own = {entry.name.split("/")[1]: weights[entry.name] for entry in layer.parameters}
            values[layer.name] = LAYERS[layer.layer](layer, own, *(values[name] for name in layer.inputs))
    return values[spec.outputs[0]]


def windows(layer: LayerSpec, key: str, x: Array, filling: float) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Each place of the output with the values under its window, NaN-free, padded with ``filling``."""
    size, stride = np.array(layer.settings[key]), np.array(layer.settings["stride"])
    spatial = np.array(x.shape[2:])
    before = np.zeros_like(size)
    places = (spatial - size) // stride + 1
    if layer.settings["padding"] == "same":
        places = np.ceil(spatial / stride).astype(int)
        needed = np.maximum((places - 1) * stride + size - spatial, 0)
        before = needed // 2
    for place in np.ndindex(*places):
        under = np.full((*x.shape[:2], *size), filling)
        for offset in np.ndindex(*size):
            at = np.array(place) * stride + np.array(offset) - before
            if (at >= 0).all() and (at < spatial).all():
                under[(slice(None), slice(None), *offset)] = x[(slice(None), slice(None), *at)]
        yield place, under


def convolution(layer: LayerSpec, own: Weights, x: Array) -> Array:
    out = np.zeros((len(x), *layer.output_shape))
    groups = int(str(layer.settings["groups"]))
    take, give = x.shape[1] // groups, layer.output_shape[0] // groups
    for place, under in windows(layer, "kernel", x, 0.0):
        for filter_ in range(layer.output_shape[0]):
            group = filter_ // give
            seen = under[:, group * take : (group + 1) * take]
            out[(slice(None), filter_, *place)] = (
                (seen * own["weight"][filter_]).reshape(len(x), -1).sum(axis=1)
            )
    return out + own["bias"].reshape(-1, *[1] * (x.ndim - 2)) if "bias" in own else out


def pool(filling: float, reduce: Callable[..., Array]) -> Callable[..., Array]:
    def compute(layer: LayerSpec, own: Weights, x: Array) -> Array:
        out = np.zeros((len(x), *layer.output_shape))
        for place, under in windows(layer, "size", x, filling):
            out[(slice(None), slice(None), *place)] = reduce(under.reshape(*x.shape[:2], -1), axis=2)
        return out

    return compute


def batch_norm(layer: LayerSpec, own: Weights, x: Array) -> Array:
    mean, variance, scale, shift = (
        own[role].reshape(-1, *[1] * (x.ndim - 2))
        for role in ("running_mean", "running_var", "weight", "bias")
    )
    return np.asarray(scale * (x - mean) / np.sqrt(variance + layer.settings["epsilon"]) + shift)


def layer_norm(layer: LayerSpec, own: Weights, x: Array) -> Array:
    axes = tuple(range(x.ndim - own["weight"].ndim, x.ndim))
    centred = x - x.mean(axis=axes, keepdims=True)
    variance = (centred**2).mean(axis=axes, keepdims=True)
    return np.asarray(own["weight"] * centred / np.sqrt(variance + layer.settings["epsilon"]) + own["bias"])


def softmax(layer: LayerSpec, own: Weights, x: Array) -> Array:
    axis = int(str(layer.settings["axis"]))
    raised = np.exp(x)
    return np.asarray(raised / raised.sum(axis=axis + 1 if axis >= 0 else axis, keepdims=True))


def dense(layer: LayerSpec, own: Weights, x: Array) -> Array:
    return np.asarray(x @ own["weight"].T + own.get("bias", np.zeros(1)))


def each(function: Callable[[float, LayerSpec], float]) -> Callable[..., Array]:
    def compute(layer: LayerSpec, own: Weights, x: Array) -> Array:
        return np.array([function(float(value), layer) for value in x.ravel()]).reshape(x.shape)

    return compute


def setting(layer: LayerSpec, key: str) -> float:
    return float(str(layer.settings[key]))


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


LAYERS: dict[str, Callable[..., Array]] = {
    "dense": dense,
    "conv1d": convolution,
    "conv2d": convolution,
    "max_pool1d": pool(-np.inf, np.max),
    "max_pool2d": pool(-np.inf, np.max),
    "average_pool1d": pool(np.nan, np.nanmean),
    "average_pool2d": pool(np.nan, np.nanmean),
    "global_average_pool": lambda layer, own, x: x.reshape(*x.shape[:2], -1).mean(axis=2),
    "global_max_pool": lambda layer, own, x: x.reshape(*x.shape[:2], -1).max(axis=2),
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
    "dropout": lambda layer, own, x: x,
    "relu": each(lambda x, layer: max(x, 0.0)),
    "leaky_relu": each(lambda x, layer: x if x >= 0 else setting(layer, "slope") * x),
    "elu": each(lambda x, layer: x if x > 0 else setting(layer, "alpha") * (math.exp(x) - 1)),
    "gelu": each(lambda x, layer: x * (1 + math.erf(x / math.sqrt(2))) / 2),
    "silu": each(lambda x, layer: x * sigmoid(x)),
    "sigmoid": each(lambda x, layer: sigmoid(x)),
    "tanh": each(lambda x, layer: math.tanh(x)),
    "softplus": each(lambda x, layer: math.log1p(math.exp(-abs(x))) + max(x, 0.0)),
    "softmax": softmax,
    "flatten": lambda layer, own, x: x.reshape(len(x), -1),
    "reshape": lambda layer, own, x: x.reshape(len(x), *layer.output_shape),
    "add": lambda layer, own, *inputs: np.sum(inputs, axis=0),
    "concatenate": lambda layer, own, *inputs: np.concatenate(
        inputs, axis=int(str(layer.settings["axis"])) + 1
    ),
    **SEQUENCE_LAYERS,
}
