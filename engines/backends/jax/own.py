"""A layer of one's own as a Flax NNX module: its weights are parameters, its file computes it."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from flax import nnx

from engines.backends.jax.layers import from_design, to_design
from engines.backends.jax.sequences import Shape, Types, new_parameter
from engines.contract.spec import LayerSpec
from engines.training.own_code import OwnCode, demand_method

ENGINE, TITLE = "jax", "JAX"


class _Own:
    """What the file needs; one static, hashable thing to the module that holds it."""

    def __init__(self, layer: LayerSpec, inputs: list[Shape]) -> None:
        self.layer, self.inputs = layer, inputs
        self.code = OwnCode.of(layer)
        demand_method(layer, self.code, ENGINE, TITLE)


class OwnModule(nnx.Module):
    """Calls the file's ``jax(self, x, weights)``, or its ``forward(self, xp, x, weights)`` with jax.numpy."""

    def __init__(self, layer: LayerSpec, inputs: list[Shape], types: Types) -> None:
        self.own, self.types = _Own(layer, inputs), types
        self.deterministic = False  # what Flax sets for training and evaluation
        self.roles = nnx.Dict(
            {entry.name.rsplit("/", 1)[1]: new_parameter(entry.shape, types) for entry in layer.parameters}
        )

    def __call__(self, *inputs: Any) -> Any:
        """Compute the layer; the file sees values as the design has them, channels first."""
        own = self.own
        given = tuple(to_design(value, shape) for value, shape in zip(inputs, own.inputs))
        weights = {role: weight[...].astype(self.types.values) for role, weight in self.roles.items()}
        answer = own.code.answer(own.layer, ENGINE, jnp, given, weights, not self.deterministic)
        return from_design(answer, own.layer.output_shape)
