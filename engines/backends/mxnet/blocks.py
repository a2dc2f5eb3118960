"""What the layers' blocks share: their prefix, their settings, and a block without parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import mxnet as mx
import numpy.typing as npt
from mxnet.gluon import HybridBlock

from engines.contract.spec import LayerSpec

Shape = tuple[int, ...]
Maker = Callable[[LayerSpec, "list[Shape]", str], HybridBlock]
"""From a layer, its inputs' shapes per sample and the type of its values."""


def prefix_of(layer: LayerSpec) -> str:
    """Return the beginning of the names of a layer's parameters and operations."""
    return f"{layer.name}/"


def number(layer: LayerSpec, key: str) -> float:
    """Return a setting as float."""
    return float(cast("float", layer.settings[key]))


def whole(layer: LayerSpec, key: str) -> int:
    """Return a setting as int."""
    return int(cast("int", layer.settings[key]))


def axis_of(layer: LayerSpec) -> int:
    """Return the setting ``axis`` counted with the batch."""
    axis = whole(layer, "axis")
    return axis if axis < 0 else axis + 1


def constant(block: HybridBlock, name: str, values: npt.NDArray[Any]) -> Any:
    """Return a parameter of ``block`` that nothing changes.

    Gluon's own constants are told apart by their place in memory, and warn when one is used again.
    """
    options = {"init": mx.init.Constant(values), "grad_req": "null", "differentiable": False}
    return block.params.get(name, shape=values.shape, **options)


class Function(HybridBlock):
    """A layer without parameters: ``compute`` of the module (``mx.nd`` or ``mx.sym``) and the inputs."""

    def __init__(self, compute: Callable[..., Any], **options: Any) -> None:
        super().__init__(**options)
        self._compute = compute

    def hybrid_forward(self, F: Any, *inputs: Any) -> Any:  # noqa: N803 - Gluon's name
        """Return what the function makes of the inputs."""
        return self._compute(F, *inputs)


def function(compute: Callable[..., Any]) -> Maker:
    """Return what makes such a layer."""
    return lambda layer, inputs, dtype: Function(compute, prefix=prefix_of(layer))
