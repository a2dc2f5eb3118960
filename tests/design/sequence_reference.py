"""Sequences and the newer layers by NumPy loops, straight from the catalogue's words; see ``reference``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engines.contract.spec import LayerSpec

Array = np.ndarray[Any, np.dtype[np.float64]]
Weights = Mapping[str, Array]


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def lstm_step(own: Weights, way: str, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    units = len(own[f"{way}bias"]) // 4
    gates = [
        own[f"{way}weight"][gate * units : (gate + 1) * units] @ x
        + own[f"{way}recurrent_weight"][gate * units : (gate + 1) * units] @ h
        + own[f"{way}bias"][gate * units : (gate + 1) * units]
        for gate in range(4)
    ]
    i, f, g, o = gates
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return np.asarray(sigmoid(o) * np.tanh(c)), c


def gru_step(own: Weights, way: str, x: Array, h: Array, c: Array) -> tuple[Array, Array]:
    units = len(own[f"{way}bias"]) // 3
    parts = [slice(gate * units, (gate + 1) * units) for gate in range(3)]
    seen = [own[f"{way}weight"][part] @ x + own[f"{way}bias"][part] for part in parts]
    kept = [own[f"{way}recurrent_weight"][part] @ h for part in parts]
    r, z = sigmoid(seen[0] + kept[0]), sigmoid(seen[1] + kept[1])
    n = np.tanh(seen[2] + r * kept[2])
    return np.asarray((1 - z) * n + z * h), c


def recurrent(step: Callable[..., tuple[Array, Array]], gates: int) -> Callable[..., Array]:
    def read(own: Weights, way: str, rows: Array) -> Array:
        """All values for one sample, in the order in which they were read."""
        h = c = np.zeros(len(own[f"{way}bias"]) // gates)
        found = []
        for row in rows:
            h, c = step(own, way, row, h, c)
            found.append(h)
        return np.array(found)

    def compute(layer: LayerSpec, own: Weights, x: Array) -> Array:
        out = []
        for sample in x:
            ways = [read(own, "", sample)]
            if layer.settings["bidirectional"]:
                ways.append(read(own, "reverse_", sample[::-1]))
            if layer.settings["return_sequences"]:
                out.append(np.concatenate([ways[0], *(way[::-1] for way in ways[1:])], axis=1))
            else:
                out.append(np.concatenate([way[-1] for way in ways]))
        return np.array(out)

    return compute


def attention(layer: LayerSpec, own: Weights, *inputs: Array) -> Array:
    query, key, value = (*inputs, inputs[-1], inputs[-1])[:3]
    heads = int(str(layer.settings["heads"]))
    width = query.shape[-1] // heads
    q, k, v = (
        x @ own[f"{role}weight"].T + own.get(f"{role}bias", np.zeros(1))
        for role, x in zip(("query_", "key_", "value_"), (query, key, value), strict=True)
    )
    mixed = np.zeros(q.shape)
    for sample in range(len(q)):
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            for i, asking in enumerate(q[sample][:, part]):
                seen = min(i + 1, k.shape[1]) if layer.settings["causal"] else k.shape[1]
                scores = np.array([asking @ k[sample, j, part] for j in range(seen)]) / math.sqrt(width)
                shares = np.exp(scores - scores.max())
                mixed[sample, i, part] = (shares / shares.sum()) @ v[sample, :seen, part]
    return np.asarray(mixed @ own["weight"].T + own.get("bias", np.zeros(1)))


def embedding(layer: LayerSpec, own: Weights, x: Array) -> Array:
    last = len(own["weight"]) - 1
    return np.array([[own["weight"][min(max(int(value), 0), last)] for value in row] for row in x])


def positional_encoding(layer: LayerSpec, own: Weights, x: Array) -> Array:
    if "weight" in own:
        return np.asarray(x + own["weight"])
    time, features = x.shape[1:]
    waves = np.zeros((time, features))
    for t in range(time):
        for feature in range(features):
            angle = t / 10000 ** (2 * (feature // 2) / features)
            waves[t, feature] = math.cos(angle) if feature % 2 else math.sin(angle)
    return np.asarray(x + waves)


def group_norm(layer: LayerSpec, own: Weights, x: Array) -> Array:
    groups = int(str(layer.settings["groups"]))
    each = x.shape[1] // groups
    out = np.zeros(x.shape)
    for sample in range(len(x)):
        for group in range(groups):
            part = x[sample, group * each : (group + 1) * each]
            out[sample, group * each : (group + 1) * each] = (part - part.mean()) / np.sqrt(
                ((part - part.mean()) ** 2).mean() + layer.settings["epsilon"]
            )
    shape = (-1, *[1] * (x.ndim - 2))
    return np.asarray(out * own["weight"].reshape(shape) + own["bias"].reshape(shape))


def rms_norm(layer: LayerSpec, own: Weights, x: Array) -> Array:
    size = np.sqrt((x**2).mean(axis=-1, keepdims=True) + layer.settings["epsilon"])
    return np.asarray(own["weight"] * x / size)


def prelu(layer: LayerSpec, own: Weights, x: Array) -> Array:
    slope = own["weight"].reshape(-1, *[1] * (x.ndim - 2))
    return np.where(x >= 0, x, slope * x)


def permute(layer: LayerSpec, own: Weights, x: Array) -> Array:
    axes = layer.settings["axes"]
    assert isinstance(axes, tuple)
    return x.transpose(0, *(axis + 1 for axis in axes))


def upsample(layer: LayerSpec, own: Weights, x: Array) -> Array:
    out = np.zeros((len(x), *layer.output_shape))
    factor = layer.settings["factor"]
    assert isinstance(factor, tuple)
    for row, column in np.ndindex(out.shape[2:]):
        out[:, :, row, column] = x[:, :, row // factor[0], column // factor[1]]
    return out


def product(layer: LayerSpec, own: Weights, *inputs: Array) -> Array:
    return np.prod(inputs, axis=0)


SEQUENCE_LAYERS: dict[str, Callable[..., Array]] = {
    "embedding": embedding,
    "positional_encoding": positional_encoding,
    "lstm": recurrent(lstm_step, 4),
    "gru": recurrent(gru_step, 3),
    "multi_head_attention": attention,
    "take_step": lambda layer, own, x: x[:, int(str(layer.settings["step"]))],
    "time_average_pool": lambda layer, own, x: x.mean(axis=1),
    "time_max_pool": lambda layer, own, x: x.max(axis=1),
    "rms_norm": rms_norm,
    "group_norm": group_norm,
    "prelu": prelu,
    "permute": permute,
    "upsample2d": upsample,
    "multiply": product,
}
