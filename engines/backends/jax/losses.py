"""The losses on arrays, as ``engines/training/losses.py`` defines them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import Array

Loss = Callable[[Array, Array], Array]


def _cross_entropy(outputs: Array, targets: Array) -> Array:
    # Compared, not gathered: the gradient of a gather is a scatter, which is slow on a CPU.
    chosen = targets[..., None] == jnp.arange(outputs.shape[-1], dtype=targets.dtype)
    return jnp.mean(jax.nn.logsumexp(outputs, axis=-1) - jnp.where(chosen, outputs, 0.0).sum(axis=-1))


def _binary_cross_entropy(outputs: Array, targets: Array) -> Array:
    return jnp.mean(jax.nn.softplus(outputs) - outputs * targets)


def _mean_squared_error(outputs: Array, targets: Array) -> Array:
    return jnp.mean(jnp.square(outputs - targets))


def _mean_absolute_error(outputs: Array, targets: Array) -> Array:
    return jnp.mean(_distances(outputs, targets))


def _huber(outputs: Array, targets: Array) -> Array:
    away = _distances(outputs, targets)
    return jnp.mean(jnp.where(away <= 1.0, 0.5 * jnp.square(away), away - 0.5))


LOSSES: dict[str, Loss] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    "mean_squared_error": _mean_squared_error,
    "mean_absolute_error": _mean_absolute_error,
    "huber": _huber,
}


def _class_hits(outputs: Array, targets: Array) -> Array:
    return jnp.argmax(outputs, axis=-1) == targets


def _binary_hits(outputs: Array, targets: Array) -> Array:
    return (outputs > 0) == (targets > 0.5)


def _distances(outputs: Array, targets: Array) -> Array:
    return jnp.abs(outputs - targets)


_PER_VALUE: dict[str, Loss] = {"classes": _class_hits, "binary": _binary_hits, "values": _distances}


def step_metric(kind: str, outputs: Array, targets: Array) -> Array:
    """Return the accuracy or mean error of one step's outputs."""
    return jnp.mean(_PER_VALUE[kind](outputs, targets).astype(outputs.dtype))
