"""The samples of a run as a framework holds them: whole splits on the device where they fit."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, cast

import numpy as np
import numpy.typing as npt

from engines.training.evaluation import shape_targets
from engines.training.shards import Shards

Indices = npt.NDArray[np.integer[Any]]
Held = TypeVar("Held")
"""The framework's own array or tensor."""


class HeldSamples(ABC, Generic[Held]):
    """Gives the samples of a split; ``resident``: each split is held whole once it is asked for.

    ``fits`` tells whether so many bytes fit on the device. A framework says in ``_inputs`` and ``_wanted``
    how it holds the samples at ``indices`` of the shards, and their targets.
    """

    def __init__(
        self, shards: Shards, output_shape: tuple[int, ...], loss: str, fits: Callable[[int], bool]
    ) -> None:
        self._shards = shards
        self._targets = shape_targets(shards.targets, output_shape, loss)
        self.resident = fits(shards.inputs.nbytes + self._targets.nbytes)
        self._whole: dict[str, tuple[Held, Held]] = {}

    def count(self, split: str) -> int:
        """Return the number of samples of ``split``."""
        return len(self._shards.indices[split])

    def slice(self, split: str, begin: int, end: int) -> Held:
        """Return a run of the inputs of ``split``, in its order."""
        if self.resident:
            held: Any = self._split(split)[0]
            return cast("Held", held[begin:end])
        return self._inputs(self._shards.indices[split][begin:end])

    def parts(self, split: str, size: int) -> Iterator[Held]:
        """Return the inputs of ``split`` in its order, in parts of ``size``; the last one may be smaller."""
        return (self.slice(split, at, at + size) for at in range(0, self.count(split), size))

    def _split(self, split: str) -> tuple[Held, Held]:
        if split not in self._whole:
            self._whole[split] = self._gathered(self._shards.indices[split])
        return self._whole[split]

    def _gathered(self, indices: Indices) -> tuple[Held, Held]:
        return self._inputs(indices), self._wanted(indices)

    @abstractmethod
    def _inputs(self, indices: Indices) -> Held:
        """Return the inputs of such samples, as the engine holds them."""

    @abstractmethod
    def _wanted(self, indices: Indices) -> Held:
        """Return their targets likewise."""
