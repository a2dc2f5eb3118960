"""The fake engine's model: the workbench's own initial weights, and nothing that computes."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from engines.contract.spec import GraphSpec
from engines.training.initial_weights import initial_weights


def build(spec: GraphSpec, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays of ``spec`` by their canonical names."""
    return dict(initial_weights(spec, seed))
