"""The samples on the device, channels last: whole splits where they fit, else gathered chunk by chunk."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.devices import fits_on
from engines.backends.tensorflow.layers import last_axes
from engines.training.evaluation import shape_targets
from engines.training.shards import Shards

Positions = npt.NDArray[np.int64]


class Samples:
    """Gives batches of a split as tensors on the device that is in force."""

    def __init__(self, shards: Shards, model: DesignModel, loss: str) -> None:
        self._shards, self._dtype = shards, model.dtype
        self._targets = shape_targets(shards.targets, model.output_shape, loss)
        self._axes = last_axes(shards.inputs.ndim - 1)
        self.resident = fits_on(shards.inputs.nbytes + self._targets.nbytes)
        self._whole: dict[str, tuple[Any, Any]] = {}

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

    def count(self, split: str) -> int:
        """Return the number of samples of ``split``."""
        return len(self._shards.indices[split])

    def slice(self, split: str, begin: int, end: int) -> Any:
        """Return a run of the inputs of ``split``, in its order."""
        if self.resident:
            return self._split(split)[0][begin:end]
        return self._gathered(self._shards.indices[split][begin:end])[0]

    def _split(self, split: str) -> tuple[Any, Any]:
        if split not in self._whole:
            self._whole[split] = self._gathered(self._shards.indices[split])
        return self._whole[split]

    def _gathered(self, indices: Positions) -> tuple[Any, Any]:
        inputs = self._shards.inputs[indices].transpose(self._axes)
        targets = self._targets[indices]
        return (
            tf.constant(np.ascontiguousarray(inputs, self._dtype)),
            tf.constant(np.ascontiguousarray(targets, self.target_type)),
        )
