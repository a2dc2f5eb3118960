"""A scaled loss, so that small gradients survive float16: the rule that every engine follows.

The factor is halved where a gradient overflowed, and that step is left out; after so many good steps it is
doubled, as PyTorch's ``GradScaler`` has it. Source: Micikevicius et al., Mixed precision training (2018),
section 3.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy.typing as npt

FIRST, GROWTH_STEPS = 65536.0, 2000
SCALE, GOOD_STEPS, SKIPPED = "engine/loss_scale", "engine/loss_scale_steps", "engine/skipped_steps"
"""What a checkpoint keeps: the factor, steps since it changed, steps that overflowed."""


def skipped_steps(arrays: Mapping[str, npt.NDArray[Any]]) -> int:
    """Return how many steps a checkpoint's optimizer left out; 0 where its loss was not scaled."""
    return int(arrays[SKIPPED][0]) if SKIPPED in arrays else 0
