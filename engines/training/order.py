"""The order in which samples are seen, and how an epoch is cut into batches."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engines.training.words import words


def epoch_order(n: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """Return a permutation of ``range(n)`` for one epoch (from 0): sort by raw random words."""
    return np.argsort(words(n, seed, f"order/{epoch}"), kind="stable").astype(np.int64)


def batch_shape(n: int, batch_size: int) -> tuple[int, int]:
    """Return steps an epoch and samples a step.

    The last, partial batch of an epoch is left out (another epoch's order brings its samples); a data set
    smaller than a batch makes one batch of all.
    """
    size = min(n, batch_size)
    return (n // size if size else 0), size


def epoch_batches(n: int, batch_size: int, seed: int, epoch: int) -> npt.NDArray[np.int64]:
    """Return the positions of one epoch's samples, ``(steps, batch)``."""
    steps, size = batch_shape(n, batch_size)
    return epoch_order(n, seed, epoch)[: steps * size].reshape(steps, size)
