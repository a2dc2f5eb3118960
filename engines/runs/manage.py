"""Rename a run; throw a run or a comparison into the project's bin, take it back, look into it, empty it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import make_folder, sync_folder, unwritable
from engines.runs.engine_comparison import COMPARISONS
from engines.runs.listing import RUNS
from engines.training import manifest
from engines.training.lock import is_locked
from engines.training.run_folder import RUN, change_run

BIN = ".bin"


def rename_run(run: Path | str, title: str) -> None:
    """Give a run another title; its folder and id stay."""
    folder = Path(run)
    with manifest.changing(folder, RUN):
        change_run(folder, title=title.strip())


def delete_run(run: Path | str) -> Path:
    """Move a run into its project's bin; return where it is now.

    Raises:
        WorkbenchError: ``RUN_BUSY`` while it is being trained; ``FILE_UNWRITABLE``.
    """
    folder = Path(run)
    return _bin(folder, folder.parent.parent / BIN)


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
    return _bin(folder, folder.parent.parent / BIN / COMPARISONS)


def restore_comparison(binned: Path | str) -> Path:
    """Take a comparison back out of the bin; return where it is now."""
    folder = Path(binned)
    return _move(folder, folder.parents[2] / COMPARISONS)


@dataclass(frozen=True)
class BinContent:
    """What lies in a project's bin: how many runs and comparisons, and the bytes of all their files."""

    runs: int = 0
    comparisons: int = 0
    bytes: int = 0


def look_into_bin(project_folder: Path | str) -> BinContent:
    """Return what a project's bin holds."""
    folder = Path(project_folder) / BIN
    comparisons = len(_folders(folder / COMPARISONS))
    runs = len([one for one in _folders(folder) if one.name != COMPARISONS])
    return BinContent(runs, comparisons, sum(map(_size, folder.rglob("*"))))


def empty_bin(project_folder: Path | str) -> None:
    """Remove every run and every comparison in a project's bin for good; raises ``FILE_UNWRITABLE``."""
    folder = Path(project_folder) / BIN
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except OSError as fault:
        raise unwritable(folder, fault) from fault


def _folders(folder: Path) -> list[Path]:
    return [one for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []


def _size(path: Path) -> int:
    with suppress(OSError):  # it goes away while somebody empties the bin
        return path.stat().st_size if path.is_file() else 0
    return 0


def _bin(folder: Path, into: Path) -> Path:
    if is_locked(folder):
        raise WorkbenchError(ErrorCode.RUN_BUSY, path=str(folder))
    return _move(folder, into)


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
