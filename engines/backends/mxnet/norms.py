"""Normalizations over a batch, a sample, its features or groups of its channels."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any

import mxnet as mx
import numpy as np
from mxnet.gluon import HybridBlock

from engines.backends.mxnet.blocks import Maker, Shape, number, prefix_of, whole
from engines.contract.spec import LayerSpec

# Gluon's own name for the module it hands over.
# ruff: noqa: N803


class BatchNorm(HybridBlock):
    """Batch normalization by MXNet's own kernels, which feed the population's variance; cuDNN would not."""

    def __init__(self, layer: LayerSpec, inputs: list[Shape], dtype: str) -> None:
        super().__init__(prefix=prefix_of(layer))
        self.momentum = number(layer, "momentum")
        self._epsilon = number(layer, "epsilon")
        shape = inputs[0][:1]
        self.weight = self.params.get("weight", shape=shape)
        self.bias = self.params.get("bias", shape=shape)
        statistics = {"grad_req": "null", "differentiable": False, "shape": shape}
        self.running_mean = self.params.get("running_mean", **statistics)
        self.running_var = self.params.get("running_var", **statistics)

    def hybrid_forward(self, F: Any, x: Any, **given: Any) -> Any:
        """Normalize each channel by the batch's statistics in training, by the running ones otherwise."""
        arrays = (given[role] for role in ("weight", "bias", "running_mean", "running_var"))
        options = {"momentum": self.momentum, "eps": self._epsilon, "cudnn_off": True}
        return F.BatchNorm(x, *arrays, axis=1, fix_gamma=False, **options)


class ExactMomentum:
    """Running statistics in float64: MXNet's operator holds the momentum m in float32, as m'.

    It makes r = m' old + (1 - m') batch; what is wanted is r + (m - m') (old - batch), and old - batch is
    (old - r) / (1 - m').
    """

    def __init__(self, norms: list[BatchNorm]) -> None:
        rows = [(norm, float(np.float32(norm.momentum))) for norm in norms]
        self._rows = [
            ((norm.momentum - held) / (1.0 - held), (norm.running_mean, norm.running_var))
            for norm, held in rows
            if held != norm.momentum and held != 1.0
        ]

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Correct what a pass in training makes of the running statistics."""
        if not self._rows:
            yield
            return
        old = [[entry.data().copy() for entry in statistics] for _, statistics in self._rows]
        yield
        mx.nd.waitall()  # its backward pass writes them without saying so to who reads
        for (share, statistics), before in zip(self._rows, old):
            for entry, array in zip(statistics, before):
                entry.data()[:] += (array - entry.data()) * share


class RowNorm(HybridBlock):
    """Normalization of each row after ``view``, the rest written out; scale and shift by ``affine``.

    MXNet's own operators hold epsilon in float32 or have no ONNX form.
    """

    def __init__(self, layer: LayerSpec, view: Shape, affine: Shape, centred: bool = True) -> None:
        super().__init__(prefix=prefix_of(layer))
        self._view, self._affine, self._whole = view, affine, layer.output_shape
        self._epsilon, self._centred = number(layer, "epsilon"), centred
        self.weight = self.params.get("weight", shape=layer.parameters[0].shape)
        if centred:
            self.bias = self.params.get("bias", shape=layer.parameters[1].shape)

    def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """Bring each row to one scale."""
        rows = F.reshape(x, shape=(-1, *self._view))
        if self._centred:
            rows = F.broadcast_sub(rows, F.mean(rows, axis=-1, keepdims=True))
        power = F.mean(F.square(rows), axis=-1, keepdims=True)
        rows = F.broadcast_div(rows, F.sqrt(power + self._epsilon))
        y = F.reshape(rows, shape=(-1, *self._whole))
        y = F.broadcast_mul(y, F.reshape(weight, shape=(1, *self._affine)))
        return y if bias is None else F.broadcast_add(y, F.reshape(bias, shape=(1, *self._affine)))


class LayerNorm(HybridBlock):
    """MXNet's own over the last axis."""

    def __init__(self, layer: LayerSpec) -> None:
        super().__init__(prefix=prefix_of(layer))
        self._epsilon = number(layer, "epsilon")
        self.weight = self.params.get("weight", shape=layer.parameters[0].shape)
        self.bias = self.params.get("bias", shape=layer.parameters[1].shape)

    def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any) -> Any:
        """Normalize each row."""
        return F.LayerNorm(x, weight, bias, axis=-1, eps=self._epsilon)


def _layer_norm(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    shape, affine = inputs[0], layer.parameters[0].shape
    if len(affine) == 1 and dtype == "float32":
        return LayerNorm(layer)
    by_feature = len(affine) == 1
    ones = (1,) * (len(shape) - len(affine))
    return RowNorm(layer, shape if by_feature else (prod(shape),), (*ones, *affine))


def _group_norm(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    shape, groups = inputs[0], whole(layer, "groups")
    view = (groups, prod(shape) // groups)
    return RowNorm(layer, view, (shape[0], *(1 for _ in shape[1:])))


def _rms_norm(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    shape = inputs[0]
    return RowNorm(layer, shape, (*(1 for _ in shape[1:]), shape[-1]), centred=False)


NORMS: dict[str, Maker] = {
    "batch_norm": BatchNorm,
    "layer_norm": _layer_norm,
    "group_norm": _group_norm,
    "rms_norm": _rms_norm,
}
