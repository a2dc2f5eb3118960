"""The samples on the device: whole splits where they fit, otherwise gathered chunk by chunk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engines.backends.torch.devices import fits_on
from engines.training.evaluation import shape_targets
from engines.training.shards import Shards

Pair = tuple[Tensor, Tensor]


class Samples:
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
        self._shards, self._device, self._dtype = shards, device, dtype
        self._channels_last = layout == "channels_last" and shards.inputs.ndim == 4
        self._targets = shape_targets(shards.targets, output_shape, loss)
        self._resident = fits_on(device, shards.inputs.nbytes + self._targets.nbytes)
        self._whole: dict[str, Pair] = {}

    def count(self, split: str) -> int:
        """Return the number of samples of ``split``."""
        return len(self._indices[split])

    @property
    def _indices(self) -> Mapping[str, npt.NDArray[np.int64]]:
        return self._shards.indices

    def batches(self, split: str, positions: npt.NDArray[np.int64]) -> Pair:
        """Return the samples at ``positions`` (any shape) in ``split``, gathered in one go."""
        if not self._resident:
            found, wanted = self._gathered(self._indices[split][positions])
            return self._shown(found), wanted
        inputs, targets = self._split(split)
        flat = torch.from_numpy(positions.reshape(-1)).to(self._device)
        found = inputs.index_select(0, flat).reshape(*positions.shape, *inputs.shape[1:])
        wanted = targets.index_select(0, flat).reshape(*positions.shape, *targets.shape[1:])
        return self._shown(found), wanted

    def slice(self, split: str, begin: int, end: int) -> Tensor:
        """Return a run of the inputs of ``split``, in its order."""
        if self._resident:
            return self._shown(self._split(split)[0][begin:end])
        return self._shown(self._inputs(self._indices[split][begin:end]))

    def _split(self, split: str) -> Pair:
        if split not in self._whole:
            self._whole[split] = self._gathered(self._indices[split])
        return self._whole[split]

    def _gathered(self, indices: npt.NDArray[np.int64]) -> Pair:
        return self._inputs(indices), self._tensor(self._targets[indices])

    def _inputs(self, indices: npt.NDArray[np.int64]) -> Tensor:
        """Return inputs as they are held: images with their channels last, where the layout is that."""
        found = self._shards.inputs[indices]
        return self._tensor(np.moveaxis(found, -3, -1) if self._channels_last else found)

    def _shown(self, held: Tensor) -> Tensor:
        """Return held inputs in the design's shape, without moving anything in memory."""
        return held.movedim(-1, -3) if self._channels_last else held

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array)).to(self._device)
        return tensor.to(self._dtype) if tensor.is_floating_point() else tensor
