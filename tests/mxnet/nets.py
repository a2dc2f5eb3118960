"""Designs for MXNet's own tests."""

from __future__ import annotations

from typing import Any

from engines.contract.spec import GraphSpec
from engines.design.freeze import freeze
from tests.design.builders import chain


def sequential(*rows: tuple[str, dict[str, Any]]) -> GraphSpec:
    """Return a design on the digits of layers one after another, a dense one of ten units last."""
    layers = enumerate([*rows, ("flatten", {}), ("dense", {"units": 10})])
    named = [(kind, f"{kind}_{number}", settings) for number, (kind, settings) in layers]
    return freeze(chain(("input", "input", {"shape": (1, 8, 8)}), *named, name="sequential"))
