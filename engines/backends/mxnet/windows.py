"""Convolutions and pools: what looks through a window at signals and images."""

from __future__ import annotations

from math import prod
from typing import Any, cast

from mxnet.gluon import HybridBlock, nn

from engines.backends.mxnet.blocks import Maker, Shape, prefix_of
from engines.backends.padding import Sides, is_symmetric, same_padding
from engines.contract.spec import LayerSpec


def _windows(layer: LayerSpec, shape: Shape, key: str) -> tuple[Shape, Shape, list[Sides]]:
    """Return size, stride and padding of a layer's windows."""
    size, stride = cast("Shape", layer.settings[key]), cast("Shape", layer.settings["stride"])
    if layer.settings["padding"] != "same":
        return size, stride, [(0, 0)] * len(size)
    return size, stride, [same_padding(n, k, s) for n, k, s in zip(shape[1:], size, stride)]


def _pads(sides: list[Sides]) -> Shape:
    """Return the padding that MXNet's own operator is to add: what is larger at the end it cannot."""
    return tuple(before for before, _ in sides) if is_symmetric(sides) else (0,) * len(sides)


def _exportable(block: HybridBlock) -> HybridBlock:
    """Leave the layout out: it is MXNet's own, and its exporter refuses the one of signals by name alone."""
    del block._kwargs["layout"]
    return block


class Padded(HybridBlock):
    """Padding that is larger at the end, then a block that pads no more."""

    def __init__(self, block: HybridBlock, sides: list[Sides], value: float, **options: Any) -> None:
        super().__init__(**options)
        self.inner = block
        self._signal = len(sides) == 1
        # MXNet pads values of four axes or more: a signal is an image of one row.
        pairs = [(0, 0)] * (4 - len(sides)) + sides
        self._widths, self._value = tuple(side for pair in pairs for side in pair), value

    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon's name
        """Pad, then go on."""
        x = F.expand_dims(x, axis=2) if self._signal else x
        x = F.pad(x, mode="constant", pad_width=self._widths, constant_value=self._value)
        return self.inner(F.squeeze(x, axis=2) if self._signal else x)

    @property
    def weight(self) -> Any:
        """The inner block's."""
        return self.inner.weight

    @property
    def bias(self) -> Any:
        """The inner block's."""
        return self.inner.bias


def convolution(kind: Any) -> Maker:
    """Return what makes a convolution of Gluon's ``kind``."""

    def make(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
        kernel, stride, sides = _windows(layer, inputs[0], "kernel")
        options = {
            "groups": layer.settings["groups"],
            "use_bias": layer.settings["bias"],
            "in_channels": inputs[0][0],
            "prefix": prefix_of(layer),
        }
        block = _exportable(kind(layer.settings["filters"], kernel, stride, _pads(sides), **options))
        return block if is_symmetric(sides) else Padded(block, sides, 0.0, prefix=prefix_of(layer))

    return make


def max_pool(kind: Any) -> Maker:
    """Return what makes a pool of Gluon's ``kind``, whose padding never is the maximum."""

    def make(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
        size, stride, sides = _windows(layer, inputs[0], "size")
        pool = _exportable(kind(size, stride, _pads(sides), prefix=prefix_of(layer)))
        if is_symmetric(sides):
            return pool
        return Padded(pool, sides, float("-inf"), prefix=prefix_of(layer))

    return make


class PaddedAveragePool(HybridBlock):
    """Average pooling whose padding, not part of the mean, is larger at the end."""

    def __init__(self, values: HybridBlock, shares: HybridBlock, **options: Any) -> None:
        super().__init__(**options)
        self.values, self.shares = values, shares

    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon's name
        """Pad with zeros, pool, and undo the zeros' share of each mean."""
        return self.values(x) / self.shares(F.ones_like(x))


def average_pool(kind: Any) -> Maker:
    """Return what makes a pool of Gluon's ``kind``, whose padding does not count in the mean."""

    def make(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
        size, stride, sides = _windows(layer, inputs[0], "size")

        def pool(prefix: str) -> HybridBlock:
            return _exportable(kind(size, stride, _pads(sides), count_include_pad=False, prefix=prefix))

        if is_symmetric(sides):
            return pool(prefix_of(layer))
        both = (prefix_of(layer) + part for part in ("values/", "shares/"))
        return PaddedAveragePool(
            *(Padded(pool(prefix), sides, 0.0, prefix=prefix) for prefix in both), prefix=prefix_of(layer)
        )

    return make


class GlobalPool(HybridBlock):
    """The mean or the maximum over some axes."""

    def __init__(self, reduce: str, axes: Shape, layer: LayerSpec) -> None:
        super().__init__(prefix=prefix_of(layer))
        self._reduce, self._axes, self._size = reduce, axes, layer.output_shape[0]

    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon's name
        """Return ``(batch, channels)`` or ``(batch, features)``."""
        # By way of axes of one: MXNet's exporter writes thirteen operations to leave them out itself.
        pooled = getattr(F, self._reduce)(x, axis=self._axes, keepdims=True)
        return F.reshape(pooled, shape=(-1, self._size))


class GlobalAverage(GlobalPool):
    """The mean over all places of a channel. ``quick``: as a product, which exports as one, not as a mean.

    MXNet's mean of 32 × 128 images of 32 × 32 takes 24 ms of one core, this product 3.
    """

    def __init__(self, axes: Shape, layer: LayerSpec, places: int, dtype: str) -> None:
        super().__init__("mean", axes, layer)
        self._places, self._dtype = places, dtype
        self.quick = False

    def hybrid_forward(self, F: Any, x: Any) -> Any:  # noqa: N803 - Gluon's name
        """Return ``(batch, channels)``."""
        if not self.quick:
            return super().hybrid_forward(F, x)
        shares = F.full((self._places,), 1.0 / self._places, dtype=self._dtype)
        means = F.dot(F.reshape(x, shape=(-1, self._places)), shares)
        return F.reshape(means, shape=(-1, self._size))


def global_average(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    """Return the mean over all places of a channel."""
    places = inputs[0][1:]
    return GlobalAverage(tuple(range(2, 2 + len(places))), layer, prod(places), dtype)


def global_maximum(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    """Return the maximum over all places of a channel."""
    return GlobalPool("max", tuple(range(2, 1 + len(inputs[0]))), layer)


def time_pool(reduce: str) -> Maker:
    """Return what makes a pool over time."""
    return lambda layer, inputs, dtype: GlobalPool(reduce, (1,), layer)


CONVOLUTIONS: dict[str, Maker] = {"conv1d": convolution(nn.Conv1D), "conv2d": convolution(nn.Conv2D)}
POOLS: dict[str, Maker] = {
    "max_pool1d": max_pool(nn.MaxPool1D),
    "max_pool2d": max_pool(nn.MaxPool2D),
    "average_pool1d": average_pool(nn.AvgPool1D),
    "average_pool2d": average_pool(nn.AvgPool2D),
    "global_average_pool": global_average,
    "global_max_pool": global_maximum,
    "time_average_pool": time_pool("mean"),
    "time_max_pool": time_pool("max"),
}
