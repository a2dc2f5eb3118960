"""Layers over (time, features) as Keras layers, with the catalogue's one meaning.

Their values lie as in the design, and so do their weights, under the design's own roles.
"""

from __future__ import annotations

import math
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from engines.contract.positions import sinusoids
from engines.contract.spec import LayerSpec

Shape = tuple[int, ...]
UNROLLED = 32
"""So many time steps are written out one by one, which is faster; more of them are a loop."""


def _project(value: Any, weight: Any, bias: Any = None) -> Any:
    """Return every time step times a weight (out, in), and a bias added: one product of two matrices."""
    rows = tf.matmul(tf.reshape(value, (-1, value.shape[-1])), weight, transpose_b=True)
    rows = rows if bias is None else rows + bias
    return tf.reshape(rows, (-1, *value.shape[1:-1], rows.shape[-1]))


class DesignLayer(keras.Layer):
    """A layer whose variables have the roles and shapes of its parameters in the design."""

    def __init__(self, layer: LayerSpec, **options: Any) -> None:
        super().__init__(name=layer.name, **options)
        for parameter in layer.parameters:
            role = parameter.name.split("/")[1]
            setattr(self, role, self.add_weight(parameter.shape, "zeros", name=role))

    def role(self, name: str) -> Any:
        """Return the value of a parameter, or None where the layer has none such."""
        variable = getattr(self, name, None)
        return variable if variable is None else tf.convert_to_tensor(variable)


class Recurrent(DesignLayer):
    """Reads time steps one after the other; how, says ``_step``."""

    def __init__(self, layer: LayerSpec, **options: Any) -> None:
        super().__init__(layer, **options)
        self.units = cast("int", layer.settings["units"])
        self.both, self.sequences = layer.settings["bidirectional"], layer.settings["return_sequences"]

    def call(self, value: Any) -> Any:
        """Return every time step's values, or those after the last that each direction reads."""
        found = self._read(value, "")
        if not self.both:
            return found if self.sequences else found[:, -1]
        back = self._read(tf.reverse(value, [1]), "reverse_")
        if self.sequences:
            return tf.concat([found, tf.reverse(back, [1])], -1)
        return tf.concat([found[:, -1], back[:, -1]], -1)

    def _read(self, value: Any, way: str) -> Any:
        """Return the values of all time steps; what the inputs add to the gates comes from one product."""
        seen = _project(value, self.role(f"{way}weight"), self.role(f"{way}bias"))
        kept = self.role(f"{way}recurrent_weight")
        zeros = tf.zeros((tf.shape(value)[0], self.units), value.dtype)
        steps = value.shape[1]
        if steps > UNROLLED:
            return self._loop(tf.transpose(seen, (1, 0, 2)), kept, zeros, steps)
        states, found = (zeros, zeros), []
        for row in tf.unstack(seen, steps, axis=1):
            states = self._step(row, kept, *states)
            found.append(states[0])
        return tf.stack(found, axis=1)

    def _loop(self, seen: Any, kept: Any, zeros: Any, steps: int) -> Any:
        array = tf.TensorArray(zeros.dtype, steps, element_shape=zeros.shape)

        def body(step: Any, h: Any, c: Any, found: Any) -> Any:
            h, c = self._step(seen[step], kept, h, c)
            return step + 1, h, c, found.write(step, h)

        *_, found = tf.while_loop(
            lambda step, *_: step < steps, body, (0, zeros, zeros, array), maximum_iterations=steps
        )
        return tf.transpose(found.stack(), (1, 0, 2))

    def _step(self, seen: Any, kept: Any, h: Any, c: Any) -> tuple[Any, Any]:
        raise NotImplementedError


class Lstm(Recurrent):
    """Gates in the order i, f, g, o."""

    def _step(self, seen: Any, kept: Any, h: Any, c: Any) -> tuple[Any, Any]:
        i, f, g, o = tf.split(seen + tf.matmul(h, kept, transpose_b=True), 4, axis=-1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.sigmoid(o) * tf.tanh(c), c


class Gru(Recurrent):
    """Gates in the order r, z, n; the reset gate acts after the product with what is remembered."""

    def _step(self, seen: Any, kept: Any, h: Any, c: Any) -> tuple[Any, Any]:
        gates, new = tf.split(seen, (2 * self.units, self.units), axis=-1)
        kept_gates, kept_new = tf.split(
            tf.matmul(h, kept, transpose_b=True), (2 * self.units, self.units), axis=-1
        )
        r, z = tf.split(tf.sigmoid(gates + kept_gates), 2, axis=-1)
        n = tf.tanh(new + r * kept_new)
        return (1.0 - z) * n + z * h, c


class MultiHeadAttention(DesignLayer):
    """Softmax attention of each head's query over its keys."""

    def __init__(self, layer: LayerSpec, **options: Any) -> None:
        super().__init__(layer, **options)
        self.heads, self.causal = cast("int", layer.settings["heads"]), bool(layer.settings["causal"])

    def call(self, given: Any) -> Any:
        """Return ``(batch, time of the query, features of the query)``; one value is query, key and value."""
        values = list(given) if isinstance(given, (list, tuple)) else [given]
        query, key, value = (*values, values[-1], values[-1])[:3]
        q, k, v = (self._split(*part) for part in (("query_", query), ("key_", key), ("value_", value)))
        scores = tf.matmul(q, k, transpose_b=True) * (1.0 / math.sqrt(q.shape[-1]))
        if self.causal:
            seen = np.tri(query.shape[1], key.shape[1], dtype=bool)
            scores = tf.where(seen, scores, tf.constant(-math.inf, scores.dtype))
        mixed = tf.transpose(tf.matmul(tf.nn.softmax(scores), v), (0, 2, 1, 3))
        joined = tf.reshape(mixed, (-1, query.shape[1], query.shape[2]))
        return _project(joined, self.role("weight"), self.role("bias"))

    def _split(self, role: str, value: Any) -> Any:
        whole = _project(value, self.role(f"{role}weight"), self.role(f"{role}bias"))
        width = whole.shape[-1] // self.heads
        return tf.transpose(tf.reshape(whole, (-1, whole.shape[1], self.heads, width)), (0, 2, 1, 3))


class Embedding(DesignLayer):
    """Rows of a table; the ids come as floats, and one that is too small or too large is the nearest."""

    def __init__(self, layer: LayerSpec, **options: Any) -> None:
        super().__init__(layer, autocast=False, **options)  # half precision would round the ids
        self.largest = cast("int", layer.settings["vocabulary"]) - 1

    def call(self, value: Any) -> Any:
        """Return ``(batch, time, units)``."""
        ids = tf.cast(tf.clip_by_value(value, 0, self.largest), tf.int32)
        return _rows(self.role("weight"), ids)


@tf.custom_gradient
def _rows(table: Any, ids: Any) -> Any:
    """Return rows of a table; TensorFlow's own gradient would be a list of rows, not a tensor."""

    def slope(upstream: Any) -> tuple[Any, None]:
        return tf.math.unsorted_segment_sum(upstream, ids, table.shape[0]), None

    return tf.gather(table, ids), slope


class PositionalEncoding(DesignLayer):
    """Adds to each time step a row of its own: learned, or of fixed waves."""

    def call(self, value: Any) -> Any:
        """Return the input and the rows added."""
        rows = self.role("weight")
        return value + (tf.constant(sinusoids(*value.shape[1:]), value.dtype) if rows is None else rows)


class TakeStep(keras.Layer):
    """One time step."""

    def __init__(self, step: int, **options: Any) -> None:
        super().__init__(**options)
        self.step = step

    def call(self, value: Any) -> Any:
        """Return ``(batch, features)``."""
        return value[:, self.step]


class Prelu(DesignLayer):
    """A slope of its own for each channel, which lies last."""

    def call(self, value: Any) -> Any:
        """Return x, or slope · x below zero."""
        return tf.where(value >= 0, value, self.role("weight") * value)
