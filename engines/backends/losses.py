"""The losses and the figures of a step that array libraries spell alike, in the library's own operations.

``engines/training/losses.py`` defines them; ``ops`` is the library's module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Measure = Callable[[Any, Any], Any]
"""Takes outputs and targets."""


def plain_losses(ops: Any, mean: Callable[[Any], Any]) -> dict[str, Measure]:
    """Return the losses of values by name; ``ops`` has ``abs``, ``square`` and ``where``."""

    def squared(outputs: Any, targets: Any) -> Any:
        return mean(ops.square(outputs - targets))

    def absolute(outputs: Any, targets: Any) -> Any:
        return mean(ops.abs(outputs - targets))

    def huber(outputs: Any, targets: Any) -> Any:
        away = ops.abs(outputs - targets)
        return mean(ops.where(away <= 1.0, 0.5 * ops.square(away), away - 0.5))

    return {"mean_squared_error": squared, "mean_absolute_error": absolute, "huber": huber}


def figures_per_value(ops: Any) -> dict[str, Measure]:
    """Return, by kind of target, what a step's accuracy or mean error is the mean of.

    ``ops`` has ``abs`` and, for classes, ``argmax``.
    """

    def class_hits(outputs: Any, targets: Any) -> Any:
        return ops.argmax(outputs, axis=-1) == targets

    def binary_hits(outputs: Any, targets: Any) -> Any:
        return (outputs > 0) == (targets > 0.5)

    def distances(outputs: Any, targets: Any) -> Any:
        return ops.abs(outputs - targets)

    return {"classes": class_hits, "binary": binary_hits, "values": distances}
