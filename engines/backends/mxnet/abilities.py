"""What MXNet can follow of a recipe."""

from __future__ import annotations

from engines.training.abilities import Abilities

ABILITIES = Abilities(
    "MXNet",
    precisions=("fp32", "fp64"),
    modes=("hybridized", "imperative"),
    layouts=("channels_first",),
)
"""Hybridized: one graph in memory that is laid out once. Imperative: operation by operation."""
