"""Layers over (time, features) as PyTorch modules, with the catalogue's one meaning."""

from __future__ import annotations

import math
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from engines.contract.positions import sinusoids
from engines.contract.spec import LayerSpec

Shape = tuple[int, ...]


class Embedding(nn.Embedding):
    """Rows of a table; the ids come as floats, and one that is too small or too large is the nearest."""

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, time, units)``."""
        return super().forward(x.to(torch.int64).clamp(0, self.num_embeddings - 1))


class PositionalEncoding(nn.Module):
    """Adds to each time step a row of its own: learned, or of fixed waves."""

    def __init__(self, shape: Shape, learned: bool) -> None:
        super().__init__()
        if learned:
            self.weight = nn.Parameter(torch.zeros(shape))
        else:
            self.register_buffer("weight", torch.from_numpy(sinusoids(*shape)), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the input and the rows added."""
        return x + self.weight


class Recurrent(nn.Module):
    """PyTorch's LSTM or GRU with one bias a gate: the second one stays zero and learns nothing."""

    def __init__(self, kind: Any, features: int, units: int, both: bool, sequences: bool) -> None:
        super().__init__()
        self.layer = kind(features, units, batch_first=True, bidirectional=both)
        self.sequences = sequences
        for name, parameter in self.layer.named_parameters():
            if name.startswith("bias_hh"):
                nn.init.zeros_(parameter)
                parameter.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        """Return every time step's values, or those after the last that each direction reads."""
        values, state = self.layer(x)
        if self.sequences:
            return cast("Tensor", values)
        last: Tensor = state[0] if isinstance(state, tuple) else state
        return last.transpose(0, 1).flatten(1)

    def __getattr__(self, name: str) -> Any:
        """Give PyTorch's parameters by their roles in the design."""
        return getattr(self.layer, _ROLES[name]) if name in _ROLES else super().__getattr__(name)


_ROLES = {
    f"{way}{role}": f"{theirs}_l0{suffix}"
    for way, suffix in (("", ""), ("reverse_", "_reverse"))
    for role, theirs in (("weight", "weight_ih"), ("recurrent_weight", "weight_hh"), ("bias", "bias_ih"))
}


class MultiHeadAttention(nn.Module):
    """Softmax attention of each head's query over its keys; without keys or values, those of the query."""

    def __init__(self, layer: LayerSpec) -> None:
        super().__init__()
        self.heads, self.causal = cast("int", layer.settings["heads"]), bool(layer.settings["causal"])
        for parameter in layer.parameters:
            self.register_parameter(parameter.name.split("/")[1], nn.Parameter(torch.zeros(parameter.shape)))

    def forward(self, query: Tensor, key: Tensor | None = None, value: Tensor | None = None) -> Tensor:
        """Return ``(batch, time of the query, features of the query)``."""
        key = query if key is None else key
        value = key if value is None else value
        q, k, v = (self._heads(*part) for part in (("query_", query), ("key_", key), ("value_", value)))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self._project("", mixed.transpose(1, 2).flatten(2))

    def _heads(self, role: str, x: Tensor) -> Tensor:
        return self._project(role, x).unflatten(2, (self.heads, -1)).transpose(1, 2)

    def _project(self, role: str, x: Tensor) -> Tensor:
        return F.linear(x, getattr(self, f"{role}weight"), self._parameters.get(f"{role}bias"))


class TakeStep(nn.Module):
    """One time step."""

    def __init__(self, step: int) -> None:
        super().__init__()
        self.step = step

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, features)``."""
        return x[:, self.step]


class Permute(nn.Module):
    """The axes of each sample in another order."""

    def __init__(self, axes: Shape) -> None:
        super().__init__()
        self.axes = (0, *(axis + 1 for axis in axes))

    def forward(self, x: Tensor) -> Tensor:
        """Return the input with its axes turned."""
        return x.permute(self.axes)


class Upsample(nn.Module):
    """Each value repeated along the spatial axes."""

    def __init__(self, factor: Shape) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Return the larger image; whole repeats, where scales in floats might be off by one."""
        for axis, times in enumerate(self.factor, 2):
            x = x.repeat_interleave(times, dim=axis)
        return x


class Multiply(nn.Module):
    """The product of its inputs."""

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the product, from left to right."""
        return math.prod(inputs[1:], start=inputs[0])


def embedding(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
    """Return the module of an embedding."""
    return Embedding(cast("int", layer.settings["vocabulary"]), cast("int", layer.settings["units"]))


def positional_encoding(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
    """Return the module of a positional encoding."""
    return PositionalEncoding(inputs[0], layer.settings["form"] == "learned")


def recurrent(kind: Any) -> Any:
    """Return the maker of PyTorch's ``nn.LSTM`` or ``nn.GRU``."""

    def make(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
        settings = layer.settings
        both, sequences = bool(settings["bidirectional"]), bool(settings["return_sequences"])
        return Recurrent(kind, inputs[0][1], cast("int", settings["units"]), both, sequences)

    return make
