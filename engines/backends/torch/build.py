"""Build a natural ``nn.Module`` from a design; the design's node names are the submodules' names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engines.backends.torch.layers import LAYERS
from engines.backends.torch.own import OwnModule
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec
from engines.training.fitting import fitting

DTYPES = {
    "fp32": torch.float32,
    "fp64": torch.float64,
    "tf32": torch.float32,
    "bf16": torch.float32,
    "fp16": torch.float32,
}
"""The type of weights, inputs and outputs by the recipe's precision."""
HALVES = {"bf16": torch.bfloat16, "fp16": torch.float16}
"""The type that layers compute in where it is another one."""
LAYOUTS = {"channels_last": torch.channels_last}
"""How weights and values of images lie in memory, where it is not PyTorch's own way."""


class DesignModule(nn.Module):
    """A whole design: takes its inputs in the design's order, gives its one output."""

    def __init__(self, spec: GraphSpec) -> None:
        super().__init__()
        self.spec = spec
        shapes = {layer.name: layer.output_shape for layer in spec.layers}
        self._inputs = tuple(layer.name for layer in spec.inputs)
        self._plan: list[tuple[str, tuple[str, ...]]] = []
        for layer in spec.layers:
            if layer.layer != "input":
                # Straight into the table: a design may call a node "type" or "float".
                self._modules[layer.name] = _make(layer, [shapes[name] for name in layer.inputs])
                self._plan.append((layer.name, layer.inputs))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the output's logits or values, ``(batch, *output_shape)``."""
        values = dict(zip(self._inputs, inputs))
        modules: Mapping[str, Any] = self._modules
        for name, sources in self._plan:
            if len(sources) == 1:
                values[name] = modules[name](values[sources[0]])
            else:
                values[name] = modules[name](*[values[source] for source in sources])
        return values[self.spec.outputs[0]]


class MixedModule(DesignModule):
    """A design whose layers compute in half precision where that is safe; its weights are float32.

    In training and in evaluation alike, so that both are held to the same numbers.
    """

    def __init__(self, spec: GraphSpec, half: torch.dtype) -> None:
        super().__init__(spec)
        self.half_type = half

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the output in float32, as losses and metrics want it."""
        with torch.autocast(inputs[0].device.type, self.half_type):
            return super().forward(*inputs).float()


def _make(layer: LayerSpec, inputs: list[tuple[int, ...]]) -> nn.Module:
    if layer.source:
        return OwnModule(layer)
    make = LAYERS.get(layer.layer)
    if make is None:
        raise WorkbenchError(
            ErrorCode.LAYER_UNSUPPORTED, node=layer.name, layer=layer.layer, engine="PyTorch"
        )
    return make(layer, inputs)


def build(spec: GraphSpec, precision: str = "fp32", layout: str = "") -> DesignModule:
    """Return the module of ``spec`` in training mode, its weights still PyTorch's own.

    Raises:
        WorkbenchError: ``LAYER_UNSUPPORTED``.
    """
    half = HALVES.get(precision)
    module = DesignModule(spec) if half is None else MixedModule(spec, half)
    if layout in LAYOUTS:
        module = module.to(memory_format=LAYOUTS[layout])  # type: ignore[call-overload]
    return module.to(DTYPES[precision])


def parameters_by_name(module: DesignModule) -> dict[str, Tensor]:
    """Return the module's own tensors by canonical name; layouts are PyTorch's own, unchanged."""
    found = {}
    for parameter in module.spec.parameters:
        layer, role = parameter.name.rsplit("/", 1)
        found[parameter.name] = getattr(module._modules[layer], role)
    return found


def load_weights(module: DesignModule, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Copy arrays of canonical names and layouts into the module.

    Raises:
        WorkbenchError: ``CHECKPOINT_UNFIT`` naming the first array that is missing or of another shape;
            the module is unchanged then.
    """
    tensors = parameters_by_name(module)
    found = {
        name: fitting(arrays, name, tuple(tensor.shape), module.spec.name) for name, tensor in tensors.items()
    }
    with torch.no_grad():
        for name, tensor in tensors.items():
            tensor.copy_(torch.from_numpy(np.array(found[name])))


def read_weights(module: DesignModule) -> dict[str, npt.NDArray[Any]]:
    """Return copies of every parameter by canonical name in the canonical layout, in their own precision."""
    return {
        name: tensor.detach().to("cpu", copy=True).contiguous().numpy()
        for name, tensor in parameters_by_name(module).items()
    }
