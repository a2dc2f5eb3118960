"""What JAX itself answers to samples, and each of its layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from engines.backends.jax.build import DesignModel
from engines.backends.jax.layers import order_of

Array = npt.NDArray[Any]


def own_order(inputs: Array) -> Array:
    """Return samples of the design's layout as they lie here."""
    return np.ascontiguousarray(inputs.transpose(order_of(inputs.ndim - 1).to_own))


def answers(model: DesignModel) -> Callable[[Array], Array]:
    """Return what answers one batch in the design's layout; compiled once a length."""
    run = jax.jit(lambda arrays, x: model.answer(arrays, [x]))
    arrays = jax.device_put(model.arrays)
    return lambda inputs: np.asarray(run(arrays, own_order(inputs)))


def layer_answers(model: DesignModel, inputs: Array) -> dict[str, Array]:
    """Return what each of the design's nodes answers to one batch."""
    found = jax.jit(lambda arrays, x: model.walk(arrays, [x]))(model.arrays, own_order(inputs))
    return {name: np.asarray(value) for name, value in found.items()}
