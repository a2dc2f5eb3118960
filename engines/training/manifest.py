"""The SHA-256 of every file of a run, since formats do not notice a flipped bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import SUFFIX, sha256_of, write_text_atomic
from engines.contract.records import from_plain, to_plain
from engines.training.lock import alone

NAME = "manifest.json"
MOVING = ("run.json", "events.jsonl", "metrics/", "checkpoints/", "artifacts/")
"""What still changes while a run goes on; hashed when it ends. Checkpoints carry their own hash."""


@dataclass(frozen=True)
class Manifest:
    """Path in the run folder (with ``/``) to SHA-256; ``digest`` is that of the table itself."""

    kind: ClassVar[str] = "run_manifest"
    files: Mapping[str, str]
    digest: str
    version: int = 1


def write(folder: Path, moving: bool = False) -> None:
    """Write the manifest; ``moving`` leaves out what still changes.

    What does not move keeps the hash it had, so that a bit flipped meanwhile is still found.
    """
    with alone(folder):
        known = _settled(folder)
        files = {}
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if _counts(path, name) and not (moving and name.startswith(MOVING)):
                files[name] = known.get(name) or sha256_of(path)
        _store(folder, files)


def loosen(folder: Path) -> None:
    """Take out what will change, since the run goes on."""
    write(folder, moving=True)


def _settled(folder: Path) -> dict[str, str]:
    try:
        files = read(folder).files
    except WorkbenchError:
        return {}
    return {name: value for name, value in files.items() if not name.startswith(MOVING)}


@contextmanager
def changing(folder: Path, *names: str) -> Iterator[None]:
    """Let files change: a kill meanwhile leaves them unlisted, never with a hash that is not theirs.

    What is new comes in only where the run has ended: before, its moving files are not listed.
    """
    with alone(folder):
        known = read(folder).files
        _store(folder, {name: value for name, value in known.items() if name not in names})
    try:
        yield
    finally:
        with alone(folder):
            now = read(folder).files  # the run may have ended meanwhile
            ended = "run.json" in {**known, **now}
            listed = names if ended else [name for name in names if name in known]
            found = {name: sha256_of(folder / name) for name in listed if (folder / name).is_file()}
            _store(folder, dict(sorted({**now, **found}.items())))


def _store(folder: Path, files: Mapping[str, str]) -> None:
    record = Manifest(files, _digest(files))
    write_text_atomic(folder / NAME, json.dumps(to_plain(record), indent=1) + "\n")


def _counts(path: Path, name: str) -> bool:
    return path.is_file() and name != NAME and not path.name.startswith(".") and not name.endswith(SUFFIX)


def _digest(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()


def read(folder: Path) -> Manifest:
    """Read the manifest.

    Raises:
        WorkbenchError: ``FILE_MISSING`` or ``FILE_DAMAGED`` naming the manifest itself.
    """
    path = folder / NAME
    if not path.exists():
        raise WorkbenchError(ErrorCode.FILE_MISSING, path=str(path))
    try:
        record = from_plain(Manifest, json.loads(path.read_bytes()))
    except (ValueError, WorkbenchError) as error:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why=str(error)) from error
    if _digest(record.files) != record.digest:
        raise WorkbenchError(ErrorCode.FILE_DAMAGED, path=str(path), why="SHA-256")
    return record
