"""The losses on arrays or symbols, as ``engines/training/losses.py`` defines them; ``F`` is either module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mxnet as mx

from engines.backends.losses import figures_per_value

Loss = Callable[[Any, Any, Any], Any]


def _cross_entropy(F: Any, outputs: Any, targets: Any) -> Any:  # noqa: N803 - Gluon's name
    return -F.mean(F.pick(F.log_softmax(outputs, axis=-1), targets, axis=-1))


def _binary_cross_entropy(F: Any, outputs: Any, targets: Any) -> Any:  # noqa: N803
    return F.mean(F.Activation(outputs, act_type="softrelu") - outputs * targets)


def _mean_squared_error(F: Any, outputs: Any, targets: Any) -> Any:  # noqa: N803
    return F.mean(F.square(outputs - targets))


def _mean_absolute_error(F: Any, outputs: Any, targets: Any) -> Any:  # noqa: N803
    return F.mean(F.abs(outputs - targets))


def _huber(F: Any, outputs: Any, targets: Any) -> Any:  # noqa: N803
    return F.mean(F.smooth_l1(outputs - targets, scalar=1.0))


LOSSES: dict[str, Loss] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "mean_squared_error": _mean_squared_error,
    "mean_absolute_error": _mean_absolute_error,
    "huber": _huber,
}


def _class_hits(outputs: Any, targets: Any) -> Any:
    return mx.nd.argmax(outputs, axis=-1) == targets.astype(outputs.dtype)


_PER_VALUE = {**figures_per_value(mx.nd), "classes": _class_hits}


def step_metric(kind: str, outputs: Any, targets: Any) -> Any:
    """Return one value a step for a chunk's outputs, ``(steps, batch, …)``: accuracy or mean error."""
    found = _PER_VALUE[kind](outputs, targets)
    return found.reshape((found.shape[0], -1)).mean(axis=1)
