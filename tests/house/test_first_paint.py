"""What may be imported when: Qt alone before the first paint, no charts before the Start room is there."""

from __future__ import annotations

import sys

import pytest

from app.composition import ROOMS_AHEAD, import_rooms
from app.desk import Desk
from tests.helpers.source import run_python

FRAMEWORKS = {"torch", "tensorflow", "jax", "keras", "onnx", "onnxruntime", "scipy", "sklearn"}


STEPS = (
    ("import app.main", {"PySide6", "numpy", "typer"}),
    ("import app.window", {"numpy", "pyqtgraph", "tomlkit", "psutil"}),
    ("import app.composition", {"pyqtgraph", "typer", "psutil"}),
    ("import widgets.rooms.start", {"pyqtgraph"}),
    ("from app.composition import import_rooms; list(import_rooms(None))", set()),
)
"""What is imported one after the other, and what is not there after each."""


@pytest.fixture(scope="module")
def packages() -> list[set[str]]:
    """Return the packages that one fresh interpreter has imported after each step."""
    show = "print(*{name.split('.')[0] for name in sys.modules})"
    code = "\n".join(["import sys", *(f"{statement}; {show}" for statement, _ in STEPS)])
    return [set(line.split()) for line in run_python(code).splitlines()]


@pytest.mark.parametrize("step", range(len(STEPS)), ids=[statement for statement, _ in STEPS])
def test_that_nothing_heavy_is_imported_too_early(packages: list[set[str]], step: int) -> None:
    assert not packages[step] & (STEPS[step][1] | FRAMEWORKS)


def test_that_the_rooms_imported_ahead_are_all_rooms_that_the_window_makes_later() -> None:
    assert list(import_rooms(Desk())) == []
    assert all(f"widgets.rooms.{name}" in sys.modules for name in ROOMS_AHEAD)
    assert "pyqtgraph" in sys.modules
