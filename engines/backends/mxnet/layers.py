"""Each layer of the catalogue as a Gluon block, with the workbench's one meaning.

``F`` is ``mx.nd`` where a block runs imperatively and ``mx.sym`` where it is hybridized or exported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from mxnet.gluon import HybridBlock, nn

from engines.contract.spec import LayerSpec

Shape = tuple[int, ...]
Maker = Callable[[LayerSpec, "list[Shape]"], HybridBlock]
Sides = tuple[int, int]

# Gluon's own name for the module it hands over: nd or sym.
# ruff: noqa: N803


def _prefix(layer: LayerSpec) -> str:
    return f"{layer.name}/"


def same_padding(length: int, kernel: int, stride: int) -> Sides:
    """Return the padding before and after of TensorFlow's rule: ceil(length / stride) outputs."""
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def _sides(layer: LayerSpec, shape: Shape, kernel: Shape, stride: Shape) -> list[Sides]:
    if layer.settings["padding"] != "same":
        return [(0, 0)] * len(kernel)
    return [same_padding(n, k, s) for n, k, s in zip(shape[1:], kernel, stride)]


def _symmetric(sides: list[Sides]) -> bool:
    return all(before == after for before, after in sides)


def _window(layer: LayerSpec, key: str) -> tuple[Shape, Shape]:
    return cast("Shape", layer.settings[key]), cast("Shape", layer.settings["stride"])


def _number(layer: LayerSpec, key: str) -> float:
    return float(cast("float", layer.settings[key]))


class Padded(HybridBlock):
    """Padding that is larger at the end, then a block that pads no more."""

    def __init__(self, block: HybridBlock, sides: list[Sides], value: float, **options: Any) -> None:
        super().__init__(**options)
        self.inner = block
        self._rank = len(sides)
        # MXNet pads values of four axes or more: a signal is an image of one row.
        pairs = [(0, 0)] * (2 + max(0, 2 - self._rank)) + sides
        self._widths, self._value = tuple(side for pair in pairs for side in pair), value

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Pad, then go on."""
        x = F.expand_dims(x, axis=2) if self._rank == 1 else x
        x = F.pad(x, mode="constant", pad_width=self._widths, constant_value=self._value)
        return self.inner(F.squeeze(x, axis=2) if self._rank == 1 else x)

    @property
    def weight(self) -> Any:
        """The inner block's."""
        return self.inner.weight

    @property
    def bias(self) -> Any:
        """The inner block's."""
        return self.inner.bias


def _conv(kind: Any) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
        kernel, stride = _window(layer, "kernel")
        sides = _sides(layer, inputs[0], kernel, stride)
        even = _symmetric(sides)
        block = kind(
            layer.settings["filters"],
            kernel,
            stride,
            tuple(side for side, _ in sides) if even else (0,) * len(sides),
            groups=layer.settings["groups"],
            use_bias=layer.settings["bias"],
            in_channels=inputs[0][0],
            prefix=_prefix(layer),
        )
        return block if even else Padded(block, sides, 0.0, prefix=_prefix(layer))

    return make


def _max_pool(kind: Any) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
        size, stride = _window(layer, "size")
        sides = _sides(layer, inputs[0], size, stride)
        if _symmetric(sides):
            return kind(size, stride, tuple(side for side, _ in sides), prefix=_prefix(layer))
        pool = kind(size, stride, (0,) * len(sides), prefix=_prefix(layer))
        return Padded(pool, sides, float("-inf"), prefix=_prefix(layer))

    return make


class PaddedAveragePool(HybridBlock):
    """Average pooling whose padding, not part of the mean, is larger at the end."""

    def __init__(self, values: HybridBlock, shares: HybridBlock, **options: Any) -> None:
        super().__init__(**options)
        self.values, self.shares = values, shares

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Pad with zeros, pool, and undo the zeros' share of each mean."""
        return self.values(x) / self.shares(F.ones_like(x))


def _average_pool(kind: Any) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
        size, stride = _window(layer, "size")
        sides = _sides(layer, inputs[0], size, stride)
        if _symmetric(sides):
            pads = tuple(side for side, _ in sides)
            return kind(size, stride, pads, count_include_pad=False, prefix=_prefix(layer))

        def padded(prefix: str) -> HybridBlock:
            pool = kind(size, stride, (0,) * len(sides), prefix=prefix)
            return Padded(pool, sides, 0.0, prefix=prefix)

        values, shares = (padded(_prefix(layer) + part) for part in ("values/", "shares/"))
        return PaddedAveragePool(values, shares, prefix=_prefix(layer))

    return make


class GlobalPool(HybridBlock):
    """The mean or the maximum over all places of a channel."""

    def __init__(self, reduce: str, axes: Shape, keep: bool, **options: Any) -> None:
        super().__init__(**options)
        self._reduce, self._axes, self._keep = reduce, axes, keep

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return ``(batch, channels)``, or with spatial axes of one."""
        return getattr(F, self._reduce)(x, axis=self._axes, keepdims=self._keep)


def _global_pool(reduce: str) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
        axes = tuple(range(2, 1 + len(inputs[0])))
        return GlobalPool(reduce, axes, len(layer.output_shape) > 1, prefix=_prefix(layer))

    return make


class BatchNorm(nn.BatchNorm):
    """Gluon's batch normalization, whose running variance is the population's by MXNet's own kernels.

    cuDNN would feed the unbiased one.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._kwargs["cudnn_off"] = True


def _batch_norm(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    return BatchNorm(
        momentum=_number(layer, "momentum"),
        epsilon=_number(layer, "epsilon"),
        in_channels=inputs[0][0],
        prefix=_prefix(layer),
    )


class LayerNorm(HybridBlock):
    """Normalization over all values of a sample; MXNet's own takes one axis."""

    def __init__(self, shape: Shape, epsilon: float, **options: Any) -> None:
        super().__init__(**options)
        self._shape, self._epsilon = shape, epsilon
        self.weight = self.params.get("weight", shape=shape)
        self.bias = self.params.get("bias", shape=shape)

    def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any) -> Any:
        """Normalize each sample as one row."""
        if len(self._shape) == 1:
            return F.LayerNorm(x, weight, bias, axis=-1, eps=self._epsilon)
        rows = (F.reshape(value, shape=(-1,)) for value in (weight, bias))
        y = F.LayerNorm(F.flatten(x), *rows, axis=-1, eps=self._epsilon)
        return F.reshape(y, shape=(-1, *self._shape))


def _layer_norm(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    return LayerNorm(layer.parameters[0].shape, _number(layer, "epsilon"), prefix=_prefix(layer))


def _dense(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    return nn.Dense(
        layer.settings["units"],
        use_bias=layer.settings["bias"],
        flatten=len(inputs[0]) == 1,
        in_units=inputs[0][-1],
        prefix=_prefix(layer),
    )


class Function(HybridBlock):
    """A layer without parameters: ``compute`` of the module and the inputs."""

    def __init__(self, compute: Callable[..., Any], **options: Any) -> None:
        super().__init__(**options)
        self._compute = compute

    def hybrid_forward(self, F: Any, *inputs: Any) -> Any:
        """Return what the function makes of the inputs."""
        return self._compute(F, *inputs)


def _function(compute: Callable[..., Any]) -> Maker:
    return lambda layer, inputs: Function(compute, prefix=_prefix(layer))


def _leaky_relu(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    return nn.LeakyReLU(_number(layer, "slope"), prefix=_prefix(layer))


def _elu(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    return nn.ELU(_number(layer, "alpha"), prefix=_prefix(layer))


def _dropout(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    return nn.Dropout(_number(layer, "rate"), prefix=_prefix(layer))


def _axis(layer: LayerSpec) -> int:
    """Return an axis counted with the batch."""
    axis = cast("int", layer.settings["axis"])
    return axis if axis < 0 else axis + 1


def _softmax(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    axis = _axis(layer)
    return Function(lambda F, x: F.softmax(x, axis=axis), prefix=_prefix(layer))


def _reshape(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    shape = (-1, *layer.output_shape)
    return Function(lambda F, x: F.reshape(x, shape=shape), prefix=_prefix(layer))


def _concatenate(layer: LayerSpec, inputs: list[Shape]) -> HybridBlock:
    axis = _axis(layer)
    return Function(lambda F, *values: F.concat(*values, dim=axis), prefix=_prefix(layer))


def _sum(F: Any, first: Any, *others: Any) -> Any:
    for other in others:
        first = first + other
    return first


LAYERS: dict[str, Maker] = {
    "dense": _dense,
    "conv1d": _conv(nn.Conv1D),
    "conv2d": _conv(nn.Conv2D),
    "max_pool1d": _max_pool(nn.MaxPool1D),
    "max_pool2d": _max_pool(nn.MaxPool2D),
    "average_pool1d": _average_pool(nn.AvgPool1D),
    "average_pool2d": _average_pool(nn.AvgPool2D),
    "global_average_pool": _global_pool("mean"),
    "global_max_pool": _global_pool("max"),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "dropout": _dropout,
    "relu": _function(lambda F, x: F.relu(x)),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _function(lambda F, x: F.LeakyReLU(x, act_type="gelu")),
    "silu": _function(lambda F, x: x * F.sigmoid(x)),
    "sigmoid": _function(lambda F, x: F.sigmoid(x)),
    "tanh": _function(lambda F, x: F.tanh(x)),
    "softplus": _function(lambda F, x: F.Activation(x, act_type="softrelu")),
    "softmax": _softmax,
    "flatten": _function(lambda F, x: F.flatten(x)),
    "reshape": _reshape,
    "add": _function(_sum),
    "concatenate": _concatenate,
}
"""The catalogue's layers by key; ``input`` has no block."""
