"""The samples on the device: whole splits where they fit, otherwise gathered chunk by chunk."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from engines.backends.jax.build import DesignModel
from engines.backends.jax.devices import fits_on
from engines.backends.jax.layers import order_of
from engines.backends.samples import HeldSamples, Indices
from engines.training.shards import Shards


class Samples(HeldSamples[jax.Array]):
    """Gives batches of a split as arrays on the device, images with their channels last."""

    def __init__(self, shards: Shards, model: DesignModel, loss: str, device: jax.Device) -> None:
        super().__init__(shards, model.output_shape, loss, partial(fits_on, device))
        self._device = device
        self._type = np.dtype(model.types.weights)
        self._order = order_of(shards.inputs.ndim - 1).to_own
        self._parts: dict[str, list[Any]] = {}

    def batches(self, split: str, positions: Indices) -> tuple[Any, Any, npt.NDArray[np.int32]]:
        """Return inputs and targets that hold the samples at ``positions``, and where they lie in them."""
        if self.resident:
            return (*self._split(split), positions.astype(np.int32, copy=False))
        places = np.arange(positions.size, dtype=np.int32).reshape(positions.shape)
        return (*self._gathered(self._shards.indices[split][positions.reshape(-1)]), places)

    def parts(self, split: str, size: int) -> Iterator[Any]:
        """Return the inputs of ``split`` in its order, in equal parts of about ``size``.

        The last part is filled up with its own first samples.
        """
        if split in self._parts:
            return iter(self._parts[split])
        indices = self._shards.indices[split]
        size = math.ceil(len(indices) / max(round(len(indices) / size), 1))
        begins = range(0, len(indices), size)
        parts = (self._inputs(np.resize(indices[at : at + size], size)) for at in begins)
        if not self.resident:
            return parts
        self._parts[split] = list(parts)
        return iter(self._parts[split])

    def _inputs(self, indices: Indices) -> jax.Array:
        return self._put(self._shards.inputs[indices].transpose(self._order).astype(self._type))

    def _wanted(self, indices: Indices) -> jax.Array:
        targets = self._targets[indices]
        return self._put(targets.astype(np.int32 if targets.dtype == np.int64 else self._type))

    def _put(self, array: npt.NDArray[Any]) -> jax.Array:
        placed: jax.Array = jax.device_put(np.ascontiguousarray(array), self._device)
        return placed
