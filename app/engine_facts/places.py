"""Where each engine runs: this interpreter, the environment that Modelwright keeps for it, or another one."""

from __future__ import annotations

import importlib.util
import sys
import threading
from pathlib import Path

from app.home import user_data
from engines.contract.capabilities import EngineRow
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments import chosen
from engines.environments.chosen import OTHER, OWN, THIS
from engines.environments.doctor import THIS_PLACE, Place
from engines.environments.kept import ABSENT, HALF_MADE, OUTDATED, READY, Kept, recover
from engines.registry import engine

_healing = threading.Lock()
"""Who comes second finds it healed."""


def kept_of(name: str) -> Kept:
    """Return the environment that Modelwright keeps for an engine, or would keep."""
    return Kept(name, user_data() / "environments" / name)


def place_of(row: EngineRow) -> Place:
    """Return where the engine runs: as chosen; else its own environment or this one, where it is there."""
    chosen_python = chosen.load(_file()).pythons.get(row.name, "")
    if chosen_python == OWN or (not chosen_python and _is_better_off_alone(row)):
        return Place(OWN, str(kept_of(row.name).python))
    if chosen_python in ("", THIS):
        return THIS_PLACE
    return Place(OTHER, chosen_python)


def python_of(name: str) -> str:
    """Return the interpreter that the engine called ``name`` runs in."""
    row = engine(name)
    return place_of(row).python if row else sys.executable


def missing(row: EngineRow) -> WorkbenchError | None:
    """Return why the engine cannot be expected to start where it runs, None where it can.

    It is not installed, its kept environment is half made, or the interpreter chosen for it is gone.
    """
    place = place_of(row)
    if is_there(row):
        return None
    if place.kind == OTHER:
        return WorkbenchError(ErrorCode.INTERPRETER_GONE, python=place.python)
    kept = kept_of(row.name)
    if place.kind == OWN and kept.state() == HALF_MADE:
        code = ErrorCode.ENVIRONMENT_BUSY if kept.is_busy() else ErrorCode.ENVIRONMENT_HALF_MADE
        return WorkbenchError(code, engine=row.name, title=row.title, folder=str(kept.folder))
    return WorkbenchError(ErrorCode.ENGINE_MISSING, engine=row.name, title=row.title, install=row.install)


def heal(row: EngineRow) -> None:
    """Bring back the kept environment of an engine, where a making that was killed had put it aside.

    Called wherever an engine is about to be used or looked at, from any thread but the GUI's: what was half
    made is deleted. Raises ``ENVIRONMENT_BUSY`` or ``FILE_UNWRITABLE``.
    """
    with _healing:
        if kept_of(row.name).is_recoverable():
            recover(kept_of(row.name))


def is_there(row: EngineRow) -> bool:
    """Tell whether the engine can be expected to start where it runs, without starting anything."""
    place = place_of(row)
    if place.kind == OWN:
        kept = kept_of(row.name)
        return kept.state() in (READY, OUTDATED) or kept.is_recoverable()
    if place.kind == OTHER:
        return Path(place.python).exists()
    return _is_here(row)


def choose(name: str, python: str) -> None:
    """Keep an interpreter's path, ``own`` or ``this`` for an engine; "" leaves it to ``place_of``."""
    chosen.choose(_file(), name, python)


def _is_better_off_alone(row: EngineRow) -> bool:
    if row.own_environment:
        return True
    kept = kept_of(row.name)
    return not _is_here(row) and (kept.state() != ABSENT or kept.has_put_aside)


def _is_here(row: EngineRow) -> bool:
    return importlib.util.find_spec(row.package) is not None


def _file() -> Path:
    return user_data() / "interpreters.json"
