"""Each layer of the catalogue as a Flax NNX module, with the workbench's one meaning.

An image ``(channels, height, width)`` of the design lies here with its channels last; every other value
lies as in the design.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import add, mul
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
from flax import nnx

from engines.backends.jax import sequences
from engines.backends.jax.sequences import Shape, Types, new_parameter
from engines.contract.spec import LayerSpec

Maker = Callable[[LayerSpec, "list[Shape]", Types], nnx.Module]
"""From a layer, its inputs' shapes in the design and the types to a module of values with their batch."""


class Order(NamedTuple):
    """Where the axes of a sample lie, the batch first."""

    to_own: Shape
    to_design: Shape


_IMAGE = Order((0, 2, 3, 1), (0, 3, 1, 2))


def order_of(rank: int) -> Order:
    """Return the order of a sample of so many axes."""
    return _IMAGE if rank == 3 else Order(tuple(range(rank + 1)), tuple(range(rank + 1)))


def place_of(axis: int, rank: int) -> int:
    """Return where the design's per-sample axis lies in a value with its batch."""
    return order_of(rank).to_design[axis % rank + 1]


def to_design(value: Any, shape: Shape) -> Any:
    """Return a value in the design's layout; ``shape`` is the design's."""
    return jnp.transpose(value, _IMAGE.to_design) if len(shape) == 3 else value


def from_design(value: Any, shape: Shape) -> Any:
    """Return a value of the design's layout as it lies here; ``shape`` is the design's."""
    return jnp.transpose(value, _IMAGE.to_own) if len(shape) == 3 else value


class Function(nnx.Module):
    """A layer without parameters."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __call__(self, *values: Any) -> Any:
        """Return the function of the values."""
        return self.function(*values)


class ChannelsLast(nnx.Module):
    """Lets a layer that wants channels last take values that have them first."""

    def __init__(self, layer: nnx.Module) -> None:
        self.layer = layer

    def __call__(self, value: Any) -> Any:
        """Move the channels to the end and back."""
        return jnp.moveaxis(self.layer(jnp.moveaxis(value, 1, -1)), -1, 1)


def _on_channels_last(layer: nnx.Module, shape: Shape) -> nnx.Module:
    return layer if len(shape) in (1, 3) else ChannelsLast(layer)


def _activation(name: str, **options: Any) -> Maker:
    # Looked up when it is called, since the exporter knows Flax' functions by their own names.
    return lambda layer, inputs, types: Function(lambda value: getattr(nnx, name)(value, **options))


def _types(types: Types) -> dict[str, Any]:
    return {"dtype": types.values, "param_dtype": types.weights, "rngs": nnx.Rngs(0)}


def _number(layer: LayerSpec, key: str) -> float:
    return float(cast("float", layer.settings[key]))


def _sizes(layer: LayerSpec, key: str) -> Shape:
    return cast("Shape", layer.settings[key])


def _dense(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    units, bias = cast("int", layer.settings["units"]), bool(layer.settings["bias"])
    return nnx.Linear(inputs[0][-1], units, use_bias=bias, **_types(types))


def _convolution(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    made = nnx.Conv(
        inputs[0][0],
        cast("int", layer.settings["filters"]),
        _sizes(layer, "kernel"),
        strides=_sizes(layer, "stride"),
        padding=str(layer.settings["padding"]).upper(),
        feature_group_count=cast("int", layer.settings["groups"]),
        use_bias=bool(layer.settings["bias"]),
        **_types(types),
    )
    return _on_channels_last(made, inputs[0])


def _pool(name: str, **options: bool) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
        size, stride = _sizes(layer, "size"), _sizes(layer, "stride")
        padding = str(layer.settings["padding"]).upper()

        def over_windows(value: Any) -> Any:
            return getattr(nnx, name)(value, window_shape=size, strides=stride, padding=padding, **options)

        return _on_channels_last(Function(over_windows), inputs[0])

    return make


def _global_pool(reduce: Callable[..., Any]) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
        rank = len(inputs[0])
        axes = tuple(place_of(axis, rank) for axis in range(1, rank))
        return Function(lambda value: reduce(value, axis=axes))

    return make


def _batch_norm(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    made = nnx.BatchNorm(
        inputs[0][0],
        momentum=_number(layer, "momentum"),
        epsilon=_number(layer, "epsilon"),
        use_fast_variance=False,
        **_types(types),
    )
    return _on_channels_last(made, inputs[0])


class SampleNorm(nnx.Module):
    """Layer normalization over all values of a sample, with scale and shift of the sample's own shape."""

    def __init__(self, shape: Shape, epsilon: float, types: Types) -> None:
        self.weight, self.bias = new_parameter(shape, types), new_parameter(shape, types)
        self.epsilon, self.axes = epsilon, tuple(range(1, len(shape) + 1))
        self.order = tuple(axis - 1 for axis in order_of(len(shape)).to_own[1:])

    def __call__(self, value: Any) -> Any:
        """Normalize each sample; statistics in float32 at least."""
        x = value.astype(jnp.promote_types(value.dtype, jnp.float32))
        x = x - jnp.mean(x, axis=self.axes, keepdims=True)
        x = x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axis=self.axes, keepdims=True) + self.epsilon)
        found = x * self.weight[...].transpose(self.order) + self.bias[...].transpose(self.order)
        return found.astype(value.dtype)


def _layer_norm(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    shape, epsilon = layer.parameters[0].shape, _number(layer, "epsilon")
    if len(shape) > 1:
        return SampleNorm(shape, epsilon, types)
    return nnx.LayerNorm(shape[0], epsilon=epsilon, use_fast_variance=False, **_types(types))


def _rms_norm(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    epsilon = _number(layer, "epsilon")
    return nnx.RMSNorm(inputs[0][-1], epsilon=epsilon, use_fast_variance=False, **_types(types))


def _group_norm(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    made = nnx.GroupNorm(
        inputs[0][0],
        num_groups=cast("int", layer.settings["groups"]),
        epsilon=_number(layer, "epsilon"),
        use_fast_variance=False,
        **_types(types),
    )
    return _on_channels_last(made, inputs[0])


class ChannelPRelu(nnx.Module):
    """PReLU with a slope a channel; Flax' own has one for all."""

    def __init__(self, shape: Shape, types: Types) -> None:
        self.weight = new_parameter((shape[0],), types)
        place = place_of(0, len(shape))
        self.shape = tuple(-1 if axis == place else 1 for axis in range(len(shape) + 1))

    def __call__(self, value: Any) -> Any:
        """Return x, or slope · x below zero."""
        return jnp.where(value >= 0, value, self.weight[...].astype(value.dtype).reshape(self.shape) * value)


def _leaky_relu(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    slope = _number(layer, "slope")
    return Function(lambda value: nnx.leaky_relu(value, negative_slope=slope))


def _elu(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    alpha = _number(layer, "alpha")
    return Function(lambda value: nnx.elu(value, alpha=alpha))


def _softmax(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    axis = place_of(cast("int", layer.settings["axis"]), len(inputs[0]))
    return Function(lambda value: nnx.softmax(value, axis=axis))


def _reshape(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    old, new = inputs[0], layer.output_shape

    def reshape(value: Any) -> Any:
        return from_design(jnp.reshape(to_design(value, old), (-1, *new)), new)

    return Function(reshape)


def _permute(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    old, new = inputs[0], layer.output_shape
    axes = (0, *(axis + 1 for axis in _sizes(layer, "axes")))
    return Function(lambda value: from_design(jnp.transpose(to_design(value, old), axes), new))


def _upsample(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    down, across = _sizes(layer, "factor")
    # jax.image.resize cannot be exported with a free batch length.
    return Function(lambda value: jnp.repeat(jnp.repeat(value, down, axis=1), across, axis=2))


def _concatenate(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    axis = place_of(cast("int", layer.settings["axis"]), len(inputs[0]))
    return Function(lambda *values: jnp.concatenate(values, axis=axis))


LAYERS: dict[str, Maker] = {
    "dense": _dense,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "max_pool1d": _pool("max_pool"),
    "max_pool2d": _pool("max_pool"),
    "average_pool1d": _pool("avg_pool", count_include_pad=False),
    "average_pool2d": _pool("avg_pool", count_include_pad=False),
    "global_average_pool": _global_pool(jnp.mean),
    "global_max_pool": _global_pool(jnp.max),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "dropout": lambda layer, inputs, types: nnx.Dropout(_number(layer, "rate")),
    "relu": _activation("relu"),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "prelu": lambda layer, inputs, types: ChannelPRelu(inputs[0], types),
    "gelu": _activation("gelu", approximate=False),
    "silu": _activation("silu"),
    "sigmoid": _activation("sigmoid"),
    "tanh": _activation("tanh"),
    "softplus": _activation("softplus"),
    "softmax": _softmax,
    "flatten": _reshape,
    "reshape": _reshape,
    "permute": _permute,
    "upsample2d": _upsample,
    "add": lambda layer, inputs, types: Function(lambda *values: reduce(add, values)),
    "multiply": lambda layer, inputs, types: Function(lambda *values: reduce(mul, values)),
    "concatenate": _concatenate,
    **sequences.LAYERS,
}
"""The catalogue's layers by key; ``input`` has no module."""
