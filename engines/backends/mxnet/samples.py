"""The samples on the device: whole splits where they fit, else gathered chunk by chunk."""

from __future__ import annotations

from typing import Any

import mxnet as mx
import numpy as np
import numpy.typing as npt

from engines.backends.mxnet.build import DesignBlock
from engines.backends.mxnet.devices import fits_on
from engines.backends.samples import HeldSamples, Indices
from engines.training.shards import Shards

Positions = npt.NDArray[np.int64]


class Samples(HeldSamples[Any]):
    """Gives batches of a split as arrays on the device that is in force."""

    def __init__(self, shards: Shards, block: DesignBlock, loss: str) -> None:
        super().__init__(shards, block.output_shape, loss, fits_on)
        self._dtype = block.dtype

    def batches(self, split: str, positions: Positions) -> tuple[Any, Any]:
        """Return inputs and targets, ``(*positions.shape, …)``."""
        if self.resident:
            inputs, targets = self._split(split)
            places = mx.nd.array(positions, dtype="int64")
            return mx.nd.take(inputs, places), mx.nd.take(targets, places)
        return self._gathered(self._shards.indices[split][positions])

    def _inputs(self, indices: Indices) -> Any:
        return mx.nd.array(self._shards.inputs[indices], dtype=self._dtype)

    def _wanted(self, indices: Indices) -> Any:
        kind = "int64" if self._targets.dtype == np.int64 else self._dtype
        return mx.nd.array(self._targets[indices], dtype=kind)
