"""What JAX can follow of a recipe."""

from __future__ import annotations

from engines.training.abilities import Abilities

ABILITIES = Abilities(
    title="JAX",
    precisions=("fp32", "fp64", "tf32", "bf16", "fp16"),
    modes=("jit",),
    layouts=("channels_last",),
    compiling={"jit": 3.0},
    lasting_threads=True,
)
