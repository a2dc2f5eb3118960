"""The optimizers: which of the recipe's values each reads, and which slots a checkpoint keeps.

Weight decay is added to the gradient (sgd, adam, rmsprop) or taken off the weight itself (adamw;
Loshchilov and Hutter, 2019). Epsilon is added after the bias correction (Kingma and Ba, 2015, section 2,
with the square root's own epsilon). ``rmsprop`` keeps the share ``momentum`` of the old mean square
(Hinton's 0.9) and has no velocity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.spec import Recipe

Arrays = Mapping[str, npt.NDArray[Any]]
BEGAN = "engine/optimizer_began"
"""Where a checkpoint keeps the step at which its slots were fresh, unless that was the run's first."""


@dataclass(frozen=True)
class OptimizerRow:
    """``reads``: the recipe's fields beside the learning rate; ``slots``: arrays kept per parameter."""

    title: str
    reads: tuple[str, ...]
    slots: tuple[str, ...]


OPTIMIZERS: dict[str, OptimizerRow] = {
    "sgd": OptimizerRow("SGD with momentum", ("momentum", "weight_decay"), ("momentum",)),
    "adam": OptimizerRow(
        "Adam", ("beta1", "beta2", "epsilon", "weight_decay"), ("first_moment", "second_moment")
    ),
    "adamw": OptimizerRow(
        "AdamW", ("beta1", "beta2", "epsilon", "weight_decay"), ("first_moment", "second_moment")
    ),
    "rmsprop": OptimizerRow("RMSprop", ("momentum", "epsilon", "weight_decay"), ("square_average",)),
}


def slots_of(recipe: Recipe) -> tuple[str, ...]:
    """Return the slots that the recipe's optimizer keeps: SGD without momentum has none."""
    return OPTIMIZERS[recipe.optimizer].slots if recipe.optimizer != "sgd" or recipe.momentum else ()


def are_weights_alone(arrays: Arrays) -> bool:
    """Tell whether a checkpoint's arrays have no slots: an optimizer that takes them over is fresh."""
    return not any(name.startswith("optimizer/") for name in arrays)


def began_at(arrays: Arrays, step: int) -> int:
    """Return the step from which an optimizer counts that takes such arrays over after ``step`` steps.

    Adam's corrections of bias count from where its moments were zero: a run that went on from weights alone
    had them so in its midst.
    """
    if are_weights_alone(arrays):
        return step
    return int(arrays[BEGAN][0]) if BEGAN in arrays else 0


def with_began(slots: Arrays, began: int) -> dict[str, npt.NDArray[Any]]:
    """Return the slots' arrays, and beside them the step from which they count."""
    return {**slots, BEGAN: np.array([began], np.int64)} if slots and began else dict(slots)
