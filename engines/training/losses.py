"""The losses: their names, what they compare, and their values in NumPy (float64) for evaluation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]
Targets = npt.NDArray[Any]


def log_softmax(logits: Values) -> Values:
    """Return the logarithm of the softmax over the last axis, without overflow."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    normalized: Values = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return normalized


def _cross_entropy(outputs: Values, targets: Targets) -> float:
    chosen = np.take_along_axis(log_softmax(outputs), targets[..., None].astype(np.int64), axis=-1)
    return float(-chosen.mean())


def _binary_cross_entropy(outputs: Values, targets: Targets) -> float:
    softplus = np.maximum(outputs, 0.0) + np.log1p(np.exp(-np.abs(outputs)))
    return float((softplus - outputs * targets).mean())


def _mean_squared_error(outputs: Values, targets: Targets) -> float:
    return float(((outputs - targets) ** 2).mean())


def _mean_absolute_error(outputs: Values, targets: Targets) -> float:
    return float(np.abs(outputs - targets).mean())


def _huber(outputs: Values, targets: Targets) -> float:
    away = np.abs(outputs - targets)
    return float(np.where(away <= 1.0, 0.5 * away**2, away - 0.5).mean())


@dataclass(frozen=True)
class LossRow:
    """``targets``: classes (integers, one less axis than the outputs), binary (0 or 1), values.

    ``metrics`` make sense beside it; ``step_metric`` is cheap enough for every step.
    """

    title: str
    targets: str
    metrics: tuple[str, ...]
    step_metric: str
    value: Callable[[Values, Targets], float]


_CLASSES, _VALUES = ("accuracy", "f1", "auc"), ("mae", "r2")

LOSSES: dict[str, LossRow] = {
    "cross_entropy": LossRow("Cross entropy", "classes", _CLASSES, "accuracy", _cross_entropy),
    "binary_cross_entropy": LossRow(
        "Binary cross entropy", "binary", _CLASSES, "accuracy", _binary_cross_entropy
    ),
    "mean_squared_error": LossRow("Mean squared error", "values", _VALUES, "mae", _mean_squared_error),
    "mean_absolute_error": LossRow("Mean absolute error", "values", _VALUES, "mae", _mean_absolute_error),
    "huber": LossRow("Huber", "values", _VALUES, "mae", _huber),
}
