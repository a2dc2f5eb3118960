"""Build a Keras functional model from a design; the design's node names are the layers' names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.backends.tensorflow.layers import (
    LAYERS,
    SeededDropout,
    Turn,
    last_axes,
    lies_as_designed,
    to_design,
)
from engines.backends.tensorflow.own import OwnLayer
from engines.backends.tensorflow.sequences import DesignLayer
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec
from engines.training.fitting import fitting

DTYPES = {"fp32": "float32", "fp64": "float64", "tf32": "float32", "bf16": "float32", "fp16": "float32"}
"""The type of weights, inputs and outputs by the recipe's precision."""
POLICIES = {"bf16": "mixed_bfloat16", "fp16": "mixed_float16"}
"""Keras' policy for layers that compute in another type than their weights have."""

_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "weight": ("kernel", "gamma", "scale"),
    "bias": ("bias", "beta"),
    "running_mean": ("moving_mean",),
    "running_var": ("moving_variance",),
}


@dataclass(frozen=True)
class Parameter:
    """A variable under its canonical name; ``axes`` take its layout to the canonical one."""

    name: str
    variable: Any
    axes: tuple[int, ...]
    trainable: bool

    def canonical(self, value: Any) -> npt.NDArray[Any]:
        """Return the variable's value, or a slot's of its shape, in the canonical layout."""
        return np.ascontiguousarray(value.numpy().transpose(self.axes))

    def own(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a canonical array in the variable's layout."""
        return np.ascontiguousarray(array.transpose(np.argsort(self.axes)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The canonical shape."""
        return tuple(self.variable.shape[axis] for axis in self.axes)


class DesignModel:
    """A whole design: ``keras`` takes channels-last inputs and gives its channels-last output.

    ``dtype`` is the type of weights, inputs and outputs; with a mixed ``policy`` the layers compute in half
    precision, in training and in evaluation alike.
    """

    def __init__(self, spec: GraphSpec, dtype: str, policy: str = "") -> None:
        self.spec, self.dtype, self._policy = spec, dtype, policy or dtype
        self.shapes = {layer.name: layer.output_shape for layer in spec.layers}
        self.layers: dict[str, keras.Layer] = {}
        self.turns: dict[tuple[str, int], Turn] = {}
        self.designed = {layer.name: False for layer in spec.inputs}
        values = {layer.name: _input(layer, dtype) for layer in spec.inputs}
        inputs = list(values.values())
        for layer in spec.layers:
            if layer.layer != "input":
                self.layers[layer.name] = self._make(layer)
                self._make_turns(layer)
                values[layer.name] = self._call(layer, values)
        self.keras = keras.Model(inputs, values[spec.outputs[0]], name=spec.name or None)
        self.parameters = tuple(self._parameter(entry.name, entry.trainable) for entry in spec.parameters)

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

    def _call(self, layer: LayerSpec, values: Mapping[str, Any], **options: bool) -> Any:
        sources = [values[name] for name in layer.inputs]
        for place, source in enumerate(sources):
            turn = self.turns.get((layer.name, place))
            sources[place] = source if turn is None else turn(source)
        return self.layers[layer.name](sources[0] if len(sources) == 1 else sources, **options)

    def _parameter(self, name: str, trainable: bool) -> Parameter:
        node, role = name.rsplit("/", 1)
        layer = self.layers[node]
        if isinstance(layer, (DesignLayer, OwnLayer)):
            variable = (layer.roles[role] if isinstance(layer, OwnLayer) else getattr(layer, role)).value
            return Parameter(name, variable, tuple(range(len(variable.shape))), trainable)
        found = next(key for key in _ATTRIBUTES[role] if getattr(layer, key, None) is not None)
        variable = getattr(layer, found).value
        rank = len(variable.shape)
        first = (rank - 1, rank - 2) if found == "kernel" else (rank - 1,)
        axes = (*first, *(axis for axis in range(rank) if axis not in first))
        return Parameter(name, variable, axes, trainable)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the one output, per sample, in the design's layout."""
        return self.shapes[self.spec.outputs[0]]

    @property
    def trained(self) -> tuple[Parameter, ...]:
        """The parameters that gradients change."""
        return tuple(parameter for parameter in self.parameters if parameter.trainable)

    @property
    def dropouts(self) -> list[SeededDropout]:
        """The layers that are random in training."""
        return [layer for layer in self.layers.values() if isinstance(layer, SeededDropout)]

    def __call__(self, inputs: Sequence[Any], training: bool = False) -> Any:
        """Return the output in the design's layout; the inputs have their channels last."""
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


def _input(layer: LayerSpec, dtype: str) -> Any:
    shape = layer.output_shape
    own = tuple(shape[axis - 1] for axis in last_axes(len(shape))[1:])
    return keras.Input(own, dtype=dtype, name=layer.name)


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
