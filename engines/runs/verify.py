"""Whether a run's files are what was written: by the manifest, and by each checkpoint's own hash."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import sha256_of
from engines.training import manifest
from engines.training.checkpoints import list_checkpoints, load_checkpoint
from engines.training.run_folder import CHECKPOINTS


@dataclass(frozen=True)
class Finding:
    """One file that is not as it was written; ``problem``: changed, missing."""

    path: str
    problem: str


def verify(run: Path | str) -> tuple[Finding, ...]:
    """Return every file of the run that changed or is missing; none means all are whole.

    While a run goes on, its moving files are not yet in the manifest; its checkpoints are looked at.
    """
    folder = Path(run)
    try:
        files = manifest.read(folder).files
    except WorkbenchError as error:
        return (Finding(manifest.NAME, _problem(error)), *_checkpoints(folder, set()))
    found = []
    for name, digest in files.items():
        path = folder / name
        if not path.is_file():
            found.append(Finding(name, "missing"))
        elif sha256_of(path) != digest:
            found.append(Finding(name, "changed"))
    return (*found, *_checkpoints(folder, set(files)))


def _checkpoints(folder: Path, known: set[str]) -> tuple[Finding, ...]:
    found = []
    for path in list_checkpoints(folder / CHECKPOINTS) + list_checkpoints(folder / CHECKPOINTS, "best"):
        if path.relative_to(folder).as_posix() in known:
            continue
        try:
            load_checkpoint(path)
        except WorkbenchError as error:
            name = Path(str(error.facts.get("path", path))).relative_to(folder).as_posix()
            found.append(Finding(name, _problem(error)))
    return tuple(found)


def _problem(error: WorkbenchError) -> str:
    return "missing" if error.code is ErrorCode.FILE_MISSING else "changed"
