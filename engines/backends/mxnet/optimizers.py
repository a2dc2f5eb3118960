"""The optimizers as one graph over all parameters, and their state under the canonical slot names.

MXNet's own optimizers read their rates as float32 text and add Adam's epsilon before the bias correction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import mxnet as mx
import numpy as np
import numpy.typing as npt

from engines.backends.mxnet.build import DesignBlock
from engines.contract.spec import Recipe
from engines.training.fitting import fitting
from engines.training.optimizers import OPTIMIZERS

Rates = npt.NDArray[np.float64]
Symbols = list[Any]


class Optimizer:
    """The recipe's optimizer over a block's trained parameters.

    ``began`` is the step at which its slots were fresh: Adam's corrections count from there.
    """

    def __init__(self, block: DesignBlock, recipe: Recipe) -> None:
        self.recipe, self._block, self.parameters = recipe, block, block.trained
        self.names = OPTIMIZERS[recipe.optimizer].slots
        if recipe.optimizer == "sgd" and not recipe.momentum:
            self.names = ()
        self.slots = {
            name: [mx.nd.zeros_like(entry.data()) for _ in self.names]
            for name, entry in self.parameters.items()
        }
        self.began = 0
        self._graph = mx.nd.CachedOp(_graph(recipe, list(self.parameters), len(self.names)), [])

    def numbers(self, first_step: int, rates: Rates) -> Any:
        """Return what the steps need beside the gradients: a row a step."""
        steps = first_step - self.began + 1 + np.arange(len(rates))
        rows = _NUMBERS[self.recipe.optimizer](self.recipe, steps, rates)
        return mx.nd.array(rows, dtype=self._block.dtype)

    def apply(self, numbers: Any) -> None:
        """Take one step with the gradients that are there; ``numbers`` is its row."""
        given: dict[str, Any] = {"numbers": numbers}
        results = []
        for name, entry in self.parameters.items():
            given[f"{name}:gradient"] = entry.grad()
            for number, array in enumerate([entry.data(), *self.slots[name]]):
                given[f"{name}:{number}"] = array
                results.append(array)
        self._graph(*[given[name] for name in self._wanted], out=results)

    @property
    def _wanted(self) -> list[str]:
        names: list[str] = self._graph_inputs
        return names

    def arrays(self) -> list[Any]:
        """Return the slots' arrays."""
        return [array for slots in self.slots.values() for array in slots]

    def read(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the slots as ``optimizer/<slot>/<layer>/<role>``."""
        return {
            f"optimizer/{slot}/{name}": np.array(array.asnumpy())
            for name, slots in self.slots.items()
            for slot, array in zip(self.names, slots)
        }

    def load(self, arrays: Mapping[str, npt.NDArray[Any]], step: int) -> None:
        """Take over such arrays after ``step`` steps; without any the optimizer is fresh.

        Raises:
            WorkbenchError: ``CHECKPOINT_UNFIT`` where an array is missing or of another shape.
        """
        fresh = not any(key.startswith("optimizer/") for key in arrays)
        self.began = step if fresh else 0
        for name, slots in self.slots.items():
            for slot, array in zip(self.names, slots):
                if fresh:
                    array[:] = 0.0
                else:
                    array[:] = fitting(arrays, f"optimizer/{slot}/{name}", array.shape)
