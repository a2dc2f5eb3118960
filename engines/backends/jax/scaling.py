"""A scaled loss as JAX's functions carry it; ``engines/training/loss_scale.py`` says by which rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from engines.training.fitting import fitting
from engines.training.loss_scale import FIRST, GOOD_STEPS, GROWTH_STEPS, SCALE, SKIPPED

Arrays = dict[str, Any]
_KEPT = {
    "loss_scale": (SCALE, np.float32),
    "good_steps": (GOOD_STEPS, np.int64),
    "skipped_steps": (SKIPPED, np.int64),
}
"""What a checkpoint calls each, and its type there."""


def fresh() -> Arrays:
    """Return the state of a scaler before its first step."""
    return {"loss_scale": np.float32(FIRST), "good_steps": np.int32(0), "skipped_steps": np.int32(0)}


def finite(gradients: Arrays) -> Any:
    """Tell whether all values are numbers."""
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(gradient)) for gradient in gradients.values()]))


def after(state: Arrays, good: Any) -> Arrays:
    """Return the state after a step whose gradients were all numbers, or were not."""
    count = jnp.where(good, state["good_steps"] + 1, 0)
    grown = jnp.where(count >= GROWTH_STEPS, 2.0, 1.0).astype(jnp.float32)
    return {
        "loss_scale": state["loss_scale"] * jnp.where(good, grown, jnp.float32(0.5)),
        "good_steps": jnp.where(count >= GROWTH_STEPS, 0, count).astype(jnp.int32),
        "skipped_steps": state["skipped_steps"] + jnp.where(good, 0, 1).astype(jnp.int32),
    }


def read(state: Arrays) -> dict[str, npt.NDArray[Any]]:
    """Return the state as the arrays of a checkpoint."""
    return {
        name: np.asarray(state[key]).reshape(1).astype(kind) for key, (name, kind) in _KEPT.items() if state
    }


def load(arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    """Return the state in such arrays; a fresh one where there is none."""
    found = fresh()
    if SCALE not in arrays:
        return found
    return {key: fitting(arrays, name, (1,)).astype(found[key].dtype)[0] for key, (name, _) in _KEPT.items()}
