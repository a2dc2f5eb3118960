"""The losses on tensors, as ``engines/training/losses.py`` defines them."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from engines.backends.losses import Measure, figures_per_value, plain_losses


def _cross_entropy(outputs: Any, targets: Any) -> Any:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs))


def _binary_cross_entropy(outputs: Any, targets: Any) -> Any:
    return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(targets, outputs))


LOSSES: dict[str, Measure] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    **plain_losses(tf, tf.reduce_mean),
}
_PER_VALUE = figures_per_value(tf)


def step_metric(kind: str, outputs: Any, targets: Any) -> Any:
    """Return one value a step for a chunk's outputs, ``(steps, batch, …)``: accuracy or mean error."""
    values = tf.cast(_PER_VALUE[kind](outputs, targets), outputs.dtype)
    return tf.reduce_mean(tf.reshape(values, (tf.shape(values)[0], -1)), axis=1)
