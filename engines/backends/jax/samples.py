"""The samples on the device: whole splits where they fit, otherwise gathered chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from engines.backends.jax.build import DesignModel
from engines.backends.jax.devices import fits_on
from engines.backends.jax.layers import order_of
from engines.training.evaluation import shape_targets
from engines.training.shards import Shards

Positions = npt.NDArray[np.integer[Any]]


class Samples:
    """Gives batches of a split as arrays on the device, images with their channels last."""

    def __init__(self, shards: Shards, model: DesignModel, loss: str, device: jax.Device) -> None:
        self._shards, self._device = shards, device
        self._type = np.dtype(model.types.weights)
        self._targets = shape_targets(shards.targets, model.output_shape, loss)
        self._order = order_of(shards.inputs.ndim - 1).to_own
        self.resident = fits_on(device, shards.inputs.nbytes + self._targets.nbytes)
        self._whole: dict[str, tuple[Any, Any]] = {}
        self._parts: dict[str, list[Any]] = {}

    def count(self, split: str) -> int:
        """Return the number of samples of ``split``."""
        return len(self._shards.indices[split])

    def batches(self, split: str, positions: Positions) -> tuple[Any, Any, npt.NDArray[np.int32]]:
        """Return inputs and targets that hold the samples at ``positions``, and where they lie in them."""
        if self.resident:
            if split not in self._whole:
                self._whole[split] = self._gathered(self._shards.indices[split])
            return (*self._whole[split], positions.astype(np.int32, copy=False))
        places = np.arange(positions.size, dtype=np.int32).reshape(positions.shape)
        return (*self._gathered(self._shards.indices[split][positions.reshape(-1)]), places)

    def parts(self, split: str, size: int) -> Iterator[Any]:
        """Return the inputs of ``split`` in its order, in equal parts of about ``size``."""
        if split in self._parts:
            return iter(self._parts[split])
        indices = self._shards.indices[split]
        size = -(
            -len(indices) // max(round(len(indices) / size), 1)
        )  # equal parts: the last one is all but full
        parts = (
            self._inputs(np.resize(indices[at : at + size], size)) for at in range(0, len(indices), size)
        )
        if not self.resident:
            return parts
        self._parts[split] = list(parts)
        return iter(self._parts[split])

    def _gathered(self, indices: Positions) -> tuple[Any, Any]:
        targets = self._targets[indices]
        kind = np.int32 if targets.dtype == np.int64 else self._type
        return self._inputs(indices), self._put(targets.astype(kind))

    def _inputs(self, indices: Positions) -> Any:
        return self._put(self._shards.inputs[indices].transpose(self._order).astype(self._type))

    def _put(self, array: npt.NDArray[Any]) -> Any:
        return jax.device_put(np.ascontiguousarray(array), self._device)
