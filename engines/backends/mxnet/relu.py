"""ReLU in two operators: one that answers NaN by NaN, and a faster one that has to be watched."""

from __future__ import annotations

from collections.abc import Sequence
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
    """

    def __init__(self, layers: Sequence[HybridBlock], parameters: Sequence[Parameter]) -> None:
        relus = [layer for layer in layers if isinstance(layer, Relu) and layer.gains]
        for relu in relus:
            relu.quick = True
        self._watched = parameters if relus else ()

    def sound(self) -> Any:
        """Return a one-element array, 0 where a weight is not finite now; None where nothing is watched."""
        if not self._watched:
            return None
        arrays = [parameter.data() for parameter in self._watched]
        return mx.nd.multi_all_finite(*arrays, num_arrays=len(arrays))

    @staticmethod
    def told(loss: Any, sound: Any) -> Any:
        """Return the loss, ``(1,)``, NaN where the weights that gave it were not sound."""
        return loss if sound is None else mx.nd.where(sound, loss, loss + float("nan"))
