"""A layer of one's own as a Keras layer: its weights are variables, its file computes it."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

from engines.contract.spec import LayerSpec
from engines.training.own_code import OwnCode, demand_method, name_line

ENGINE, TITLE = "tensorflow", "TensorFlow"


class OwnLayer(keras.Layer):
    """Calls the file's ``tensorflow(self, x, weights)``, or its ``forward(self, xp, x, weights)``.

    ``xp`` is TensorFlow's NumPy. Values and weights lie as in the design. In a graph an ``if`` or a loop over
    values becomes the graph's own (AutoGraph); run eagerly the file runs as it is.
    """

    def __init__(self, layer: LayerSpec, **options: Any) -> None:
        super().__init__(name=layer.name, **options)
        keras.config.disable_traceback_filtering()  # else Keras puts errors of its own in the place of ours
        self.spec = layer
        self.code = OwnCode.of(layer)
        demand_method(layer, self.code, ENGINE, TITLE)
        # Not as attributes: a file may call a weight as Keras calls something of its own.
        self.roles = {}
        for parameter in layer.parameters:
            role = parameter.name.rsplit("/", 1)[1]
            self.roles[role] = self.add_weight(parameter.shape, "zeros", name=role)

    def compute_output_spec(self, *inputs: Any, **options: Any) -> Any:
        """Return what the design knows already: the file runs only where there are values."""
        return keras.KerasTensor((None, *self.spec.output_shape), dtype=self.compute_dtype)

    @tf.autograph.experimental.do_not_convert
    def call(self, inputs: Any, training: bool = False) -> Any:
        """Compute the layer."""
        given = tuple(inputs) if isinstance(inputs, (list, tuple)) else (inputs,)
        weights = {role: tf.convert_to_tensor(variable) for role, variable in self.roles.items()}
        written = None if tf.executing_eagerly() else _for_graph
        return self.code.answer(self.spec, ENGINE, tf.experimental.numpy, given, weights, training, written)


def _for_graph(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as AutoGraph writes it, whose faults name the lines of the file it came from."""
    made = tf.autograph.to_graph(function)

    def run(*given: Any) -> Any:
        try:
            return made(*given)
        except Exception as error:
            name_line(error, _origin(error, made.ag_source_map))
            raise

    return run


def _origin(error: Exception, origins: Mapping[Any, Any]) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    found = [origins.get((frame.filename, frame.lineno)) for frame in frames]
    return next((one.loc.lineno for one in reversed(found) if one is not None), 0)
