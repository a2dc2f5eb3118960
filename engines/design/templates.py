"""Templates: designs to start from, with the data and recipe that they work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import read_bytes
from engines.contract.spec import Recipe
from engines.design import storage
from engines.design.arrange import Drawing, drawing
from engines.design.document import Design, Snapshot

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "templates"
ORDER = (
    *("digits-cnn", "digits-mlp", "digits-resnet", "digits-lstm", "digits-gru", "digits-transformer"),
    *("breast-cancer", "diabetes"),
)


@dataclass(frozen=True)
class Template:
    """One row of the Start page; ``snapshot`` is the design, ``drawing`` its small picture."""

    name: str
    title: str
    description: str
    data: str
    recipe: Recipe
    snapshot: Snapshot
    drawing: Drawing

    def design(self) -> Design:
        """Return a fresh design of one's own."""
        design = Design(self.snapshot.name)
        design.restore(self.snapshot)
        return design


def open_design(name_or_path: str) -> Design:
    """Return a fresh design from a template's name or a file's path.

    Raises:
        WorkbenchError: ``DESIGN_UNKNOWN``, or what ``storage.load`` raises.
    """
    if name_or_path in TEMPLATES:
        return TEMPLATES[name_or_path].design()
    path = Path(name_or_path)
    if path.suffix == ".json" or path.is_file():
        return storage.load(path)
    raise WorkbenchError(ErrorCode.DESIGN_UNKNOWN, name=name_or_path, templates=", ".join(TEMPLATES))


def _place(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def _read(path: Path) -> Template:
    data = storage.parse(read_bytes(path), str(path))
    design = storage.build(data, str(path))
    return Template(
        name=path.stem,
        title=data["title"],
        description=data["description"],
        data=design.data,
        recipe=design.recipe,
        snapshot=design.snapshot(),
        drawing=drawing(design),
    )


TEMPLATES: Mapping[str, Template] = {
    path.stem: _read(path) for path in sorted(FOLDER.glob("*.json"), key=lambda path: _place(path.stem))
}
"""Every template by name, in the order in which the Start page shows them.

A template is ``resources/templates/NAME.json``: a design's file with ``title`` and ``description``.
"""
