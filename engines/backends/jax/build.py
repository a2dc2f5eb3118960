"""Build a Flax NNX module from a design; the design's node names are the names of its layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from flax import nnx

from engines.backends.jax import runtime
from engines.backends.jax.hlo import SCOPE
from engines.backends.jax.layers import LAYERS, to_design
from engines.backends.jax.own import OwnModule
from engines.backends.jax.sequences import Types
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec
from engines.training.fitting import fitting

Arrays = dict[str, Any]

TYPES = {
    "fp32": Types(jnp.float32, jnp.float32),
    "fp64": Types(jnp.float64, jnp.float64),
    "tf32": Types(jnp.float32, jnp.float32),
    "bf16": Types(jnp.float32, jnp.bfloat16),
    "fp16": Types(jnp.float32, jnp.float16),
}
"""The types of weights and of values by the recipe's precision."""

_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "weight": ("weight", "kernel", "scale", "embedding"),
    "running_mean": ("mean",),
    "running_var": ("var",),
}
"""What Flax calls a role, where it is not the role's own name."""


class DesignModule(nnx.Module):
    """A whole design: takes its inputs in the design's order, gives its one output; images channels last."""

    def __init__(self, spec: GraphSpec, types: Types) -> None:
        shapes = {layer.name: layer.output_shape for layer in spec.layers}
        made = [layer for layer in spec.layers if layer.layer != "input"]
        self.inputs = tuple(layer.name for layer in spec.inputs)
        self.plan = tuple((layer.name, layer.inputs) for layer in made)
        self.output = spec.outputs[0]
        self.layers = nnx.Dict(
            {layer.name: _make(layer, [shapes[name] for name in layer.inputs], types) for layer in made}
        )

    def __call__(self, *inputs: Any, key: Any = None) -> Any:
        """Return the output; ``key`` is the random key of a training step."""
        return self.values(*inputs, key=key)[self.output]

    def values(self, *inputs: Any, key: Any = None) -> dict[str, Any]:
        """Return what each node answers."""
        found = dict(zip(self.inputs, inputs))
        for number, (name, sources) in enumerate(self.plan):
            layer, given = self.layers[name], [found[source] for source in sources]
            with jax.named_scope(SCOPE + name):
                if isinstance(layer, nnx.Dropout):
                    own = None if key is None else jax.random.fold_in(key, number)
                    found[name] = layer(*given, rngs=own)
                else:
                    found[name] = layer(*given)
        return found


def _make(layer: LayerSpec, inputs: list[tuple[int, ...]], types: Types) -> nnx.Module:
    if layer.source:
        return OwnModule(layer, inputs, types)
    make = LAYERS.get(layer.layer)
    if make is None:
        raise WorkbenchError(ErrorCode.LAYER_UNSUPPORTED, node=layer.name, layer=layer.layer, engine="JAX")
    return make(layer, inputs, types)


@dataclass(frozen=True)
class Parameter:
    """An array under its canonical name: where it lies in the module; ``axes`` take it to its layout."""

    name: str
    path: tuple[str, ...]
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    trainable: bool

    def canonical(self, value: Any) -> npt.NDArray[Any]:
        """Return a copy of the array, or of a slot of its shape, in the canonical layout."""
        return np.array(np.asarray(value).transpose(self.axes), order="C")

    def own(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return a canonical array in the module's layout."""
        return np.ascontiguousarray(array.transpose(np.argsort(self.axes)))


class DesignModel:
    """A design as functions of its arrays, which are held apart from the module, by canonical name."""

    def __init__(self, spec: GraphSpec, types: Types) -> None:
        self.spec, self.types = spec, types
        self.shapes = {layer.name: layer.output_shape for layer in spec.layers}
        module = nnx.eval_shape(lambda: DesignModule(spec, types))
        self.parameters = _parameters(module, spec)
        self._graphs = {}
        for training in (False, True):
            module.train() if training else module.eval()
            self._graphs[training] = nnx.graphdef(module)
        self.arrays: Arrays = {
            entry.name: np.zeros(entry.own(np.empty(entry.shape, bool)).shape, types.weights)
            for entry in self.parameters
        }

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the one output, per sample, in the design's layout."""
        return self.spec.output.output_shape

    @property
    def trained(self) -> tuple[Parameter, ...]:
        """The parameters that gradients change."""
        return tuple(parameter for parameter in self.parameters if parameter.trainable)

    def module(self, arrays: Mapping[str, Any], training: bool = False) -> DesignModule:
        """Return the module with ``arrays`` in it."""
        state = nnx.from_flat_state([(entry.path, arrays[entry.name]) for entry in self.parameters])
        found: DesignModule = nnx.merge(self._graphs[training], state)
        return found

    def answer(self, arrays: Mapping[str, Any], inputs: Sequence[Any]) -> Any:
        """Return the output without training, in the design's layout and the weights' type."""
        output = self.module(arrays)(*self._given(inputs))
        return to_design(output, self.output_shape).astype(self.types.weights)

    def train(self, arrays: Mapping[str, Any], inputs: Sequence[Any], key: Any) -> tuple[Any, Arrays]:
        """Return the output in training, and the arrays that no gradient changes after it."""
        module = self.module(arrays, training=True)
        output = to_design(module(*self._given(inputs), key=key), self.output_shape)
        after = dict(nnx.to_flat_state(nnx.state(module)))
        running = {entry.name: after[entry.path][...] for entry in self.parameters if not entry.trainable}
        return output.astype(self.types.weights), running

    def walk(self, arrays: Mapping[str, Any], inputs: Sequence[Any]) -> Arrays:
        """Return what each node answers without training, in the design's layout."""
        values = self.module(arrays).values(*self._given(inputs))
        return {name: to_design(values[name], self.shapes[name]) for name, _ in self.module(arrays).plan}

    def _given(self, inputs: Sequence[Any]) -> list[Any]:
        return [value.astype(self.types.values) for value in inputs]


def _parameters(module: DesignModule, spec: GraphSpec) -> tuple[Parameter, ...]:
    state = nnx.to_flat_state(nnx.state(module))
    places = {tuple(map(str, path)): variable.shape for path, variable in state}
    own = {layer.name for layer in spec.own_layers}
    found = []
    for entry in spec.parameters:
        layer, role = entry.name.rsplit("/", 1)
        names = () if layer in own else _ATTRIBUTES.get(role, (role,))
        path = next(path for path in places if path[1] == layer and path[-1] in (role, *names))
        rank = len(places[path])
        first = (rank - 1, rank - 2) if path[-1] == "kernel" and layer not in own else ()
        axes = (*first, *(axis for axis in range(rank) if axis not in first))
        found.append(Parameter(entry.name, path, axes, tuple(entry.shape), entry.trainable))
    return tuple(found)


def build(spec: GraphSpec, precision: str = "fp32") -> DesignModel:
    """Return the model of ``spec``, its weights still zero; the process computes in ``precision`` from here.

    Raises:
        WorkbenchError: ``LAYER_UNSUPPORTED``.
    """
    runtime.use_precision(precision)
    return DesignModel(spec, TYPES[precision])


def load_weights(model: DesignModel, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Take over arrays of canonical names and layouts.

    Raises:
        WorkbenchError: ``CHECKPOINT_UNFIT`` naming the first array that is missing or of another shape;
            the model is unchanged then.
    """
    found = {
        entry.name: fitting(arrays, entry.name, entry.shape, model.spec.name) for entry in model.parameters
    }
    for entry in model.parameters:
        model.arrays[entry.name] = entry.own(found[entry.name]).astype(model.types.weights)


def read_weights(model: DesignModel, arrays: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    """Return copies of every parameter by canonical name in the canonical layout, in their own precision."""
    return {entry.name: entry.canonical(arrays[entry.name]) for entry in model.parameters}
