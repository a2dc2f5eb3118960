"""The runs of a project."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engines.contract.errors import WorkbenchError
from engines.training.lock import is_locked
from engines.training.run_folder import RUN, RunRecord, read_run

RUNS = "runs"


@dataclass(frozen=True)
class RunSummary:
    """One run of a list. ``state``: running, paused, finished, stopped, failed, interrupted (its process
    died), damaged (``record`` is None, ``why`` names the file)."""

    path: Path
    state: str
    record: RunRecord | None = None
    why: str = ""


def summarize(folder: Path) -> RunSummary:
    """Return one run's line."""
    try:
        stat = (folder / RUN).stat()
        record = _read(folder, stat.st_ino, stat.st_mtime_ns, stat.st_size)
    except (OSError, WorkbenchError) as error:
        facts = error.facts if isinstance(error, WorkbenchError) else {}
        return RunSummary(folder, "damaged", None, str(facts.get("path", folder)))
    living = record.state in ("running", "paused")
    state = "interrupted" if living and not is_locked(folder) else record.state
    return RunSummary(folder, state, record)


@lru_cache(maxsize=1 << 16)
def _read(folder: Path, *mark: int) -> RunRecord:
    """Read a run's record again only where its file is another one: lists are long and often asked for."""
    return read_run(folder)


def list_runs(project_folder: Path | str) -> list[RunSummary]:
    """Return the runs of a project, newest first; damaged ones last."""
    folders = (Path(project_folder) / RUNS).glob(f"*/{RUN}")
    runs = [summarize(path.parent) for path in folders]
    return sorted(runs, key=lambda run: (run.record.created if run.record else "", run.path.name))[::-1]
