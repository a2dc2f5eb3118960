"""Epochs much shorter than a chunk may be: several are trained before their figures are looked at.

What the loop does for an epoch beside training it costs less for many at once. Where a stretch of epochs
ends changes no number: each is a chunk of its own, and is judged as if it had come alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engines.contract.spec import Recipe
from engines.training.early_stopping import EarlyStopping
from engines.training.plan import CHUNK_SECONDS
from engines.training.trainer import Arrays

MOST_EPOCHS = 64


class EpochDone(NamedTuple):
    """A trained epoch: its steps' values, and where it is validated the outputs and the weights."""

    values: dict[str, npt.NDArray[np.floating[Any]]]
    outputs: npt.NDArray[np.floating[Any]] | None
    weights: Arrays

    @property
    def finite(self) -> bool:
        """Whether each step's loss is a number, in single precision, too."""
        return bool(np.isfinite(self.values["loss"].astype(np.float32, copy=False)).all())


def joined(epochs: Sequence[EpochDone]) -> dict[str, npt.NDArray[np.floating[Any]]]:
    """Return the values of all their steps, one after another."""
    return {name: np.concatenate([epoch.values[name] for epoch in epochs]) for name in epochs[0].values}


def epochs_at_once(seconds: float, recipe: Recipe, epoch: int, stopping: EarlyStopping, save: bool) -> int:
    """Return how many epochs of ``seconds`` may come from ``epoch`` on before somebody has to look.

    A chunk's time at most, and none beyond the one that may end the run's patience; where it is time to
    ``save``, none beyond the next one that is to be saved. A chunk's length that a person chose is kept.
    """
    if recipe.chunk_steps:
        return 1
    counts = [MOST_EPOCHS, round(CHUNK_SECONDS / max(seconds, 1e-9))]
    if recipe.patience:
        counts.append(recipe.patience - stopping.waited)
    if save and recipe.checkpoint_every:
        counts.append(recipe.checkpoint_every - epoch % recipe.checkpoint_every)
    return max(1, min(counts))
