"""The waves of the sinusoidal positional encoding, one table for every engine and exporter."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

LONGEST = 10000.0


def sinusoids(time: int, features: int) -> npt.NDArray[np.float64]:
    """Return ``(time, features)``: sin(t / w) in feature 2i, cos(t / w) in 2i + 1, w = 10000^(2i / features).

    Source: Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762
    """
    even = np.arange(features) // 2 * 2
    angles = np.arange(time)[:, None] / LONGEST ** (even / features)
    return np.where(np.arange(features) % 2 == 0, np.sin(angles), np.cos(angles))
