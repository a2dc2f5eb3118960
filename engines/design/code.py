"""Designs as code that runs without the workbench; one row an engine."""

from __future__ import annotations

from collections.abc import Callable

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, Recipe
from engines.design.torch_code import write_torch

WRITERS: dict[str, Callable[[GraphSpec, Recipe], str]] = {"torch": write_torch}
"""Who writes the code of each engine."""


def write_code(spec: GraphSpec, recipe: Recipe, engine: str = "torch") -> str:
    """Return a Python script that builds and trains ``spec``.

    Raises:
        WorkbenchError: ``DESIGN_CODE_ENGINE`` where nobody writes this engine's code, ``RECIPE_INVALID``.
    """
    writer = WRITERS.get(engine)
    if writer is None:
        raise WorkbenchError(ErrorCode.DESIGN_CODE_ENGINE, engine=engine, known=", ".join(WRITERS))
    return writer(spec, recipe)
