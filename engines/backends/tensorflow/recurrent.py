"""Keras' LSTM and GRU, read faster; weights and answers are Keras' own.

Keras multiplies each time step's inputs apart; here one product does it for all of them ahead, and a short
sequence is written out step by step. cuDNN's kernels, which Keras may take on a GPU, promise no resume
that is exact to the bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import keras
import tensorflow as tf

from engines.contract.spec import LayerSpec

UNROLLED = 32
"""So many time steps are written out one by one, which is faster; more of them are a loop."""

States = tuple[Any, ...]
Step = Callable[..., States]
"""From what a time step adds and the states, the next states; the first of them is the layer's value."""


class Recurrent(keras.layers.RNN):
    """What both share."""

    exported = False
    """Whether each step's whole computation stands in a loop, which tf2onnx knows for what it is."""

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool = False) -> Any:
        """Return the last time step's values, those of all, and the states, as Keras' own."""
        kernel, kept, bias = self._weights()
        if self.exported:
            found, states = self._loop(sequences, self._whole_step(kernel, kept, bias), initial_state)
        else:
            read = self._loop if sequences.shape[1] > UNROLLED else self._written_out
            found, states = read(_project(sequences, kernel, bias), self._step(kept), initial_state)
        return states[0], found if self.return_sequences else states[0][:, None], states

    def _weights(self) -> tuple[Any, Any, Any]:
        """Return the kernel, the recurrent one, and the bias of what is seen."""
        return tuple(
            map(tf.convert_to_tensor, (self.cell.kernel, self.cell.recurrent_kernel, self.cell.bias))
        )

    def _written_out(self, rows: Any, step: Step, states: States) -> tuple[Any, States]:
        found, each = [], tf.unstack(rows, axis=1)
        for row in reversed(each) if self.go_backwards else each:
            states = step(row, *states)
            found.append(states[0])
        return tf.stack(found, axis=1) if self.return_sequences else None, states

    def _loop(self, rows: Any, step: Step, states: States) -> tuple[Any, States]:
        steps = rows.shape[1]
        each = tf.transpose(rows, (1, 0, 2))
        each = tf.TensorArray(rows.dtype, steps).unstack(tf.reverse(each, [0]) if self.go_backwards else each)
        array = tf.TensorArray(rows.dtype, steps, element_shape=(None, self.units))

        def body(time: Any, found: Any, *states: Any) -> Any:
            after = step(each.read(time), *states)
            return time + 1, found.write(time, after[0]), *after

        _, found, *states = tf.while_loop(
            lambda time, *_: time < steps, body, (0, array, *states), maximum_iterations=steps
        )
        return tf.transpose(found.stack(), (1, 0, 2)), tuple(states)

    def _step(self, kept: Any) -> Step:
        """Return a step that takes what its inputs have added to the gates already."""
        raise NotImplementedError

    def _whole_step(self, kernel: Any, kept: Any, bias: Any) -> Step:
        """Return a step that takes its inputs, written in the order of operations that tf2onnx looks for."""
        raise NotImplementedError


def _project(value: Any, weight: Any, bias: Any) -> Any:
    """Return every time step times a weight (in, out), and a bias added: one product of two matrices."""
    rows = tf.matmul(tf.reshape(value, (-1, value.shape[-1])), weight) + bias
    return tf.reshape(rows, (-1, value.shape[1], rows.shape[-1]))


class Lstm(Recurrent, keras.layers.LSTM):
    """Gates in the order i, f, g, o."""

    def _step(self, kept: Any) -> Step:
        return lambda seen, h, c: _remember(seen + tf.matmul(h, kept), c)

    def _whole_step(self, kernel: Any, kept: Any, bias: Any) -> Step:
        return lambda x, h, c: _remember(tf.nn.bias_add(tf.matmul(x, kernel) + tf.matmul(h, kept), bias), c)


def _remember(gates: Any, c: Any) -> States:
    i, f, g, o = tf.split(gates, 4, axis=-1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
    return tf.sigmoid(o) * tf.tanh(c), c


class Gru(Recurrent, keras.layers.GRU):
    """Gates in the order z, r, n; the reset gate acts after the product with what is remembered.

    Keras' second bias, which is added to that product, is zero and has no gradient.
    """

    def _weights(self) -> tuple[Any, Any, Any]:
        kernel, kept, biases = super()._weights()
        return kernel, kept, biases[0]

    def _step(self, kept: Any) -> Step:
        sizes = (2 * self.units, self.units)

        def step(seen: Any, h: Any) -> States:
            gates, new = tf.split(seen, sizes, axis=-1)
            kept_gates, kept_new = tf.split(tf.matmul(h, kept), sizes, axis=-1)
            z, r = tf.split(tf.sigmoid(gates + kept_gates), 2, axis=-1)
            return (z * h + (1.0 - z) * tf.tanh(new + r * kept_new),)

        return step

    def _whole_step(self, kernel: Any, kept: Any, bias: Any) -> Step:
        none = tf.zeros_like(bias)

        def step(x: Any, h: Any) -> States:
            seen = tf.split(tf.nn.bias_add(tf.matmul(x, kernel), bias), 3, axis=-1)
            remembered = tf.split(tf.nn.bias_add(tf.matmul(h, kept), none), 3, axis=-1)
            z, r = (tf.sigmoid(seen[gate] + remembered[gate]) for gate in (0, 1))
            return (z * h + (1.0 - z) * tf.tanh(seen[2] + r * remembered[2]),)

        return step


def recurrent(kind: type[Recurrent], layer: LayerSpec, dtype: str) -> keras.Layer:
    """Return the layer, with a second one that reads from the end where it is bidirectional."""
    units, sequences = cast("int", layer.settings["units"]), layer.settings["return_sequences"]
    options = {"return_sequences": sequences, "use_cudnn": False, "dtype": dtype}
    one = kind(units, name=layer.name, **options)
    if not layer.settings["bidirectional"]:
        return one
    back = kind(units, go_backwards=True, name=f"backward_{layer.name}", **options)
    with keras.saving.custom_object_scope({kind.__name__: kind}):
        return keras.layers.Bidirectional(one, backward_layer=back, name=layer.name, dtype=dtype)
