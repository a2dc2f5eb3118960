"""What PyTorch can follow of a recipe, and what this machine lacks for it."""

from __future__ import annotations

import os
import shutil
import sys

from engines.training.abilities import Abilities

ABILITIES = Abilities(
    "PyTorch",
    precisions=("fp32", "fp64", "tf32", "bf16", "fp16"),
    modes=("eager", "compiled"),
    layouts=("channels_first", "channels_last"),
    compiling={"compiled": 15.0},
)
_COMPILERS = {"darwin": "clang++", "win32": "cl"}


def lacking() -> dict[str, str]:
    """Return the modes that do not go here, with the reason: ``torch.compile`` wants a C++ compiler."""
    compiler = os.environ.get("CXX") or _COMPILERS.get(sys.platform, "g++")
    return {} if shutil.which(compiler) else {"compiled": "no_compiler"}
