"""The optimizers as one graph over all parameters, and their state under the canonical slot names.

MXNet's own optimizers read their rates as float32 text and add Adam's epsilon before the bias correction.
Its kernel of Adam alone is used where float32 is what is wanted: see ``Kernels``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol

import mxnet as mx
import numpy as np
import numpy.typing as npt

from engines.backends.mxnet.build import DesignBlock
from engines.contract.spec import Recipe
from engines.training.fitting import fitting
from engines.training.optimizers import are_weights_alone, began_at, slots_of, with_began

ROW = 3
"""Numbers a step: rate, epsilon, the share of each weight that AdamW keeps."""
Rates = npt.NDArray[np.float64]
Steps = npt.NDArray[np.int64]
Arrays = list[Any]
Symbols = list[Any]


class Optimizer:
    """The recipe's optimizer over a block's trained parameters.

    ``began`` is the step at which its slots were fresh: Adam's corrections count from there.
    """

    def __init__(self, block: DesignBlock, recipe: Recipe) -> None:
        self.recipe, self._block, self.parameters = recipe, block, block.trained
        self.names = slots_of(recipe)
        self.slots = {
            name: [mx.nd.zeros_like(entry.data()) for _ in self.names]
            for name, entry in self.parameters.items()
        }
        self.began = 0
        by_kernels = is_for_kernels(recipe)
        self._update: Update = Kernels(recipe) if by_kernels else Graph(recipe, list(self.parameters))

    def numbers(self, first_step: int, rates: Rates) -> Any:
        """Return what the steps need beside the gradients: a row a step."""
        steps = first_step - self.began + 1 + np.arange(len(rates))
        return self._update.numbers(steps, rates, self._block.dtype)

    def apply(self, numbers: Any) -> None:
        """Take one step with the gradients that are there; ``numbers`` is its row."""
        arrays = [[entry.data(), *self.slots[name]] for name, entry in self.parameters.items()]
        self._update(numbers, [entry.grad() for entry in self.parameters.values()], arrays)
        if self.recipe.accumulate > 1:
            for entry in self.parameters.values():
                entry.zero_grad()

    def arrays(self) -> list[Any]:
        """Return the slots' arrays."""
        return [array for slots in self.slots.values() for array in slots]

    def read(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the slots as ``optimizer/<slot>/<layer>/<role>``."""
        found = {
            f"optimizer/{slot}/{name}": np.array(array.asnumpy())
            for name, slots in self.slots.items()
            for slot, array in zip(self.names, slots)
        }
        return with_began(found, self.began)

    def load(self, arrays: Mapping[str, npt.NDArray[Any]], step: int) -> None:
        """Take over such arrays after ``step`` steps; without any the optimizer is fresh.

        Raises:
            WorkbenchError: ``CHECKPOINT_UNFIT`` where an array is missing or of another shape.
        """
        fresh, self.began = are_weights_alone(arrays), began_at(arrays, step)
        for name, slots in self.slots.items():
            for slot, array in zip(self.names, slots):
                if fresh:
                    array[:] = 0.0
                else:
                    array[:] = fitting(arrays, f"optimizer/{slot}/{name}", array.shape)


class Update(Protocol):
    """One step of every parameter."""

    def numbers(self, steps: Steps, rates: Rates, dtype: str) -> Any:
        """Return what the steps, counted from 1, need beside the gradients: a row a step."""

    def __call__(self, numbers: Any, gradients: Arrays, arrays: list[Arrays]) -> None:
        """Change each parameter's ``arrays``, its weight and slots, by its gradient and a row of numbers."""


class Graph:
    """The step written out, in any precision; as many passes over the parameters as it has operations."""

    def __init__(self, recipe: Recipe, names: list[str]) -> None:
        self._recipe, self._names = recipe, names
        graph = _graph(recipe, names)
        self._order = graph.list_inputs()
        self._step = mx.nd.CachedOp(graph, [("static_alloc", True), ("static_shape", True)])

    def numbers(self, steps: Steps, rates: Rates, dtype: str) -> Any:
        """Return rate, epsilon and kept share of each step as one array on the device."""
        return mx.nd.array(_NUMBERS[self._recipe.optimizer](self._recipe, steps, rates), dtype=dtype)

    def __call__(self, numbers: Any, gradients: Arrays, arrays: list[Arrays]) -> None:
        """Take the step."""
        given: dict[str, Any] = {"numbers": numbers}
        for name, gradient, own in zip(self._names, gradients, arrays):
            given[f"{name}:gradient"] = gradient
            given.update({f"{name}:{number}": array for number, array in enumerate(own)})
        self._step(*[given[key] for key in self._order], out=list(chain.from_iterable(arrays)))


def is_for_kernels(recipe: Recipe) -> bool:
    """Whether ``Kernels`` does what the recipe wants."""
    plain = not recipe.clip_norm and recipe.accumulate == 1
    return plain and recipe.precision == "fp32" and recipe.optimizer in ("adam", "adamw")


class Kernels:
    """Adam by MXNet's own kernel, in float32: one pass where the graph takes twelve.

    The kernel holds the betas b in float32 and weighs new gradients by 1 - b of those, which are the betas
    that the bias corrections are made from; its second moment so is off by 1.3e-5 of itself at 0.999.
    """

    def __init__(self, recipe: Recipe) -> None:
        beta1, beta2 = (float(np.float32(beta)) for beta in (recipe.beta1, recipe.beta2))
        self._recipe = replace(recipe, beta1=beta1, beta2=beta2)
        coupled = recipe.weight_decay if recipe.optimizer == "adam" else 0.0
        self._options = {"beta1": beta1, "beta2": beta2, "wd": coupled}

    def numbers(self, steps: Steps, rates: Rates, dtype: str) -> Any:
        """Return rate, epsilon and kept share of each step as lists of floats."""
        return _adam_numbers(self._recipe, steps, rates).tolist()

    def __call__(self, numbers: Any, gradients: Arrays, arrays: list[Arrays]) -> None:
        """Take the step."""
        rate, epsilon, kept = numbers
        for gradient, (weight, *moments) in zip(gradients, arrays):
            if kept != 1.0:
                weight *= kept
            mx.nd.adam_update(
                weight, gradient, *moments, out=weight, lr=rate, epsilon=epsilon, **self._options
            )


def _graph(recipe: Recipe, names: list[str]) -> Any:
    """Return the symbol of one step: every parameter after it, and its slots."""
    arrays = 1 + len(slots_of(recipe))
    row = mx.sym.split(mx.sym.var("numbers"), num_outputs=ROW, axis=0)
    gradients = _prepared(recipe, [mx.sym.var(f"{name}:gradient") for name in names])
    results: Symbols = []
    for name, gradient in zip(names, gradients):
        weight, *old = [mx.sym.var(f"{name}:{number}") for number in range(arrays)]
        if recipe.weight_decay and recipe.optimizer != "adamw":
            gradient = gradient + weight * recipe.weight_decay
        results += _UPDATES[recipe.optimizer](recipe, weight, gradient, old, row)
    return mx.sym.Group(results)


def _prepared(recipe: Recipe, gradients: Symbols) -> Symbols:
    """Return the gradients averaged over a batch's parts and cut to the recipe's joint norm."""
    if recipe.accumulate > 1:
        gradients = [gradient / recipe.accumulate for gradient in gradients]
    if recipe.clip_norm:
        squares = [mx.sym.sum(mx.sym.square(gradient)) for gradient in gradients]
        norm = mx.sym.sqrt(mx.sym.add_n(*squares))
        share = recipe.clip_norm / mx.sym.maximum(norm, recipe.clip_norm)
        gradients = [mx.sym.broadcast_mul(gradient, share) for gradient in gradients]
    return gradients


def _rates(recipe: Recipe, steps: Steps, rates: Rates) -> Rates:
    return np.stack([rates, np.zeros_like(rates), np.ones_like(rates)], axis=1)


def _adam_numbers(recipe: Recipe, steps: Steps, rates: Rates) -> Rates:
    """Return rate, epsilon and kept share such that moments without correction give Adam.

    ``lr m̂ / (√v̂ + ε)`` with ``c = √(1 - β₂ᵗ)`` is ``(lr c / (1 - β₁ᵗ)) m / (√v + ε c)``.
    """
    correction = np.sqrt(1.0 - recipe.beta2**steps)
    scaled = rates * correction / (1.0 - recipe.beta1**steps)
    kept = 1.0 - rates * (recipe.weight_decay if recipe.optimizer == "adamw" else 0.0)
    return np.stack([scaled, recipe.epsilon * correction, kept], axis=1)


def _sgd(recipe: Recipe, weight: Any, gradient: Any, slots: Symbols, row: Any) -> Symbols:
    if not slots:
        return [weight - mx.sym.broadcast_mul(gradient, row[0])]
    velocity = slots[0] * recipe.momentum + gradient
    return [weight - mx.sym.broadcast_mul(velocity, row[0]), velocity]


def _adam(recipe: Recipe, weight: Any, gradient: Any, slots: Symbols, row: Any) -> Symbols:
    first = slots[0] * recipe.beta1 + gradient * (1.0 - recipe.beta1)
    second = slots[1] * recipe.beta2 + mx.sym.square(gradient) * (1.0 - recipe.beta2)
    root = mx.sym.broadcast_add(mx.sym.sqrt(second), row[1])
    change = mx.sym.broadcast_mul(first, row[0]) / root
    if recipe.optimizer == "adamw":
        weight = mx.sym.broadcast_mul(weight, row[2])
    return [weight - change, first, second]


def _rmsprop(recipe: Recipe, weight: Any, gradient: Any, slots: Symbols, row: Any) -> Symbols:
    square = slots[0] * recipe.momentum + mx.sym.square(gradient) * (1.0 - recipe.momentum)
    change = mx.sym.broadcast_mul(gradient, row[0]) / (mx.sym.sqrt(square) + recipe.epsilon)
    return [weight - change, square]


_UPDATES: dict[str, Callable[[Recipe, Any, Any, Symbols, Any], Symbols]] = {
    "sgd": _sgd,
    "adam": _adam,
    "adamw": _adam,
    "rmsprop": _rmsprop,
}
_NUMBERS: dict[str, Callable[[Recipe, Steps, Rates], Rates]] = {
    "sgd": _rates,
    "adam": _adam_numbers,
    "adamw": _adam_numbers,
    "rmsprop": _rates,
}
