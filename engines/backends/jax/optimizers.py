"""The optimizers on dictionaries of arrays, and their state under the canonical slot names.

Whatever depends on the step alone is worked out on the host in float64 and enters as numbers, so that a
rate changed by hand compiles nothing anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from engines.backends.jax.build import Arrays, DesignModel
from engines.contract.spec import Recipe
from engines.training.fitting import fitting
from engines.training.optimizers import are_weights_alone, began_at, slots_of, with_began

Slots = list[Any]


class Optimizer:
    """The recipe's optimizer over a model's trained parameters; the slots themselves are held elsewhere.

    ``began`` is the step at which the slots were fresh: Adam's corrections count from there.
    """

    def __init__(self, model: DesignModel, recipe: Recipe) -> None:
        self.recipe, self.parameters, self._type = recipe, model.trained, np.dtype(model.types.weights)
        self.names = slots_of(recipe)
        self.began = 0
        self._update = _UPDATES[recipe.optimizer]

    def fresh(self) -> dict[str, Arrays]:
        """Return slots of zeros, ``slot → parameter → array``."""
        shapes = {entry.name: entry.own(np.zeros(entry.shape, self._type)) for entry in self.parameters}
        return {name: {key: array.copy() for key, array in shapes.items()} for name in self.names}

    def corrections(self, first_step: int, count: int) -> npt.NDArray[Any]:
        """Return Adam's two corrections of bias for ``count`` updates from ``first_step`` on, a row each."""
        steps = first_step - self.began + 1 + np.arange(count)
        if self.recipe.optimizer not in ("adam", "adamw"):
            return np.ones((count, 2), self._type)
        first, second = 1.0 - self.recipe.beta1**steps, 1.0 - self.recipe.beta2**steps
        return np.stack([1.0 / first, 1.0 / np.sqrt(second)], axis=1).astype(self._type)

    def apply(
        self, values: Arrays, gradients: Arrays, slots: dict[str, Arrays], rate: Any, correction: Any
    ) -> tuple[Arrays, dict[str, Arrays]]:
        """Return values and slots after one step; traced inside a compiled function."""
        recipe = self.recipe
        decay = recipe.weight_decay if recipe.optimizer != "adamw" else 0.0
        after: Arrays = {}
        kept: dict[str, Arrays] = {name: {} for name in self.names}
        for key, value in values.items():
            gradient = gradients[key] + decay * value if decay else gradients[key]
            own = [slots[name][key] for name in self.names]
            after[key], new = self._update(recipe, value, gradient, own, rate, correction)
            for name, array in zip(self.names, new):
                kept[name][key] = array
        return after, kept

    def read(self, slots: Mapping[str, Arrays]) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the slots as ``optimizer/<slot>/<layer>/<role>``."""
        found = {
            f"optimizer/{name}/{entry.name}": entry.canonical(slots[name][entry.name])
            for entry in self.parameters
            for name in self.names
        }
        return with_began(found, self.began)

    def load(self, arrays: Mapping[str, npt.NDArray[Any]], step: int) -> dict[str, Arrays]:
        """Return slots of such arrays after ``step`` steps; without any the optimizer is fresh.

        Raises:
            WorkbenchError: ``CHECKPOINT_UNFIT`` where an array is missing or of another shape.
        """
        self.began = began_at(arrays, step)
        if are_weights_alone(arrays):
            return self.fresh()
        return {
            name: {
                entry.name: entry.own(fitting(arrays, f"optimizer/{name}/{entry.name}", entry.shape)).astype(
                    self._type
                )
                for entry in self.parameters
            }
            for name in self.names
        }


def clipped(gradients: Arrays, most: float) -> Arrays:
    """Return the gradients, cut to the joint L2 norm ``most``."""
    norm = jnp.sqrt(sum(jnp.sum(jnp.square(gradient)) for gradient in gradients.values()))
    scale = jnp.minimum(1.0, most / norm)
    return {key: gradient * scale for key, gradient in gradients.items()}


def _sgd(recipe: Recipe, value: Any, gradient: Any, slots: Slots, rate: Any, correction: Any) -> Any:
    if not slots:
        return value - rate * gradient, []
    moved = recipe.momentum * slots[0] + gradient
    return value - rate * moved, [moved]


def _adam(recipe: Recipe, value: Any, gradient: Any, slots: Slots, rate: Any, correction: Any) -> Any:
    first = recipe.beta1 * slots[0] + (1.0 - recipe.beta1) * gradient
    second = recipe.beta2 * slots[1] + (1.0 - recipe.beta2) * jnp.square(gradient)
    step = first * correction[0] / (jnp.sqrt(second) * correction[1] + recipe.epsilon)
    return value - rate * step, [first, second]


def _adamw(recipe: Recipe, value: Any, gradient: Any, slots: Slots, rate: Any, correction: Any) -> Any:
    return _adam(recipe, value * (1.0 - rate * recipe.weight_decay), gradient, slots, rate, correction)


def _rmsprop(recipe: Recipe, value: Any, gradient: Any, slots: Slots, rate: Any, correction: Any) -> Any:
    kept = recipe.momentum
    square = kept * slots[0] + (1.0 - kept) * jnp.square(gradient)
    return value - rate * gradient / (jnp.sqrt(square) + recipe.epsilon), [square]


_UPDATES: dict[str, Callable[[Recipe, Any, Any, Slots, Any, Any], tuple[Any, Slots]]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
    "rmsprop": _rmsprop,
}
