"""Shape rules of the layers: shapes per sample, channels first, without the batch."""

from __future__ import annotations

import math
from typing import cast

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.kinds import Settings, Shape

SPATIAL = {1: "(channels, length)", 2: "(channels, height, width)"}
SEQUENCE = "(time, features)"
_VALUES = "(values)"


def text(shape: Shape) -> str:
    """Write a shape as people read it: ``16 × 8 × 8``."""
    return " × ".join(str(size) for size in shape) or "scalar"


def whole(settings: Settings, key: str) -> int:
    """Return a setting of type int."""
    return cast("int", settings[key])


def sizes(settings: Settings, key: str) -> tuple[int, ...]:
    """Return a setting of type sizes."""
    return cast("tuple[int, ...]", settings[key])


def given(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Return the shape that an input layer states."""
    return sizes(settings, "shape")


def unchanged(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Return the input's shape: activations, norms and dropout keep it."""
    return inputs[0]


def dense(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(n)`` → ``(units)``, ``(time, n)`` → ``(time, units)``."""
    return (*_features(inputs[0])[:-1], whole(settings, "units"))


def convolution(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(channels, *spatial)`` → ``(filters, *windows)``."""
    filters, groups = whole(settings, "filters"), whole(settings, "groups")
    _demand_spatial(inputs[0], sizes(settings, "kernel"))
    channels = inputs[0][0]
    if channels % groups or filters % groups:
        raise WorkbenchError(ErrorCode.DESIGN_GROUPS, groups=groups, channels=channels, filters=filters)
    return (filters, *_windows(settings, "kernel", inputs[0]))


def pool(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(channels, *spatial)`` → ``(channels, *windows)``."""
    _demand_spatial(inputs[0], sizes(settings, "size"))
    return (inputs[0][0], *_windows(settings, "size", inputs[0]))


def global_pool(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(channels, *spatial)`` → ``(channels)``."""
    if len(inputs[0]) not in (2, 3):
        raise _rank(inputs[0], " | ".join(SPATIAL.values()))
    return inputs[0][:1]


def batch_norm(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Keep the shape: ``(values)`` or ``(channels, *spatial)``."""
    if len(inputs[0]) not in (1, 2, 3):
        raise _rank(inputs[0], " | ".join((_VALUES, *SPATIAL.values())))
    return inputs[0]


channels = batch_norm
"""The shape rule of what has a parameter for each channel."""


def group_norm(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Keep the shape; groups divide the channels."""
    _demand_shares(settings, "groups", channels(settings, inputs)[0])
    return inputs[0]


def layer_norm(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Keep the shape: any, or ``(time, features)`` where features alone are normalized."""
    return _features(inputs[0]) if settings["over"] == "features" else inputs[0]


def rms_norm(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Keep the shape: ``(values)`` or ``(time, features)``."""
    return _features(inputs[0])


def features(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Keep the shape ``(time, features)``."""
    return _sequence(inputs[0])


def embedding(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(time)`` → ``(time, units)``."""
    _demand_rank(inputs[0], 1, "(time)")
    return (*inputs[0], whole(settings, "units"))


def recurrent(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(time, features)`` → ``(units)`` or ``(time, units)``, twice the units in both directions."""
    time, _ = _sequence(inputs[0])
    units = whole(settings, "units") * (2 if settings["bidirectional"] else 1)
    return (time, units) if settings["return_sequences"] else (units,)


def attention(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Keep the query's shape; heads divide its features, and each key has its value."""
    query, key, value = attended(inputs)
    if _sequence(key)[0] != _sequence(value)[0]:
        raise _differ(key, value)
    _demand_shares(settings, "heads", _sequence(query)[1])
    return query


def attended(inputs: tuple[Shape, ...]) -> tuple[Shape, Shape, Shape]:
    """Return the shapes of query, key and value: what is not connected is the last that is."""
    query, key, value = (*inputs, inputs[-1], inputs[-1])[:3]
    return query, key, value


def take_step(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(time, features)`` → ``(features)``; the time step has to be there."""
    time, values = _sequence(inputs[0])
    step = whole(settings, "step")
    if not -time <= step < time:
        raise WorkbenchError(ErrorCode.DESIGN_STEP, step=step, time=time)
    return (values,)


def without_time(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(time, features)`` → ``(features)``."""
    return _sequence(inputs[0])[1:]


def permute(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Any shape → its axes in another order; each of them once."""
    axes = sizes(settings, "axes")
    if sorted(axes) != list(range(len(inputs[0]))):
        raise WorkbenchError(ErrorCode.DESIGN_PERMUTATION, axes=str(axes), have=text(inputs[0]))
    return tuple(inputs[0][axis] for axis in axes)


def upsample(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """``(channels, *spatial)`` → each spatial axis longer by its factor."""
    factor = sizes(settings, "factor")
    _demand_spatial(inputs[0], factor)
    return (inputs[0][0], *(size * times for size, times in zip(inputs[0][1:], factor, strict=True)))


def softmax(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Keep the shape; the axis has to be there."""
    axis = whole(settings, "axis")
    if not -len(inputs[0]) <= axis < len(inputs[0]):
        raise WorkbenchError(ErrorCode.DESIGN_AXIS, axis=axis, have=text(inputs[0]))
    return inputs[0]


def flatten(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Any shape → ``(values)``, in row-major order, channels first."""
    return (math.prod(inputs[0]),)


def reshape(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Any shape → one with as many values, in row-major order."""
    wanted = sizes(settings, "shape")
    if math.prod(wanted) != math.prod(inputs[0]):
        raise WorkbenchError(ErrorCode.DESIGN_RESHAPE, have=text(inputs[0]), wanted=text(wanted))
    return wanted


def add(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Equal shapes → the same; nothing is broadcast."""
    for other in inputs[1:]:
        if other != inputs[0]:
            raise _differ(inputs[0], other)
    return inputs[0]


def concatenate(settings: Settings, inputs: tuple[Shape, ...]) -> Shape:
    """Shapes that are equal but for ``axis`` → their sum there."""
    axis, first = whole(settings, "axis"), inputs[0]
    if axis >= len(first):
        raise WorkbenchError(ErrorCode.DESIGN_AXIS, axis=axis, have=text(first))
    for other in inputs[1:]:
        if len(other) != len(first) or _without(other, axis) != _without(first, axis):
            raise _differ(first, other)
    return (*first[:axis], sum(shape[axis] for shape in inputs), *first[axis + 1 :])


def _without(shape: Shape, axis: int) -> Shape:
    return shape[:axis] + shape[axis + 1 :]


def _differ(first: Shape, second: Shape) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DESIGN_SHAPES_DIFFER, first=text(first), second=text(second))


def _windows(settings: Settings, key: str, shape: Shape) -> Shape:
    """Count the places of a window on each axis: ``same`` is TensorFlow's rule, ceil(in / stride)."""
    window, stride, spatial = sizes(settings, key), sizes(settings, "stride"), shape[1:]
    if settings["padding"] == "same":
        return tuple(-(-size // step) for size, step in zip(spatial, stride, strict=True))
    if any(width > size for width, size in zip(window, spatial, strict=True)):
        raise WorkbenchError(ErrorCode.DESIGN_KERNEL_TOO_BIG, kernel=text(window), have=text(shape))
    places = zip(spatial, window, stride, strict=True)
    return tuple((size - width) // step + 1 for size, width, step in places)


def _sequence(shape: Shape) -> Shape:
    _demand_rank(shape, 2, SEQUENCE)
    return shape


def _features(shape: Shape) -> Shape:
    if len(shape) not in (1, 2):
        raise _rank(shape, f"{_VALUES} | {SEQUENCE}")
    return shape


def _demand_shares(settings: Settings, key: str, values: int) -> None:
    if values % whole(settings, key):
        parts = whole(settings, key)
        raise WorkbenchError(ErrorCode.DESIGN_SHARES, setting=key, parts=parts, values=values)


def _demand_spatial(shape: Shape, window: Shape) -> None:
    _demand_rank(shape, len(window) + 1, SPATIAL[len(window)])


def _demand_rank(shape: Shape, rank: int, wanted: str) -> None:
    if len(shape) != rank:
        raise _rank(shape, wanted)


def _rank(shape: Shape, wanted: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DESIGN_RANK, have=text(shape), wanted=wanted)
