"""The samples on the device: whole splits where they fit, else gathered chunk by chunk."""

from __future__ import annotations

from typing import Any

import mxnet as mx
import numpy as np
import numpy.typing as npt

from engines.backends.mxnet.build import DesignBlock
from engines.backends.mxnet.devices import fits_on
from engines.training.evaluation import shape_targets
from engines.training.shards import Shards

Positions = npt.NDArray[np.int64]


class Samples:
    """Gives batches of a split as arrays on the device that is in force."""

    def __init__(self, shards: Shards, block: DesignBlock, loss: str) -> None:
        self._shards, self._dtype = shards, block.dtype
        self._targets = shape_targets(shards.targets, block.output_shape, loss)
        self._resident = fits_on(shards.inputs.nbytes + self._targets.nbytes)
        self._whole: dict[str, tuple[Any, Any]] = {}

    def batches(self, split: str, positions: Positions) -> tuple[Any, Any]:
        """Return inputs and targets, ``(*positions.shape, …)``."""
        if self._resident:
            inputs, targets = self._split(split)
            places = mx.nd.array(positions, dtype="int64")
            return mx.nd.take(inputs, places), mx.nd.take(targets, places)
        return self._gathered(self._shards.indices[split][positions])

    def count(self, split: str) -> int:
        """Return the number of samples of ``split``."""
        return len(self._shards.indices[split])

    def slice(self, split: str, begin: int, end: int) -> Any:
        """Return a run of the inputs of ``split``, in its order."""
        if self._resident:
            return self._split(split)[0][begin:end]
        return self._gathered(self._shards.indices[split][begin:end])[0]

    def _split(self, split: str) -> tuple[Any, Any]:
        if split not in self._whole:
            self._whole[split] = self._gathered(self._shards.indices[split])
        return self._whole[split]

    def _gathered(self, indices: Positions) -> tuple[Any, Any]:
        kind = "int64" if self._targets.dtype == np.int64 else self._dtype
        inputs = mx.nd.array(self._shards.inputs[indices], dtype=self._dtype)
        return inputs, mx.nd.array(self._targets[indices], dtype=kind)
