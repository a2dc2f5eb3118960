"""Each layer of the catalogue as a Gluon block, with the workbench's one meaning.

``F`` is ``mx.nd`` where a block runs imperatively and ``mx.sym`` where it is hybridized or exported.
"""

from __future__ import annotations

import math
from functools import reduce
from operator import add, mul
from typing import Any, cast

from mxnet.gluon import HybridBlock, nn

from engines.backends.mxnet.blocks import (
    Function,
    Maker,
    Shape,
    axis_of,
    function,
    number,
    prefix_of,
)
from engines.backends.mxnet.norms import NORMS
from engines.backends.mxnet.relu import Relu
from engines.backends.mxnet.sequences import SEQUENCES
from engines.backends.mxnet.windows import CONVOLUTIONS, POOLS
from engines.contract.spec import LayerSpec

# Gluon's own name for the module it hands over.
# ruff: noqa: N803


def _dense(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    return nn.Dense(
        layer.settings["units"],
        use_bias=layer.settings["bias"],
        flatten=len(inputs[0]) == 1,
        in_units=inputs[0][-1],
        prefix=prefix_of(layer),
    )


def _dropout(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    return nn.Dropout(number(layer, "rate"), prefix=prefix_of(layer))


def _leaky_relu(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    slope = number(layer, "slope")
    if dtype == "float32":
        return nn.LeakyReLU(slope, prefix=prefix_of(layer))
    # MXNet's own operator holds the slope in float32 whatever it computes; the slope is at most 1.
    return Function(lambda F, x: F.maximum(x, x * slope), prefix=prefix_of(layer))


def _elu(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    alpha = number(layer, "alpha")
    if dtype == "float32":
        return nn.ELU(alpha, prefix=prefix_of(layer))
    return Function(lambda F, x: F.relu(x) + F.expm1(-F.relu(-x)) * alpha, prefix=prefix_of(layer))


def _gelu(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    if dtype == "float32":
        return Function(lambda F, x: F.LeakyReLU(x, act_type="gelu"), prefix=prefix_of(layer))

    def exact(F: Any, x: Any) -> Any:
        # MXNet's own error function has a gradient in float32; this one's is written beside its value.
        u = x * math.sqrt(0.5)
        slope = F.BlockGrad(F.exp(-F.square(u)) * (2.0 / math.sqrt(math.pi)))
        error = F.BlockGrad(F.erf(u)) + slope * (u - F.BlockGrad(u))
        return x * (error + 1.0) * 0.5

    return Function(exact, prefix=prefix_of(layer))


class PRelu(HybridBlock):
    """A learned slope below zero for each channel; MXNet's own comes out of its exporter with another."""

    def __init__(self, layer: LayerSpec, inputs: list[Shape], dtype: str) -> None:
        super().__init__(prefix=prefix_of(layer))
        self._shape = (1, -1, *(1 for _ in inputs[0][1:]))
        self.weight = self.params.get("weight", shape=inputs[0][:1])

    def hybrid_forward(self, F: Any, x: Any, weight: Any) -> Any:
        """Return x, or slope · x below zero."""
        return F.relu(x) - F.broadcast_mul(F.relu(-x), F.reshape(weight, shape=self._shape))


def _softmax(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    axis = axis_of(layer)
    return Function(lambda F, x: F.softmax(x, axis=axis), prefix=prefix_of(layer))


def _reshape(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    shape = (-1, *layer.output_shape)
    return Function(lambda F, x: F.reshape(x, shape=shape), prefix=prefix_of(layer))


def _permute(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    axes = (0, *(axis + 1 for axis in cast("Shape", layer.settings["axes"])))
    return Function(lambda F, x: F.transpose(x, axes=axes), prefix=prefix_of(layer))


def _upsample(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    high, wide = cast("Shape", layer.settings["factor"])

    def repeat(F: Any, x: Any) -> Any:
        return F.repeat(F.repeat(x, repeats=high, axis=2), repeats=wide, axis=3)

    return Function(repeat, prefix=prefix_of(layer))


def _concatenate(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    axis = axis_of(layer)
    return Function(lambda F, *values: F.concat(*values, dim=axis), prefix=prefix_of(layer))


LAYERS: dict[str, Maker] = {
    "dense": _dense,
    **CONVOLUTIONS,
    **POOLS,
    **SEQUENCES,
    **NORMS,
    "dropout": _dropout,
    "relu": Relu,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "prelu": PRelu,
    "gelu": _gelu,
    "silu": function(lambda F, x: x * F.sigmoid(x)),
    "sigmoid": function(lambda F, x: F.sigmoid(x)),
    "tanh": function(lambda F, x: F.tanh(x)),
    "softplus": function(lambda F, x: F.Activation(x, act_type="softrelu")),
    "softmax": _softmax,
    "flatten": function(lambda F, x: F.flatten(x)),
    "reshape": _reshape,
    "permute": _permute,
    "upsample2d": _upsample,
    "add": function(lambda F, *values: reduce(add, values)),
    "multiply": function(lambda F, *values: reduce(mul, values)),
    "concatenate": _concatenate,
}
"""The catalogue's layers by key; ``input`` has no block."""
