"""ReLU in two operators: one that answers NaN by NaN, and a faster one that has to be watched."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from math import prod
from typing import Any

import mxnet as mx
from mxnet.gluon import HybridBlock, Parameter

from engines.backends.mxnet.blocks import Shape, prefix_of
from engines.contract.spec import LayerSpec

IMAGE = 3
"""From so many axes on the faster operator gains something: a tenth of a convolutional net's time."""


class Relu(HybridBlock):
    """The larger of x and 0. ``quick``: by the operator that answers NaN by 0."""

    def __init__(self, layer: LayerSpec, inputs: list[Shape], dtype: str) -> None:
        super().__init__(prefix=prefix_of(layer))
        self.gains = dtype == "float32" and len(inputs[0]) >= IMAGE
        self.quick = False

    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon's name
        """Return x, or 0 below zero."""
        return F.Activation(x, act_type="relu") if self.quick else F.relu(x)


class Watch:
    """Lets the ReLUs of a training block be quick, and its losses NaN once a weight is not finite.

    Without it a training that went to pieces would look sound: NaN weights give zeros, and these a loss.
    A weight times zero is zero, and NaN where the weight is not finite; their sum, a scalar product, takes a
    hundredth of the time of MXNet's own ``multi_all_finite``.
    """

    def __init__(self, layers: Sequence[HybridBlock], parameters: Sequence[Parameter]) -> None:
        relus = [layer for layer in layers if isinstance(layer, Relu) and layer.gains]
        for relu in relus:
            relu.quick = True
        self._watched = parameters if relus else ()
        sizes = [prod(entry.shape) for entry in self._watched]
        zeros = mx.nd.zeros(max(sizes, default=0) or 1)
        self._zeros = [zeros[:size] for size in sizes]
        self._sum = mx.nd.CachedOp(_sum_of_products(len(sizes)), []) if relus else None

    def sound(self) -> Any:
        """Return ``(1,)``: 0, or NaN where a weight is not finite now; None where nothing is watched."""
        if self._sum is None:
            return None
        pairs = zip([entry.data() for entry in self._watched], self._zeros)
        return self._sum(*chain.from_iterable(pairs))

    @staticmethod
    def told(loss: Any, sound: Any) -> Any:
        """Return the loss, ``(1,)``, NaN where the weights that gave it were not sound."""
        return loss if sound is None else loss + sound


def _sum_of_products(count: int) -> Any:
    """Return the symbol of the sum of so many products; its inputs: an array, a flat one of its size, …."""
    pairs = [(mx.sym.var(f"array{number}"), mx.sym.var(f"factors{number}")) for number in range(count)]
    return mx.sym.add_n(*[mx.sym.dot(array.reshape((-1,)), factors) for array, factors in pairs])
