"""Every layer of the catalogue in plain NumPy, window by window, after the catalogue's own words."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engines.contract.spec import LayerSpec
from tests.design.sequence_reference import SEQUENCE_LAYERS

Array = Any
_erf = np.vectorize(math.erf)


def _windows(x: Array, layer: LayerSpec, key: str) -> tuple[tuple[int, ...], Any]:
    """Return the output's spatial shape, and pairs of output place and slices that lie in the input."""
    size, stride = layer.settings[key], layer.settings["stride"]
    lengths = x.shape[2:]
    if layer.settings["padding"] == "same":
        counts = [math.ceil(n / s) for n, s in zip(lengths, stride)]
        totals = [max((c - 1) * s + k - n, 0) for c, s, k, n in zip(counts, stride, size, lengths)]
    else:
        counts = [(n - k) // s + 1 for n, k, s in zip(lengths, size, stride)]
        totals = [0] * len(counts)
    begins = [total // 2 for total in totals]  # the odd one goes to the end

    def pairs() -> Any:
        for place in itertools.product(*map(range, counts)):
            starts = [p * s - b for p, s, b in zip(place, stride, begins)]
            inside = [slice(max(a, 0), min(a + k, n)) for a, k, n in zip(starts, size, lengths)]
            within = [slice(i.start - a, i.stop - a) for i, a in zip(inside, starts)]
            yield place, tuple(inside), tuple(within)

    return tuple(counts), pairs()


def _convolution(layer: LayerSpec, weights: Mapping[str, Array], x: Array) -> Array:
    weight, groups = weights["weight"], int(layer.settings["groups"])
    counts, pairs = _windows(x, layer, "kernel")
    filters, each = len(weight), weight.shape[1]
    output = np.zeros((len(x), filters, *counts), x.dtype)
    for place, inside, within in pairs:
        seen = x[(slice(None), slice(None), *inside)]
        for f in range(filters):
            group = f // (filters // groups)
            channels = seen[:, group * each : (group + 1) * each]
            kernel = weight[(f, slice(None), *within)]
            output[(slice(None), f, *place)] = (channels * kernel).reshape(len(x), -1).sum(axis=1)
    bias = weights.get("bias", np.zeros(filters))
    return output + bias.reshape(-1, *[1] * len(counts))


def _pool(reduce: Callable[..., Array]) -> Callable[..., Array]:
    def pool(layer: LayerSpec, weights: Mapping[str, Array], x: Array) -> Array:
        counts, pairs = _windows(x, layer, "size")
        output = np.zeros((*x.shape[:2], *counts), x.dtype)
        for place, inside, _ in pairs:
            seen = x[(slice(None), slice(None), *inside)].reshape(*x.shape[:2], -1)
            output[(slice(None), slice(None), *place)] = reduce(seen, axis=-1)
        return output

    return pool


def _batch_norm(layer: LayerSpec, weights: Mapping[str, Array], x: Array) -> Array:
    shape = (-1, *[1] * (x.ndim - 2))
    mean, variance = weights["running_mean"].reshape(shape), weights["running_var"].reshape(shape)
    even = (x - mean) / np.sqrt(variance + layer.settings["epsilon"])
    return even * weights["weight"].reshape(shape) + weights["bias"].reshape(shape)


def _layer_norm(layer: LayerSpec, weights: Mapping[str, Array], x: Array) -> Array:
    axes = tuple(range(x.ndim - weights["weight"].ndim, x.ndim))
    mean, variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + layer.settings["epsilon"]) * weights["weight"] + weights["bias"]


def _dense(layer: LayerSpec, weights: Mapping[str, Array], x: Array) -> Array:
    return x @ weights["weight"].T + weights.get("bias", 0.0)


def _softmax(layer: LayerSpec, weights: Mapping[str, Array], x: Array) -> Array:
    axis = int(layer.settings["axis"])
    powers = np.exp(x)
    return powers / powers.sum(axis=axis if axis < 0 else axis + 1, keepdims=True)


def _spatial(reduce: Callable[..., Array]) -> Callable[..., Array]:
    return lambda layer, weights, x: reduce(x.reshape(*x.shape[:2], -1), axis=-1)


def _value(function: Callable[..., Array]) -> Callable[..., Array]:
    return lambda layer, weights, x: function(layer.settings, x)


REFERENCES: dict[str, Callable[..., Array]] = {
    "dense": _dense,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "max_pool1d": _pool(np.max),
    "max_pool2d": _pool(np.max),
    "average_pool1d": _pool(np.mean),
    "average_pool2d": _pool(np.mean),
    "global_average_pool": _spatial(np.mean),
    "global_max_pool": _spatial(np.max),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "dropout": _value(lambda s, x: x),
    "relu": _value(lambda s, x: np.maximum(x, 0)),
    "leaky_relu": _value(lambda s, x: np.where(x > 0, x, s["slope"] * x)),
    "elu": _value(lambda s, x: np.where(x > 0, x, s["alpha"] * np.expm1(x))),
    "gelu": _value(lambda s, x: x * 0.5 * (1 + _erf(x / math.sqrt(2)))),
    "silu": _value(lambda s, x: x / (1 + np.exp(-x))),
    "sigmoid": _value(lambda s, x: 1 / (1 + np.exp(-x))),
    "tanh": _value(lambda s, x: np.tanh(x)),
    "softplus": _value(lambda s, x: np.log1p(np.exp(x))),
    "softmax": _softmax,
    "flatten": lambda layer, weights, x: x.reshape(len(x), -1),
    "reshape": lambda layer, weights, x: x.reshape(len(x), *layer.settings["shape"]),
    "add": lambda layer, weights, *xs: sum(xs),
    "concatenate": lambda layer, weights, *xs: np.concatenate(xs, axis=int(layer.settings["axis"]) + 1),
    **SEQUENCE_LAYERS,
}
