"""A scaled loss for float16, whose smallest gradients would be zero, and the steps it has to leave out.

Source: Micikevicius and others, Mixed precision training (2018), section 3.2; the scale moves as PyTorch's
``GradScaler`` does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from engines.training.fitting import fitting

Arrays = dict[str, Any]
FIRST, GROWTH, BACKOFF, INTERVAL = 2.0**16, 2.0, 0.5, 2000
_KEPT = {
    "loss_scale": ("engine/loss_scale", np.float32),
    "good_steps": ("engine/loss_scale_steps", np.int64),
    "skipped_steps": ("engine/skipped_steps", np.int64),
}
"""What a checkpoint calls each, under the names that every engine reads, and its type there."""


def fresh() -> Arrays:
    """Return the state of a scaler before its first step."""
    return {"loss_scale": np.float32(FIRST), "good_steps": np.int32(0), "skipped_steps": np.int32(0)}


def finite(gradients: Arrays) -> Any:
    """Tell whether all values are numbers."""
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(gradient)) for gradient in gradients.values()]))


def after(state: Arrays, good: Any) -> Arrays:
    """Return the state after a step whose gradients were all numbers, or were not."""
    count = jnp.where(good, state["good_steps"] + 1, 0)
    grown = jnp.where(count >= INTERVAL, GROWTH, 1.0).astype(jnp.float32)
    return {
        "loss_scale": state["loss_scale"] * jnp.where(good, grown, jnp.float32(BACKOFF)),
        "good_steps": jnp.where(count >= INTERVAL, 0, count).astype(jnp.int32),
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
    if _KEPT["loss_scale"][0] not in arrays:
        return found
    return {key: fitting(arrays, name, (1,)).astype(found[key].dtype)[0] for key, (name, _) in _KEPT.items()}
