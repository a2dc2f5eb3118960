"""What each engine said of itself when it was last asked, so that the next window can show it at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.home import user_cache
from engines.contract.capabilities import EngineReport
from engines.contract.errors import WorkbenchError
from engines.contract.files import make_folder, write_text_atomic
from engines.contract.records import from_plain, to_plain


@dataclass(frozen=True)
class _Kept:
    reports: tuple[EngineReport, ...] = ()
    version: int = 1


def load_reports() -> dict[str, EngineReport]:
    """Return the kept reports by engine; none where the file is missing or cannot be read."""
    try:
        kept = from_plain(_Kept, json.loads(_file().read_bytes()))
    except (OSError, ValueError, WorkbenchError):
        return {}
    return {report.engine: report for report in kept.reports}


def save_reports(reports: Mapping[str, EngineReport]) -> None:
    """Keep the reports; raises ``FILE_UNWRITABLE`` or ``DISK_FULL``."""
    make_folder(_file().parent)
    write_text_atomic(_file(), json.dumps(to_plain(_Kept(tuple(reports.values()))), indent=1))


def _file() -> Path:
    return user_cache() / "engines.json"
