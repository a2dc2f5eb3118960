"""Learning rates by step, as an array, so that no engine recompiles for a new one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engines.contract.spec import Recipe

Rates = npt.NDArray[np.float64]


def _constant(steps: Rates, recipe: Recipe, total: int, steps_per_epoch: int) -> Rates:
    return np.ones_like(steps)


def _cosine(steps: Rates, recipe: Recipe, total: int, steps_per_epoch: int) -> Rates:
    """Fall from 1 at the warm-up's end to 0 at the last step's end (Loshchilov and Hutter, 2017)."""
    span = max(total - recipe.warmup_steps, 1)
    done = np.clip((steps - recipe.warmup_steps) / span, 0.0, 1.0)
    return 0.5 * (1.0 + np.cos(np.pi * done))


def _step(steps: Rates, recipe: Recipe, total: int, steps_per_epoch: int) -> Rates:
    fallen = np.floor(steps / (max(recipe.step_epochs, 1) * steps_per_epoch))
    factors: Rates = recipe.step_factor**fallen
    return factors


SCHEDULES: dict[str, Callable[[Rates, Recipe, int, int], Rates]] = {
    "constant": _constant,
    "cosine": _cosine,
    "step": _step,
}


def learning_rates(
    recipe: Recipe, first_step: int, count: int, steps_per_epoch: int, base: float | None = None
) -> Rates:
    """Return the rates of ``count`` steps from ``first_step`` on (steps count from 0).

    The warm-up grows linearly to the full rate at step ``warmup_steps - 1``. ``base`` replaces the
    recipe's rate where a person changed it.
    """
    steps = np.arange(first_step, first_step + count, dtype=np.float64)
    factors = SCHEDULES[recipe.schedule](steps, recipe, recipe.epochs * steps_per_epoch, steps_per_epoch)
    if recipe.warmup_steps:
        factors = factors * np.minimum(1.0, (steps + 1.0) / recipe.warmup_steps)
    return (recipe.learning_rate if base is None else base) * factors
