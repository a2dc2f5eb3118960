"""Which interpreter each engine runs in: one small file, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engines.contract.errors import WorkbenchError
from engines.contract.files import make_folder, write_text_atomic
from engines.contract.records import from_plain, to_plain

THIS = "this"
"""The interpreter that Modelwright itself runs in."""
OWN = "own"
"""The environment that Modelwright keeps for the engine."""
OTHER = "other"
"""Any other interpreter of this machine; what stands in the file is its path."""


@dataclass(frozen=True)
class Choices:
    """``pythons`` maps an engine to ``this``, ``own`` or the path of an interpreter."""

    pythons: Mapping[str, str] = field(default_factory=dict)
    version: int = 1


def load(file: Path) -> Choices:
    """Read the choices; none where there is no such file or it cannot be read."""
    try:
        choices: Choices = from_plain(Choices, json.loads(file.read_bytes()))
    except (OSError, ValueError, WorkbenchError):
        return Choices()
    return choices


def choose(file: Path, engine: str, python: str) -> None:
    """Keep ``python`` for ``engine``; "" forgets what was chosen.

    Raises:
        WorkbenchError: ``FILE_UNWRITABLE`` or ``DISK_FULL``; what was chosen before stays.
    """
    pythons = {name: kept for name, kept in load(file).pythons.items() if name != engine}
    if python:
        pythons[engine] = python
    make_folder(file.parent)
    write_text_atomic(file, json.dumps(to_plain(Choices(pythons)), indent=1) + "\n")
