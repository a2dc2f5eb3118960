"""Each layer of the catalogue as a PyTorch module, with the workbench's one meaning."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from engines.backends.padding import Sides, is_symmetric, same_padding
from engines.backends.torch import sequences
from engines.contract.spec import LayerSpec

Shape = tuple[int, ...]
Maker = Callable[[LayerSpec, "list[Shape]"], nn.Module]


def _sides(layer: LayerSpec, shape: Shape, kernel: Shape, stride: Shape) -> list[Sides]:
    if layer.settings["padding"] != "same":
        return [(0, 0)] * len(kernel)
    return [same_padding(n, k, s) for n, k, s in zip(shape[1:], kernel, stride)]


def _pads(sides: list[Sides]) -> list[int]:
    """Return ``sides`` as ``F.pad`` wants them: last axis first."""
    return [side for pair in reversed(sides) for side in pair]


def _window(layer: LayerSpec, key: str) -> tuple[Shape, Shape]:
    return cast("Shape", layer.settings[key]), cast("Shape", layer.settings["stride"])


class PaddedConv1d(nn.Conv1d):
    """A convolution whose padding is larger at the end."""

    pads: list[int]

    def forward(self, x: Tensor) -> Tensor:
        """Pad with zeros, then convolve."""
        return super().forward(F.pad(x, self.pads))


class PaddedConv2d(nn.Conv2d):
    """A convolution whose padding is larger at the end."""

    pads: list[int]

    def forward(self, x: Tensor) -> Tensor:
        """Pad with zeros, then convolve."""
        return super().forward(F.pad(x, self.pads))


def _conv(plain: Any, padded: Any) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
        kernel, stride = _window(layer, "kernel")
        sides = _sides(layer, inputs[0], kernel, stride)
        options = {
            "stride": stride,
            "groups": layer.settings["groups"],
            "bias": layer.settings["bias"],
        }
        channels, filters = inputs[0][0], layer.settings["filters"]
        if is_symmetric(sides):
            module = plain(channels, filters, kernel, padding=tuple(side for side, _ in sides), **options)
        else:
            module = padded(channels, filters, kernel, **options)
            module.pads = _pads(sides)
        return cast("nn.Module", module)

    return make


class PaddedMaxPool(nn.Module):
    """Max pooling whose padding, never the maximum, is larger at the end."""

    def __init__(self, pool: nn.Module, pads: list[int]) -> None:
        super().__init__()
        self.pool, self.pads = pool, pads

    def forward(self, x: Tensor) -> Tensor:
        """Pad with the lowest value, then pool."""
        return cast("Tensor", self.pool(F.pad(x, self.pads, value=float("-inf"))))


class PaddedAveragePool(nn.Module):
    """Average pooling whose padding, not part of the mean, is larger at the end."""

    def __init__(self, pool: nn.Module, pads: list[int], shape: Shape) -> None:
        super().__init__()
        self.pool, self.pads = pool, pads
        share = pool(F.pad(torch.ones(1, 1, *shape, dtype=torch.float64), pads))
        self.register_buffer("scale", 1.0 / share, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Pad with zeros, pool, and undo the zeros' share of each mean."""
        return cast("Tensor", self.pool(F.pad(x, self.pads)) * self.scale)


def _max_pool(plain: Any) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
        size, stride = _window(layer, "size")
        sides = _sides(layer, inputs[0], size, stride)
        if is_symmetric(sides):
            return cast("nn.Module", plain(size, stride, padding=tuple(side for side, _ in sides)))
        return PaddedMaxPool(plain(size, stride), _pads(sides))

    return make


def _average_pool(plain: Any) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
        size, stride = _window(layer, "size")
        sides = _sides(layer, inputs[0], size, stride)
        if is_symmetric(sides):
            padding = tuple(side for side, _ in sides)
            return cast("nn.Module", plain(size, stride, padding=padding, count_include_pad=False))
        return PaddedAveragePool(plain(size, stride), _pads(sides), inputs[0][1:])

    return make


class GlobalPool(nn.Module):
    """The mean or the maximum over all spatial axes."""

    def __init__(self, reduce: Callable[..., Tensor], axes: Shape, keep: bool) -> None:
        super().__init__()
        self.reduce, self.axes, self.keep = reduce, axes, keep

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, channels)``, or with spatial axes of one."""
        return self.reduce(x, dim=self.axes, keepdim=self.keep)


def _global_pool(reduce: Callable[..., Tensor]) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
        axes = tuple(range(2, 1 + len(inputs[0])))
        return GlobalPool(reduce, axes, len(layer.output_shape) > 1)

    return make


class PopulationBatchNorm(nn.Module):
    """Batch normalization whose running variance is that of the population, as in ONNX.

    PyTorch's own feeds the unbiased variance; here its update is scaled by ``(n - 1) / n``.
    Source: https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
    """

    def __init__(self, channels: int, keep: float, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))
        self.running_mean: Tensor
        self.running_var: Tensor
        self.keep, self.epsilon = keep, epsilon

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each channel by the batch's statistics in training, by the running ones otherwise."""
        if not self.training:
            return self._normalize(x, self.running_var)
        count = x.numel() // x.shape[1]
        # A copy, since the backward pass refuses a variance that changed after it was used.
        unbiased = self.running_var.clone()
        output = self._normalize(x, unbiased)
        with torch.no_grad():
            if count > 1:
                self.running_var.mul_(self.keep / count).add_(unbiased, alpha=1.0 - 1.0 / count)
            else:  # one value has no variance; PyTorch's unbiased one is no number
                self.running_var.mul_(self.keep)
        return output

    def _normalize(self, x: Tensor, variance: Tensor) -> Tensor:
        # F.batch_norm is the same but for refusing a batch of one value.
        return torch.batch_norm(
            x,
            self.weight,
            self.bias,
            self.running_mean,
            variance,
            self.training,
            1.0 - self.keep,
            self.epsilon,
            torch.backends.cudnn.enabled,
        )


def _batch_norm(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
    momentum, epsilon = _number(layer, "momentum"), _number(layer, "epsilon")
    return PopulationBatchNorm(inputs[0][0], momentum, epsilon)


def _number(layer: LayerSpec, key: str) -> float:
    return float(cast("float", layer.settings[key]))


def _layer_norm(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
    return nn.LayerNorm(list(layer.parameters[0].shape), eps=_number(layer, "epsilon"))


def _dense(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
    return nn.Linear(inputs[0][-1], cast("int", layer.settings["units"]), bool(layer.settings["bias"]))


def _softmax(layer: LayerSpec, inputs: list[Shape]) -> nn.Module:
    return nn.Softmax(dim=_axis(layer))


def _axis(layer: LayerSpec) -> int:
    axis = cast("int", layer.settings["axis"])
    return axis if axis < 0 else axis + 1


class Reshape(nn.Module):
    """Another shape for each sample."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        """Return ``(batch, *shape)``."""
        return x.reshape(x.shape[0], *self.shape)


class Add(nn.Module):
    """The sum of its inputs."""

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        """Return the sum, from left to right."""
        for other in others:
            first = first + other
        return first


class Concatenate(nn.Module):
    """Its inputs one after the other along an axis."""

    def __init__(self, axis: int) -> None:
        super().__init__()
        self.axis = axis

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the joined tensor."""
        return torch.cat(inputs, dim=self.axis)


def _plain(make: Callable[[], nn.Module]) -> Maker:
    return lambda layer, inputs: make()


LAYERS: dict[str, Maker] = {
    "dense": _dense,
    "embedding": sequences.embedding,
    "positional_encoding": sequences.positional_encoding,
    "lstm": sequences.recurrent(nn.LSTM),
    "gru": sequences.recurrent(nn.GRU),
    "multi_head_attention": lambda layer, inputs: sequences.MultiHeadAttention(layer),
    "take_step": lambda layer, inputs: sequences.TakeStep(cast("int", layer.settings["step"])),
    "conv1d": _conv(nn.Conv1d, PaddedConv1d),
    "conv2d": _conv(nn.Conv2d, PaddedConv2d),
    "max_pool1d": _max_pool(nn.MaxPool1d),
    "max_pool2d": _max_pool(nn.MaxPool2d),
    "average_pool1d": _average_pool(nn.AvgPool1d),
    "average_pool2d": _average_pool(nn.AvgPool2d),
    "global_average_pool": _global_pool(torch.mean),
    "global_max_pool": _global_pool(torch.amax),
    "time_average_pool": lambda layer, inputs: GlobalPool(torch.mean, (1,), keep=False),
    "time_max_pool": lambda layer, inputs: GlobalPool(torch.amax, (1,), keep=False),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": lambda layer, inputs: nn.RMSNorm(inputs[0][-1], eps=_number(layer, "epsilon")),
    "group_norm": lambda layer, inputs: nn.GroupNorm(
        cast("int", layer.settings["groups"]), inputs[0][0], eps=_number(layer, "epsilon")
    ),
    "dropout": lambda layer, inputs: nn.Dropout(_number(layer, "rate")),
    "relu": _plain(nn.ReLU),
    "leaky_relu": lambda layer, inputs: nn.LeakyReLU(_number(layer, "slope")),
    "elu": lambda layer, inputs: nn.ELU(_number(layer, "alpha")),
    "prelu": lambda layer, inputs: nn.PReLU(inputs[0][0]),
    "gelu": _plain(nn.GELU),
    "silu": _plain(nn.SiLU),
    "sigmoid": _plain(nn.Sigmoid),
    "tanh": _plain(nn.Tanh),
    "softplus": _plain(nn.Softplus),
    "softmax": _softmax,
    "flatten": _plain(nn.Flatten),
    "reshape": lambda layer, inputs: Reshape(layer.output_shape),
    "permute": lambda layer, inputs: sequences.Permute(cast("Shape", layer.settings["axes"])),
    "upsample2d": lambda layer, inputs: sequences.Upsample(cast("Shape", layer.settings["factor"])),
    "add": _plain(Add),
    "multiply": _plain(sequences.Multiply),
    "concatenate": lambda layer, inputs: Concatenate(_axis(layer)),
}
"""The catalogue's layers by key; ``input`` has no module."""
