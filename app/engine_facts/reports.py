"""What each engine said of itself when it was last asked, so that the next window can show it at once.

A report belongs to the interpreter that gave it: it is shown only while the engine runs there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.engine_facts.places import python_of
from app.home import user_cache
from engines.contract.capabilities import EngineReport
from engines.contract.errors import WorkbenchError
from engines.contract.files import make_folder, write_text_atomic
from engines.contract.records import from_plain, to_plain


@dataclass(frozen=True)
class _Entry:
    python: str
    report: EngineReport


@dataclass(frozen=True)
class _Kept:
    entries: tuple[_Entry, ...] = ()
    version: int = 2


def load_reports() -> dict[str, EngineReport]:
    """Return by engine what it said where it runs; none where the file is missing or cannot be read."""
    return {
        entry.report.engine: entry.report
        for entry in _load()
        if entry.python == python_of(entry.report.engine)
    }


def save_reports(reports: Mapping[str, EngineReport]) -> None:
    """Keep what engines said where they run; raises ``FILE_UNWRITABLE`` or ``DISK_FULL``."""
    fresh = {(python_of(name), name): report for name, report in reports.items()}
    there = {(entry.python, entry.report.engine): entry.report for entry in _load()}
    elsewhere = {key: report for key, report in there.items() if key[0] != python_of(key[1])}
    entries = tuple(_Entry(python, report) for (python, _), report in {**elsewhere, **fresh}.items())
    make_folder(_file().parent)
    write_text_atomic(_file(), json.dumps(to_plain(_Kept(entries)), indent=1))


def _load() -> tuple[_Entry, ...]:
    try:
        kept: _Kept = from_plain(_Kept, json.loads(_file().read_bytes()))
    except (OSError, ValueError, WorkbenchError):
        return ()
    return kept.entries


def _file() -> Path:
    return user_cache() / "engines.json"
