"""What may be imported when: Qt alone before the first paint, no charts before the Start room is there."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.composition import ROOMS_AHEAD, import_rooms
from app.desk import Desk
from tests.helpers.source import ROOT

FRAMEWORKS = {"torch", "tensorflow", "jax", "keras", "onnx", "onnxruntime", "scipy", "sklearn"}


def packages_after(statement: str) -> set[str]:
    """Return the packages that a fresh interpreter has imported after ``statement``."""
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import app.main", {"PySide6", "numpy", "typer"}),
        ("import app.window", {"numpy", "pyqtgraph", "tomlkit", "psutil"}),
        ("import app.composition", {"pyqtgraph", "typer", "psutil"}),
        ("import app.composition, widgets.rooms.start", {"pyqtgraph"}),
        ("from app.composition import import_rooms; list(import_rooms(None))", set()),
    ],
)
def test_that_nothing_heavy_is_imported_too_early(statement: str, forbidden: set[str]) -> None:
    assert not packages_after(statement) & (forbidden | FRAMEWORKS)


def test_that_the_rooms_imported_ahead_are_all_rooms_that_the_window_makes_later() -> None:
    assert list(import_rooms(Desk())) == []
    assert all(f"widgets.rooms.{name}" in sys.modules for name in ROOMS_AHEAD)
    assert "pyqtgraph" in sys.modules
