"""What each process may hold: engines need no Qt, and the window's process no framework."""

from __future__ import annotations

import json
import os

import pytest

from engines.registry import ENGINES
from tests.helpers.engine_pythons import has_builds, python_of
from tests.helpers.source import modules, run_python

HEAVY = ("torch", "tensorflow", "keras", "jax", "mxnet", "onnxruntime", "sklearn", "onnx")

BACKENDS = tuple(row.name for row in ENGINES if row.visible and row.trains)

WITHOUT_QT = """
import importlib, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("PySide6", "shiboken6", "pyqtgraph", "app", "widgets"):
            raise ModuleNotFoundError(f"{name} is not here", name=name)

sys.meta_path.insert(0, Absent())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""

HELD = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def held_by(*names: str) -> set[str]:
    return set(json.loads(run_python(HELD, *names).splitlines()[-1]))


def test_that_all_of_engines_can_be_imported_where_qt_is_not_installed() -> None:
    run_python(WITHOUT_QT, *modules("engines", but=[f"engines/backends/{name}" for name in BACKENDS]))


@pytest.mark.framework
@pytest.mark.parametrize("name", BACKENDS)
def test_that_a_backend_can_be_imported_where_qt_is_not_installed(name: str) -> None:
    if not has_builds(name):
        pytest.skip("it has no builds for this system")
    run_python(WITHOUT_QT, *modules(f"engines/backends/{name}"), python=python_of(name))


def test_that_the_window_and_every_widget_hold_no_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("PySide6")
    monkeypatch.setitem(os.environ, "QT_QPA_PLATFORM", "offscreen")
    window = [name for name in modules("app") if not name.startswith("app.cli")]
    assert held_by(*window, *modules("widgets")) & set(HEAVY) == set()


def test_that_the_command_line_answers_without_importing_anything_heavy() -> None:
    assert held_by("app.main") & {*HEAVY, "PySide6", "numpy", "typer"} == set()
