"""Projects: folders of plain files. What is shown is the design that was worked on last."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import read_bytes
from engines.contract.views import GraphView
from engines.exchange import design_json
from engines.exchange.sniff import Look

FILE = "project.toml"


def match(look: Look) -> bool:
    """Tell whether it is a project's folder, or the file in it that names the project."""
    return (look.path / FILE).is_file() if look.is_folder else look.path.name == FILE


def open_graph(path: Path) -> GraphView:
    """Show the project's current design.

    Raises:
        WorkbenchError: ``PROJECT_UNREADABLE``, ``DESIGN_NOT_IN_PROJECT``, or what the design's file raises.
    """
    folder = path.parent if path.name == FILE else path
    document = _parse(folder / FILE)
    designs = sorted(file.stem for file in (folder / "designs").glob("*.json"))
    runs = sum(1 for run in (folder / "runs").glob("*/run.json"))
    chosen = str(document.get("design", ""))
    chosen = chosen if chosen in designs else next(iter(designs), "")
    if not chosen:
        raise WorkbenchError(ErrorCode.DESIGN_NOT_IN_PROJECT, design="", path=str(folder), known="")
    view = design_json.open_graph(folder / "designs" / f"{chosen}.json")
    facts = {
        "project": str(document.get("name", folder.name)),
        "designs": ", ".join(designs),
        "runs": str(runs),
    }
    return replace(view, format="project", facts={**facts, **view.facts})


def _parse(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(read_bytes(path).decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkbenchError(ErrorCode.PROJECT_UNREADABLE, path=str(path), why=str(error)) from error
