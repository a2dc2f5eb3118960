"""The code of one layer in plain PyTorch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Written:
    """``module`` constructs what is kept in ``self`` ("" for nothing); ``call`` computes the value, with
    ``{0}``, ``{1}`` … for the inputs and ``{self}`` for the module; ``helper`` names a block of code."""

    module: str = ""
    call: str = "{self}({0})"
    helper: str = ""
