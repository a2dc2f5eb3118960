"""The digits, prepared as the workbench does."""

from __future__ import annotations

from pathlib import Path

from engines.contract.events import Answer
from engines.contract.jobs import PrepareDataJob
from engines.contract.spec import DataManifest
from engines.data.prepare import run as prepare
from engines.training.control import ControlFlags


def digits_in(home: Path) -> tuple[Path, DataManifest]:
    """Return the folder and the manifest of the digits, prepared under ``home``."""
    events = prepare(PrepareDataJob(source="digits", folder=str(home)), ControlFlags())
    manifest = next(event.record for event in events if isinstance(event, Answer))
    assert isinstance(manifest, DataManifest)
    return home / manifest.digest, manifest
