"""Random numbers that are the same on every engine, platform and NumPy: raw words of Philox 4x64.

NumPy promises the words of its bit generators across versions, not what its distributions make of them.
Source: Salmon et al., Parallel random numbers: as easy as 1, 2, 3 (2011).
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]


def words(count: int, seed: int, purpose: str, first_block: int = 0) -> Words:
    """Return ``count`` words of the stream of ``seed`` and ``purpose``, from block ``first_block`` on.

    A block is four words, so that a stream can be entered anywhere.
    """
    stream = int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little")
    key = np.array([seed & 0xFFFF_FFFF_FFFF_FFFF, stream], np.uint64)
    return np.random.Philox(counter=first_block, key=key).random_raw(count).astype(np.uint64, copy=False)


def step_seeds(seed: int, purpose: str, first_step: int, count: int) -> list[int]:
    """Return one 63-bit seed a step, the same wherever a run is entered."""
    blocks = words(4 * count, seed, purpose, first_step)[::4]
    return [int(word) >> 1 for word in blocks]


def uniform(drawn: Words) -> npt.NDArray[np.float64]:
    """Return words as numbers above 0 and up to 1, 53 bits each."""
    return ((drawn >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normal(count: int, seed: int, purpose: str) -> npt.NDArray[np.float64]:
    """Return ``count`` standard normal numbers by the transform of Box and Muller (1958)."""
    pairs = (count + 1) // 2
    both = uniform(words(2 * pairs, seed, purpose))
    radius = np.sqrt(-2.0 * np.log(both[:pairs]))
    angle = 2.0 * np.pi * both[pairs:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]
