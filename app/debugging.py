"""What a debugged run is: one step at a time, run so that breakpoints are met, open to an editor."""

from __future__ import annotations

import json
from dataclasses import replace

from app.messages import words
from engines.contract.capabilities import EngineRow
from engines.contract.events import Listening
from engines.contract.spec import Recipe
from engines.registry import engine

STEPWISE = ("eager", "imperative")
"""Ways to run in which every line of Python is passed in every step; where an engine has none of them,
breakpoints are met while its graph is traced."""


def stepwise(recipe: Recipe, row: EngineRow) -> Recipe:
    """Return the recipe as a person at a breakpoint wants it: one step a chunk, nothing measured before."""
    mode = next((mode for mode in STEPWISE if mode in row.modes), recipe.run_mode)
    return replace(recipe, run_mode=mode, chunk_steps=1, threads=recipe.threads or 1)


def launch_json(host: str, port: int) -> str:
    """Return what goes into ``.vscode/launch.json`` to attach there."""
    attach = {
        "name": "Modelwright: attach to the run",
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": host, "port": port},
        "justMyCode": False,
    }
    return json.dumps({"version": "0.2.0", "configurations": [attach]}, indent=2)


def how_to_attach(event: Listening) -> str:
    """Return in full how an editor attaches, to be copied."""
    return words.ATTACH.format(
        host=event.host, port=event.port, launch_json=launch_json(event.host, event.port)
    )


def traced(name: str) -> bool:
    """Tell whether the engine passes a layer's Python only while it traces it."""
    row = engine(name)
    return row is not None and bool(row.modes) and not set(row.modes) & set(STEPWISE)
