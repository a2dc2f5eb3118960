"""Build a Gluon block from a design; the design's node names are the prefixes of its children."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import mxnet as mx
import numpy as np
import numpy.typing as npt
from mxnet.gluon import HybridBlock, Parameter

from engines.backends.mxnet.layers import LAYERS
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec
from engines.training.fitting import fitting

DTYPES = {"fp32": "float32", "fp64": "float64"}
"""The type of weights and values by the recipe's precision."""


class DesignBlock(HybridBlock):
    """A whole design: takes its inputs in the design's order, gives its one output.

    A child's prefix is ``<node>/``, so that a parameter is called ``<node>/weight`` and each operation of
    its symbol ``<node>/…``.
    """

    def __init__(self, spec: GraphSpec, dtype: str) -> None:
        super().__init__(prefix="")
        self.spec, self.dtype = spec, dtype
        shapes = {layer.name: layer.output_shape for layer in spec.layers}
        self._given = tuple(layer.name for layer in spec.inputs)
        self._plan: list[tuple[str, tuple[str, ...]]] = []
        for layer in spec.layers:
            if layer.layer != "input":
                made = _make(layer, [shapes[name] for name in layer.inputs], dtype)
                self.register_child(made, layer.name)
                self._plan.append((layer.name, layer.inputs))

    def hybrid_forward(self, F: Any, *inputs: Any) -> Any:  # noqa: N803 - Gluon's name
        """Return the output's logits or values, ``(batch, *output_shape)``."""
        return self.walk(*inputs)[self.spec.outputs[0]]

    def walk(self, *inputs: Any) -> dict[str, Any]:
        """Return every node's value, the inputs' among them."""
        values = dict(zip(self._given, inputs))
        for name, sources in self._plan:
            values[name] = self._children[name](*[values[source] for source in sources])
        return values

    @property
    def layers(self) -> list[HybridBlock]:
        """The nodes' blocks, in the design's order."""
        return list(self._children.values())

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The shape of the one output, per sample."""
        return self.spec.output.output_shape

    def parameter(self, name: str) -> Parameter:
        """Return the block's own parameter by its canonical name; layouts are Gluon's own, unchanged."""
        node, role = name.rsplit("/", 1)
        return getattr(self._children[node], role)

    @property
    def trained(self) -> dict[str, Parameter]:
        """The parameters that gradients change, by canonical name."""
        return {entry.name: self.parameter(entry.name) for entry in self.spec.parameters if entry.trainable}


def _make(layer: LayerSpec, inputs: list[tuple[int, ...]], dtype: str) -> HybridBlock:
    if layer.source:
        facts = {"node": layer.name, "file": Path(layer.file).name, "engine": "MXNet"}
        raise WorkbenchError(ErrorCode.OWN_LAYER_NOWHERE, **facts)
    make = LAYERS.get(layer.layer)
    if make is None:
        facts = {"node": layer.name, "layer": layer.layer, "engine": "MXNet"}
        raise WorkbenchError(ErrorCode.LAYER_UNSUPPORTED, **facts)
    return make(layer, inputs, dtype)


def build(spec: GraphSpec, precision: str = "fp32", device: mx.Context | None = None) -> DesignBlock:
    """Return the block of ``spec``, its weights still zero; it runs imperatively until ``hybridize``.

    Raises:
        WorkbenchError: ``LAYER_UNSUPPORTED``.
    """
    block = DesignBlock(spec, DTYPES[precision])
    block.cast(block.dtype)
    block.initialize(mx.init.Zero(), ctx=device or mx.cpu())
    return block


def load_weights(block: DesignBlock, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Copy arrays of canonical names and layouts into the block.

    Raises:
        WorkbenchError: ``CHECKPOINT_UNFIT`` naming the first array that is missing or of another shape;
            the block is unchanged then.
    """
    found = {
        entry.name: fitting(arrays, entry.name, entry.shape, block.spec.name)
        for entry in block.spec.parameters
    }
    for name, array in found.items():
        block.parameter(name).set_data(mx.nd.array(array, dtype=block.dtype))


def read_weights(block: DesignBlock) -> dict[str, npt.NDArray[Any]]:
    """Return copies of every parameter by canonical name in the canonical layout, in their own precision."""
    return {
        entry.name: np.array(block.parameter(entry.name).data().asnumpy()) for entry in block.spec.parameters
    }


def copy_weights(source: DesignBlock, target: DesignBlock) -> None:
    """Copy every parameter into another block of the same design, on the device they are on."""
    for entry in source.spec.parameters:
        target.parameter(entry.name).data()[:] = source.parameter(entry.name).data()
