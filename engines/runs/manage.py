"""Rename a run; throw a run or a comparison into the project's bin, take it back, empty the bin."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder, sync_folder, unwritable
from engines.runs.engine_comparison import COMPARISONS
from engines.runs.listing import RUNS, RunSummary, summarize
from engines.training import manifest
from engines.training.lock import is_locked
from engines.training.run_folder import RUN, read_run, write_record

BIN = ".bin"


def rename_run(run: Path | str, title: str) -> None:
    """Give a run another title; its folder and id stay."""
    folder = Path(run)
    with manifest.changing(folder, RUN):
        write_record(folder / RUN, replace(read_run(folder), title=title.strip()))


def delete_run(run: Path | str) -> Path:
    """Move a run into its project's bin; return where it is now.

    Raises:
        WorkbenchError: ``RUN_BUSY`` while it is being trained; ``FILE_UNWRITABLE``.
    """
    folder = Path(run)
    if is_locked(folder):
        raise WorkbenchError(ErrorCode.RUN_BUSY, path=str(folder))
    return _move(folder, folder.parent.parent / BIN)


def restore_run(binned: Path | str) -> Path:
    """Take a run back out of the bin; return where it is now."""
    folder = Path(binned)
    return _move(folder, folder.parent.parent / RUNS)


def delete_comparison(comparison: Path | str) -> Path:
    """Move a comparison of engines into its project's bin, its runs stay; return where it is now.

    Raises:
        WorkbenchError: ``RUN_BUSY`` while somebody works on it; ``FILE_UNWRITABLE``.
    """
    folder = Path(comparison)
    if is_locked(folder):
        raise WorkbenchError(ErrorCode.RUN_BUSY, path=str(folder))
    return _move(folder, folder.parent.parent / BIN / COMPARISONS)


def restore_comparison(binned: Path | str) -> Path:
    """Take a comparison back out of the bin; return where it is now."""
    folder = Path(binned)
    return _move(folder, folder.parents[2] / COMPARISONS)


def list_bin(project_folder: Path | str) -> list[RunSummary]:
    """Return the runs in a project's bin."""
    return [summarize(path.parent) for path in sorted((Path(project_folder) / BIN).glob(f"*/{RUN}"))]


def purge(binned: Path | str) -> None:
    """Remove a run or a comparison in the bin for good; what lies outside a bin is left alone.

    Raises:
        WorkbenchError: ``NOT_A_RUN`` for what is not in a bin; ``FILE_UNWRITABLE``.
    """
    folder = Path(binned)
    if BIN not in (folder.parent.name, folder.parent.parent.name):
        raise WorkbenchError(ErrorCode.NOT_A_RUN, path=str(folder))
    try:
        shutil.rmtree(folder)
    except OSError as fault:
        raise unwritable(folder, fault) from fault


def empty_bin(project_folder: Path | str) -> None:
    """Remove every run and every comparison in a project's bin for good."""
    for run in list_bin(project_folder):
        purge(run.path)
    for comparison in (Path(project_folder) / BIN / COMPARISONS).glob("*/"):
        purge(comparison)


def _move(folder: Path, into: Path) -> Path:
    make_folder(into)
    target, number = into / folder.name, 2
    while target.exists():
        target, number = into / f"{folder.name}-{number}", number + 1
    try:
        folder.rename(target)
        sync_folder(into)
    except OSError as fault:
        raise unwritable(folder, fault) from fault
    return target
