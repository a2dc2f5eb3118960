"""The losses on arrays, as ``engines/training/losses.py`` defines them."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import Array

from engines.backends.losses import Measure, figures_per_value, plain_losses


def _cross_entropy(outputs: Array, targets: Array) -> Array:
    # Compared, not gathered: the gradient of a gather is a scatter, which is slow on a CPU.
    chosen = targets[..., None] == jnp.arange(outputs.shape[-1], dtype=targets.dtype)
    return jnp.mean(jax.nn.logsumexp(outputs, axis=-1) - jnp.where(chosen, outputs, 0.0).sum(axis=-1))


def _binary_cross_entropy(outputs: Array, targets: Array) -> Array:
    return jnp.mean(jax.nn.softplus(outputs) - outputs * targets)


LOSSES: dict[str, Measure] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
    **plain_losses(jnp, jnp.mean),
}
_PER_VALUE = figures_per_value(jnp)


def step_metric(kind: str, outputs: Array, targets: Array) -> Array:
    """Return the accuracy or mean error of one step's outputs."""
    return jnp.mean(_PER_VALUE[kind](outputs, targets).astype(outputs.dtype))
