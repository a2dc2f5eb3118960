"""The samples on the device: whole splits where they fit, otherwise gathered chunk by chunk."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.backends.samples import HeldSamples, Indices
from engines.backends.torch.devices import fits_on
from engines.training.shards import Shards

Pair = tuple[Tensor, Tensor]


class Samples(HeldSamples[Tensor]):
    """Gives batches of a split as tensors on the device; ``inputs`` and ``targets`` of equal length."""

    def __init__(
        self,
        shards: Shards,
        output_shape: tuple[int, ...],
        loss: str,
        device: torch.device,
        dtype: torch.dtype = torch.float32,
        layout: str = "",
    ) -> None:
        super().__init__(shards, output_shape, loss, partial(fits_on, device))
        self._device, self._dtype = device, dtype
        self._channels_last = layout == "channels_last" and shards.inputs.ndim == 4

    def batches(self, split: str, positions: npt.NDArray[np.int64]) -> Pair:
        """Return the samples at ``positions`` (any shape) in ``split``, gathered in one go."""
        if not self.resident:
            found, wanted = self._gathered(self._shards.indices[split][positions])
            return self._shown(found), wanted
        inputs, targets = self._split(split)
        flat = torch.from_numpy(positions.reshape(-1)).to(self._device)
        found = inputs.index_select(0, flat).reshape(*positions.shape, *inputs.shape[1:])
        wanted = targets.index_select(0, flat).reshape(*positions.shape, *targets.shape[1:])
        return self._shown(found), wanted

    def slice(self, split: str, begin: int, end: int) -> Tensor:
        """Return a run of the inputs of ``split``, in its order and in the design's shape."""
        return self._shown(super().slice(split, begin, end))

    def _inputs(self, indices: Indices) -> Tensor:
        """Return inputs as they are held: images with their channels last, where the layout is that."""
        found = self._shards.inputs[indices]
        return self._tensor(np.moveaxis(found, -3, -1) if self._channels_last else found)

    def _wanted(self, indices: Indices) -> Tensor:
        return self._tensor(self._targets[indices])

    def _shown(self, held: Tensor) -> Tensor:
        """Return held inputs in the design's shape, without moving anything in memory."""
        return held.movedim(-1, -3) if self._channels_last else held

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
        return tensor.to(self._dtype) if tensor.is_floating_point() else tensor
