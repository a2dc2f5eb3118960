"""Build a Keras functional model from a design; the design's node names are the layers' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy.typing as npt
import tensorflow as tf

from engines.backends.tensorflow.layers import (
    AS_GIVEN,
    LAYERS,
    SeededDropout,
    Turn,
    call,
    last_axes,
    lies_as_designed,
    to_design,
)
from engines.backends.tensorflow.own import OwnLayer
from engines.backends.tensorflow.recurrent import Recurrent
from engines.backends.tensorflow.weights import Parameter, locate
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec
from engines.training.fitting import fitting

DTYPES = {"fp32": "float32", "fp64": "float64", "tf32": "float32", "bf16": "float32", "fp16": "float32"}
"""The type of weights, inputs and outputs by the recipe's precision."""
POLICIES = {"bf16": "mixed_bfloat16", "fp16": "mixed_float16"}
"""Keras' policy for layers that compute in another type than their weights have."""


class DesignModel:
    """A whole design: ``keras`` takes and gives images with channels last, sequences as (time, features).

    ``dtype`` is the type of weights, inputs and outputs; with a mixed ``policy`` the layers compute in half
    precision, in training and in evaluation alike.
    """

    def __init__(self, spec: GraphSpec, dtype: str, policy: str = "") -> None:
        self.spec, self.dtype, self._policy = spec, dtype, policy or dtype
        self.shapes = {layer.name: layer.output_shape for layer in spec.layers}
        self.layers: dict[str, keras.Layer] = {}
        self.turns: dict[tuple[str, int], Turn] = {}
        self.designed = {layer.name: _reads_steps(spec, layer) for layer in spec.inputs}
        values = {layer.name: self._input(layer) for layer in spec.inputs}
        inputs = list(values.values())
        for layer in spec.layers:
            if layer.layer != "input":
                self.layers[layer.name] = self._make(layer)
                self._make_turns(layer)
                values[layer.name] = self._call(layer, values)
        self.keras = keras.Model(inputs, values[spec.outputs[0]], name=spec.name or None)
        self.parameters = tuple(
            locate(layer, self.layers[layer.name], entry)
            for layer in spec.layers
            for entry in layer.parameters
        )

    def _input(self, layer: LayerSpec) -> Any:
        axes = self.own_axes(layer.name)[1:]
        own = tuple(layer.output_shape[axis - 1] for axis in axes)
        return keras.Input(own, dtype=self.dtype, name=layer.name)

    def own_axes(self, name: str) -> tuple[int, ...]:
        """Return the axes, batch first, that take a layer's value from the design's layout to its own."""
        rank = len(self.shapes[name])
        return tuple(range(rank + 1)) if self.designed[name] else last_axes(rank)

    def _make(self, layer: LayerSpec) -> keras.Layer:
        if layer.source:
            return OwnLayer(layer, dtype=self._policy)
        make = LAYERS.get(layer.layer)
        if make is None:
            facts = {"node": layer.name, "layer": layer.layer, "engine": "TensorFlow"}
            raise WorkbenchError(ErrorCode.LAYER_UNSUPPORTED, **facts)
        made = make(layer, [self.shapes[name] for name in layer.inputs], self._policy)
        if isinstance(made, SeededDropout):
            made.number = len(self.layers)
        return made

    def _make_turns(self, layer: LayerSpec) -> None:
        own = lies_as_designed(layer, [self.designed[name] for name in layer.inputs])
        for place, name in enumerate(layer.inputs):
            if self.designed[name] != own and len(self.shapes[name]) > 1:
                # No node of a design has a hyphen in its name.
                turn = Turn(self.shapes[name], own, name=f"{layer.name}-{place}", dtype=self._policy)
                self.turns[layer.name, place] = turn
        self.designed[layer.name] = own

    def _call(self, layer: LayerSpec, values: Mapping[str, Any]) -> Any:
        sources = [values[name] for name in layer.inputs]
        for place, source in enumerate(sources):
            turn = self.turns.get((layer.name, place))
            sources[place] = source if turn is None else turn(source)
        return call(self.layers[layer.name], layer, sources)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the one output, per sample, in the design's layout."""
        return self.spec.output.output_shape

    @property
    def trained(self) -> tuple[Parameter, ...]:
        """The parameters that gradients change."""
        return tuple(parameter for parameter in self.parameters if parameter.trainable)

    @property
    def dropouts(self) -> list[SeededDropout]:
        """The layers that are random in training."""
        return [layer for layer in self.layers.values() if isinstance(layer, SeededDropout)]

    @property
    def recurrents(self) -> list[tuple[str, Recurrent]]:
        """What reads time steps one after the other, each direction apart, by the design's name."""
        return [
            (name, part)
            for name, layer in self.layers.items()
            for part in layer._flatten_layers()
            if isinstance(part, Recurrent)
        ]

    def __call__(self, inputs: Sequence[Any], training: bool = False) -> Any:
        """Return the output in the design's layout; the inputs lie as in ``keras``."""
        given = inputs[0] if len(inputs) == 1 else list(inputs)
        output = tf.cast(self.keras(given, training=training), self.dtype)
        return self.as_designed(self.spec.outputs[0], output)

    def as_designed(self, name: str, value: Any) -> Any:
        """Return a layer's value in the design's layout."""
        return value if self.designed[name] else to_design(value, self.shapes[name])

    def walk(self, inputs: Sequence[Any], enter: Any) -> dict[str, Any]:
        """Return every layer's value as it gives it; ``enter(name)`` is a context around each call."""
        values = dict(zip((layer.name for layer in self.spec.inputs), inputs))
        for layer in self.spec.layers:
            if layer.layer != "input":
                with enter(layer.name):
                    values[layer.name] = self._call(layer, values)
        return values


def _reads_steps(spec: GraphSpec, layer: LayerSpec) -> bool:
    """Tell whether a layer's value is (time, features) to all that read it, which then lies so already."""
    readers = [reader for reader in spec.layers if layer.name in reader.inputs]
    follow = (
        _reads_steps(spec, one) if one.layer in AS_GIVEN else lies_as_designed(one, ()) for one in readers
    )
    return len(layer.output_shape) == 2 and all(follow)


def build(spec: GraphSpec, precision: str = "fp32") -> DesignModel:
    """Return the model of ``spec``, its weights still zero.

    Raises:
        WorkbenchError: ``LAYER_UNSUPPORTED``.
    """
    return DesignModel(spec, DTYPES[precision], POLICIES.get(precision, ""))


def load_weights(model: DesignModel, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Copy arrays of canonical names and layouts into the model.

    Raises:
        WorkbenchError: ``CHECKPOINT_UNFIT`` naming the first array that is missing or of another shape;
            the model is unchanged then.
    """
    found = [fitting(arrays, entry.name, entry.shape, model.spec.name) for entry in model.parameters]
    for parameter, array in zip(model.parameters, found):
        parameter.variable.assign(parameter.own(array).astype(model.dtype))


def read_weights(model: DesignModel) -> dict[str, npt.NDArray[Any]]:
    """Return copies of every parameter by canonical name in the canonical layout, in their own precision."""
    return {parameter.name: parameter.canonical(parameter.variable) for parameter in model.parameters}
