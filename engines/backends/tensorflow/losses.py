"""The losses on tensors, as ``engines/training/losses.py`` defines them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Loss = Callable[[Any, Any], Any]


def _cross_entropy(outputs: Any, targets: Any) -> Any:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs))


def _binary_cross_entropy(outputs: Any, targets: Any) -> Any:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(targets, outputs))


def _mean_squared_error(outputs: Any, targets: Any) -> Any:
    return tf.reduce_mean(tf.math.squared_difference(outputs, targets))


def _mean_absolute_error(outputs: Any, targets: Any) -> Any:
    return tf.reduce_mean(_distances(outputs, targets))


def _huber(outputs: Any, targets: Any) -> Any:
    away = _distances(outputs, targets)
    return tf.reduce_mean(tf.where(away <= 1.0, 0.5 * tf.square(away), away - 0.5))


LOSSES: dict[str, Loss] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "mean_squared_error": _mean_squared_error,
    "mean_absolute_error": _mean_absolute_error,
    "huber": _huber,
}


def _class_hits(outputs: Any, targets: Any) -> Any:
    return tf.argmax(outputs, axis=-1) == targets


def _binary_hits(outputs: Any, targets: Any) -> Any:
    return (outputs > 0) == (targets > 0.5)


def _distances(outputs: Any, targets: Any) -> Any:
    return tf.abs(outputs - targets)


_PER_VALUE: dict[str, Loss] = {"classes": _class_hits, "binary": _binary_hits, "values": _distances}


def step_metric(kind: str, outputs: Any, targets: Any) -> Any:
    """Return one value a step for a chunk's outputs, ``(steps, batch, …)``: accuracy or mean error."""
    values = tf.cast(_PER_VALUE[kind](outputs, targets), outputs.dtype)
    return tf.reduce_mean(tf.reshape(values, (tf.shape(values)[0], -1)), axis=1)
