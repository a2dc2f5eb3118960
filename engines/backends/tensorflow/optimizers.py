"""The optimizers on TensorFlow's own kernels, and their state under the canonical slot names.

Whatever depends on the step alone is worked out on the host in float64 and enters as a row of numbers, so
that a rate changed by hand compiles nothing anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.weights import Parameter
from engines.contract.spec import Recipe
from engines.training.fitting import fitting
from engines.training.optimizers import are_weights_alone, began_at, slots_of, with_began

Rates = npt.NDArray[np.float64]
Slots = Sequence[Any]


class Optimizer:
    """The recipe's optimizer over a model's trained parameters.

    ``began`` is the step at which its slots were fresh: Adam's corrections count from there.
    """

    def __init__(self, model: DesignModel, recipe: Recipe) -> None:
        self.recipe, self.parameters = recipe, model.trained
        self.names = slots_of(recipe)
        self.slots = [[_zeros(parameter) for _ in self.names] for parameter in self.parameters]
        self.began = 0
        self._kind = model.dtype
        kind = np.dtype(model.dtype).type
        self._rounded = replace(recipe, beta1=float(kind(recipe.beta1)), beta2=float(kind(recipe.beta2)))
        self._update = _UPDATES[recipe.optimizer]

    def numbers(self, first_step: int, rates: Rates) -> Rates:
        """Return what the steps need beside the gradients: a row a step."""
        steps = first_step - self.began + 1 + np.arange(len(rates))
        return np.stack(_NUMBERS[self.recipe.optimizer](self._rounded, steps, rates), axis=1)

    def row(self, step: Any, rate: Any) -> Any:
        """Return the row of the optimizer's ``step``-th step (from 1) inside a graph; ``rate`` is float64."""
        found = _NUMBERS[self.recipe.optimizer](self._rounded, tf.cast(step, tf.float64), rate)
        return tf.cast(tf.stack(found), self._kind)

    def apply(self, gradients: Sequence[Any], numbers: Any) -> None:
        """Take one step inside a graph; ``numbers`` is its row."""
        decay = self.recipe.weight_decay if self.recipe.optimizer != "adamw" else 0.0
        for parameter, gradient, slots in zip(self.parameters, gradients, self.slots):
            if decay:
                gradient += decay * parameter.variable
            self._update(self.recipe, parameter.variable, gradient, slots, numbers)

    def variables(self) -> list[Any]:
        """Return the slots' variables."""
        return [variable for slots in self.slots for variable in slots]

    def read(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the slots as ``optimizer/<slot>/<layer>/<role>``."""
        found = {
            f"optimizer/{name}/{parameter.name}": parameter.canonical(slot)
            for parameter, slots in zip(self.parameters, self.slots)
            for name, slot in zip(self.names, slots)
        }
        return with_began(found, self.began)

    def load(self, arrays: Mapping[str, npt.NDArray[Any]], step: int) -> None:
        """Take over such arrays after ``step`` steps; without any the optimizer is fresh.

        Raises:
            WorkbenchError: ``CHECKPOINT_UNFIT`` where an array is missing or of another shape.
        """
        fresh, self.began = are_weights_alone(arrays), began_at(arrays, step)
        for parameter, slots in zip(self.parameters, self.slots):
            for name, slot in zip(self.names, slots):
                if fresh:
                    slot.assign(tf.zeros_like(slot))
                else:
                    array = fitting(arrays, f"optimizer/{name}/{parameter.name}", parameter.shape)
                    slot.assign(parameter.own(array).astype(slot.dtype.as_numpy_dtype))


def _zeros(parameter: Parameter) -> Any:
    return tf.Variable(tf.zeros_like(parameter.variable), trainable=False)


def _rates(recipe: Recipe, steps: Any, rates: Any) -> tuple[Any, ...]:
    return (rates,)


def _adam_numbers(recipe: Recipe, steps: Any, rates: Any) -> tuple[Any, ...]:
    """Return rate, epsilon and decay such that the kernel, which corrects no bias, gives Adam.

    ``lr m̂ / (√v̂ + ε)`` with ``c = √(1 - β₂ᵗ)`` is ``(lr c / (1 - β₁ᵗ)) m / (√v + ε c)``. The betas are those
    that the kernel computes with: 1 - 0.999 is off by 1e-5 of itself in float32, and so would be each step.
    Arrays of NumPy and tensors alike.
    """
    correction = (1.0 - recipe.beta2**steps) ** 0.5
    scaled = rates * correction / (1.0 - recipe.beta1**steps)
    return scaled, recipe.epsilon * correction, 1.0 - rates * recipe.weight_decay


def _sgd(recipe: Recipe, variable: Any, gradient: Any, slots: Slots, numbers: Any) -> None:
    if not slots:
        tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=numbers[0], delta=gradient)
        return
    tf.raw_ops.ResourceApplyMomentum(
        var=variable.handle,
        accum=slots[0].handle,
        lr=numbers[0],
        grad=gradient,
        momentum=tf.constant(recipe.momentum, variable.dtype),
    )


def _adam(recipe: Recipe, variable: Any, gradient: Any, slots: Slots, numbers: Any) -> None:
    zero = tf.constant(0.0, variable.dtype)
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=slots[0].handle,
        v=slots[1].handle,
        beta1_power=zero,
        beta2_power=zero,
        lr=numbers[0],
        beta1=tf.constant(recipe.beta1, variable.dtype),
        beta2=tf.constant(recipe.beta2, variable.dtype),
        epsilon=numbers[1],
        grad=gradient,
    )


def _adamw(recipe: Recipe, variable: Any, gradient: Any, slots: Slots, numbers: Any) -> None:
    variable.assign(variable * numbers[2])
    _adam(recipe, variable, gradient, slots, numbers)


def _rmsprop(recipe: Recipe, variable: Any, gradient: Any, slots: Slots, numbers: Any) -> None:
    kept = recipe.momentum
    square = slots[0].assign(kept * slots[0] + (1.0 - kept) * tf.square(gradient))
    variable.assign_sub(numbers[0] * gradient / (tf.sqrt(square) + recipe.epsilon))


_UPDATES: dict[str, Callable[[Recipe, Any, Any, Slots, Any], None]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adamw,
    "rmsprop": _rmsprop,
}
_NUMBERS: dict[str, Callable[[Recipe, Any, Any], tuple[Any, ...]]] = {
    "sgd": _rates,
    "adam": _adam_numbers,
    "adamw": _adam_numbers,
    "rmsprop": _rates,
}
