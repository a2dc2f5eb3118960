"""Designs for MXNet's own tests."""

from __future__ import annotations

from typing import Any

from engines.contract.spec import GraphSpec
from engines.design.document import Design
from engines.design.freeze import freeze


def sequential(*rows: tuple[str, dict[str, Any]]) -> GraphSpec:
    """Return a design on the digits of layers one after another, a dense one of ten units last."""
    design = Design("sequential")
    design.add("input", "input", {"shape": (1, 8, 8)})
    before = "input"
    for number, (kind, settings) in enumerate([*rows, ("flatten", {}), ("dense", {"units": 10})]):
        name = f"{kind}_{number}"
        design.add(kind, name, settings)
        design.connect(before, name)
        before = name
    return freeze(design)
