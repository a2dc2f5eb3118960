"""A layer of one's own as a PyTorch module: its weights are parameters, its file computes it."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from engines.contract.spec import LayerSpec
from engines.training.own_code import OwnCode, demand_method

ENGINE, TITLE = "torch", "PyTorch"


class OwnModule(nn.Module):
    """Calls the file's ``torch(self, x, weights)``, or ``forward(self, xp, x, weights)`` with torch as xp."""

    def __init__(self, layer: LayerSpec) -> None:
        super().__init__()
        self._layer = layer
        self._code = OwnCode.of(layer)
        demand_method(layer, self._code, ENGINE, TITLE)
        for parameter in layer.parameters:
            role = parameter.name.rsplit("/", 1)[1]
            # Straight into the table: a file may call a weight as a module calls a method.
            self._parameters[role] = nn.Parameter(torch.empty(parameter.shape))

    def forward(self, *inputs: Tensor) -> Tensor:
        """Compute the layer."""
        weights = dict(self._parameters)
        if torch.compiler.is_compiling():
            return cast("Tensor", self._code.traced(ENGINE, torch, inputs, weights, self.training))
        answer = self._code.answer(self._layer, ENGINE, torch, inputs, weights, self.training)
        return cast("Tensor", answer)
