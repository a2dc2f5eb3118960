"""Whether a recipe can be followed: every value known and in its range, before any work begins."""

from __future__ import annotations

import math

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe
from engines.training.losses import LOSSES
from engines.training.optimizers import OPTIMIZERS
from engines.training.schedules import SCHEDULES

PRECISIONS = ("fp32", "fp64", "tf32", "bf16", "fp16")
"""What values and weights are computed in; an engine's report says which of them it has."""
MEMORY_LAYOUTS = ("", "channels_first", "channels_last")
"""How images lie in memory while they are computed with; "" is the engine's own way."""

NEARLY_ONE = 0.9999999
"""A beta much nearer to 1 is 1 in float32, and Adam's corrections would divide by zero."""

Bounds = tuple[float, float, bool]  # lowest, highest, whether the lowest itself is allowed

_BOUNDS: dict[str, Bounds] = {
    "learning_rate": (0.0, math.inf, False),
    "momentum": (0.0, 1.0, True),
    "weight_decay": (0.0, math.inf, True),
    "beta1": (0.0, NEARLY_ONE, True),
    "beta2": (0.0, NEARLY_ONE, True),
    "epsilon": (0.0, math.inf, False),
    "warmup_steps": (0.0, math.inf, True),
    "step_epochs": (1.0, math.inf, True),
    "step_factor": (0.0, math.inf, False),
    "epochs": (1.0, math.inf, True),
    "batch_size": (1.0, math.inf, True),
    "validate_every": (0.0, math.inf, True),
    "patience": (0.0, math.inf, True),
    "checkpoint_every": (0.0, math.inf, True),
    "clip_norm": (0.0, math.inf, True),
    "accumulate": (1.0, math.inf, True),
    "steps": (0.0, math.inf, True),
    "threads": (0.0, math.inf, True),
    "chunk_steps": (0.0, math.inf, True),
}


def _invalid(recipe: Recipe, setting: str, wanted: str) -> WorkbenchError:
    value = getattr(recipe, setting)
    shown = ", ".join(value) if isinstance(value, tuple) else value
    return WorkbenchError(ErrorCode.RECIPE_INVALID, setting=setting, value=shown, wanted=wanted)


def _range(low: float, high: float, closed: bool) -> str:
    below = f", below {high:.7g}" if math.isfinite(high) else ""
    return f"a number {'from' if closed else 'above'} {low:g}{' on' if closed and not below else ''}{below}"


def check_recipe(recipe: Recipe) -> None:
    """Refuse a recipe that cannot be followed.

    Raises:
        WorkbenchError: ``RECIPE_INVALID`` with the setting, its value and what is wanted.
    """
    for setting, names in (("loss", LOSSES), ("optimizer", OPTIMIZERS), ("schedule", SCHEDULES)):
        if getattr(recipe, setting) not in names:
            raise _invalid(recipe, setting, ", ".join(names))
    for setting, (low, high, closed) in _BOUNDS.items():
        value = getattr(recipe, setting)
        inside = low <= value < high if closed else low < value < high
        if not inside:
            raise _invalid(recipe, setting, _range(low, high, closed))
    if recipe.precision not in PRECISIONS:
        raise _invalid(recipe, "precision", ", ".join(PRECISIONS))
    if recipe.memory_layout not in MEMORY_LAYOUTS:
        raise _invalid(recipe, "memory_layout", ", ".join(name for name in MEMORY_LAYOUTS if name))
    if recipe.batch_size % recipe.accumulate:
        raise _invalid(recipe, "accumulate", f"a divisor of batch_size = {recipe.batch_size}")
    _check_metrics(recipe)


def _check_metrics(recipe: Recipe) -> None:
    known = LOSSES[recipe.loss].metrics
    if not set(recipe.metrics) <= set(known):
        raise _invalid(recipe, "metrics", ", ".join(known))
    monitors = [f"validation_{name}" for name in ("loss", *recipe.metrics)]
    if recipe.monitor not in monitors:
        raise _invalid(recipe, "monitor", ", ".join(monitors))
