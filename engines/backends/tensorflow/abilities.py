"""What TensorFlow can follow of a recipe."""

from __future__ import annotations

from engines.training.abilities import Abilities

ABILITIES = Abilities(
    "TensorFlow",
    precisions=("fp32", "fp64", "tf32", "bf16", "fp16"),
    modes=("graph", "eager", "xla"),
    layouts=("channels_last",),
    compiling={"graph": 1.0, "xla": 4.0},
    lasting_threads=True,
)
