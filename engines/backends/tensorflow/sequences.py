"""The other layers over (time, features): ids, places and time steps. Their values lie as in the design."""

from __future__ import annotations

import math
from typing import Any, cast

import keras
import numpy as np
import tensorflow as tf

from engines.contract.positions import sinusoids
from engines.contract.spec import LayerSpec

Shape = tuple[int, ...]


class Embedding(keras.layers.Embedding):
    """Keras' own; the ids come as floats, and one that is too small or too large is the nearest."""

    def call(self, inputs: Any) -> Any:
        """Return ``(batch, time, units)``; Keras' own would mend negative ids, of which there are none."""
        ids = tf.cast(tf.clip_by_value(inputs, 0, self.input_dim - 1), tf.int32)
        return tf.cast(_rows(tf.convert_to_tensor(self.embeddings), ids), self.compute_dtype)


@tf.custom_gradient
def _rows(table: Any, ids: Any) -> Any:
    """Return rows of a table; TensorFlow's own gradient would be a list of rows, not a tensor."""

    def slope(upstream: Any) -> tuple[Any, None]:
        return tf.math.unsorted_segment_sum(upstream, ids, table.shape[0]), None

    return tf.gather(table, ids), slope


class MultiHeadAttention(keras.layers.MultiHeadAttention):
    """Keras' own, each projection as one product of two matrices, which is faster.

    The scale of the scores is of their type; Keras holds it in float32 whatever it computes in.
    """

    def call(self, query: Any, value: Any, key: Any, use_causal_mask: bool = False) -> Any:
        """Return ``(batch, time of the query, features of the query)``."""
        parts = ((query, self.query_dense), (key, self.key_dense), (value, self.value_dense))
        q, k, v = (self._heads(*part) for part in parts)
        scores = tf.matmul(q, k, transpose_b=True) * (1.0 / math.sqrt(self.key_dim))
        if use_causal_mask:
            seen = np.tri(query.shape[1], key.shape[1], dtype=bool)
            scores = tf.where(seen, scores, tf.constant(-math.inf, scores.dtype))
        mixed = tf.transpose(tf.matmul(tf.nn.softmax(scores), v), (0, 2, 1, 3))
        return _project(tf.reshape(mixed, (-1, *query.shape[1:])), self.output_dense)

    def _heads(self, value: Any, dense: keras.layers.EinsumDense) -> Any:
        whole = tf.reshape(_project(value, dense), (-1, value.shape[1], self.num_heads, self.key_dim))
        return tf.transpose(whole, (0, 2, 1, 3))


def _project(value: Any, dense: keras.layers.EinsumDense) -> Any:
    """Return every time step through a dense layer, as one product of two matrices."""
    features = value.shape[-1]
    rows = tf.matmul(tf.reshape(value, (-1, features)), tf.reshape(dense.kernel, (features, -1)))
    rows = rows if dense.bias is None else rows + tf.reshape(dense.bias, (-1,))
    return tf.reshape(rows, (-1, value.shape[1], rows.shape[-1]))


class PositionalEncoding(keras.layers.Layer):
    """Adds to each time step a row of its own: learned (``embeddings``), or of fixed waves."""

    def __init__(self, learned: bool, **options: Any) -> None:
        super().__init__(**options)
        self.learned = learned

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the rows' variable."""
        if self.learned:
            self.embeddings = self.add_weight(input_shape[1:], "zeros", name="embeddings")

    def call(self, value: Any) -> Any:
        """Return the input and the rows added."""
        if self.learned:
            return value + self.embeddings
        return value + tf.constant(sinusoids(*value.shape[1:]), value.dtype)


class TakeStep(keras.layers.Layer):
    """One time step."""

    def __init__(self, step: int, **options: Any) -> None:
        super().__init__(**options)
        self.step = step

    def call(self, value: Any) -> Any:
        """Return ``(batch, features)``."""
        return value[:, self.step]


def embedding(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    """Return an embedding."""
    vocabulary, units = layer.settings["vocabulary"], layer.settings["units"]
    return Embedding(vocabulary, units, name=layer.name, dtype=dtype)


def positions(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    """Return a positional encoding."""
    return PositionalEncoding(layer.settings["form"] == "learned", name=layer.name, dtype=dtype)


def attention(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    """Return an attention; its heads share the features of the query."""
    heads, bias = cast("int", layer.settings["heads"]), layer.settings["bias"]
    return MultiHeadAttention(heads, inputs[0][1] // heads, use_bias=bias, name=layer.name, dtype=dtype)


def take_step(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    """Return what takes a time step."""
    return TakeStep(cast("int", layer.settings["step"]), name=layer.name, dtype=dtype)
