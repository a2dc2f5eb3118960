"""The samples on the device, channels last: whole splits where they fit, else gathered chunk by chunk."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.backends.samples import HeldSamples, Indices
from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.devices import fits_on
from engines.training.shards import Shards

Positions = npt.NDArray[np.int64]


class Samples(HeldSamples[Any]):
    """Gives batches of a split as tensors on the device that is in force."""

    def __init__(self, shards: Shards, model: DesignModel, loss: str) -> None:
        super().__init__(shards, model.output_shape, loss, fits_on)
        self._dtype = model.dtype
        self._axes = model.own_axes(model.spec.inputs[0].name)

    @property
    def target_type(self) -> str:
        """The targets' type on the device."""
        return "int64" if self._targets.dtype == np.int64 else self._dtype

    def batches(self, split: str, positions: Positions) -> tuple[Any, Any, Positions]:
        """Return inputs and targets that hold the samples at ``positions``, and where they lie in them."""
        if self.resident:
            return (*self._split(split), positions)
        indices = self._shards.indices[split][positions.reshape(-1)]
        return (*self._gathered(indices), np.arange(positions.size).reshape(positions.shape))

    def _inputs(self, indices: Indices) -> Any:
        inputs = self._shards.inputs[indices].transpose(self._axes)
        return tf.constant(np.ascontiguousarray(inputs, self._dtype))

    def _wanted(self, indices: Indices) -> Any:
        return tf.constant(np.ascontiguousarray(self._targets[indices], self.target_type))
