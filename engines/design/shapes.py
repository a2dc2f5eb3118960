"""Shape rules of the layers: shapes per sample, channels first, without the batch."""

from __future__ import annotations

import math
from typing import cast

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.kinds import Settings, Shape

SPATIAL = {1: "(channels, length)", 2: "(channels, height, width)"}


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
    """``(n)`` → ``(units)``."""
    _demand_rank(inputs[0], 1, "(values)")
    return (whole(settings, "units"),)


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
        raise _rank(inputs[0], " | ".join(("(values)", *SPATIAL.values())))
    return inputs[0]


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


def _demand_spatial(shape: Shape, window: Shape) -> None:
    _demand_rank(shape, len(window) + 1, SPATIAL[len(window)])


def _demand_rank(shape: Shape, rank: int, wanted: str) -> None:
    if len(shape) != rank:
        raise _rank(shape, wanted)


def _rank(shape: Shape, wanted: str) -> WorkbenchError:
    return WorkbenchError(ErrorCode.DESIGN_RANK, have=text(shape), wanted=wanted)
