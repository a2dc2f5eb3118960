"""What the worker imports: standard library and NumPy, in Python 3.10's language, until the framework."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.packaging_scripts import load
from tests.helpers.source import ROOT, files, modules, place, run_python

ROOMS = (
    "engines/__init__.py",
    "engines/contract",
    "engines/training",
    "engines/host/worker",
    "engines/backends",
)
BEFORE_THE_FRAMEWORK = (*ROOMS[:4], "engines/backends/fake")

FOREIGN = """
import importlib, json, sys
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(json.dumps(sorted(tops - set(sys.stdlib_module_names) - {"numpy", "engines", "__mp_main__"})))
"""


@pytest.mark.parametrize("path", files(*ROOMS), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_that_python_3_10_can_read_it(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 10))
    assert "import tomllib" not in source, place(path, ast.Module())


def test_that_the_worker_imports_the_standard_library_and_numpy_alone() -> None:
    assert json.loads(run_python(FOREIGN, *modules(*BEFORE_THE_FRAMEWORK))) == []


def test_that_a_backend_names_its_jobs_without_importing_its_framework() -> None:
    entries = [name for name in modules("engines/backends") if name.endswith(".jobs")]
    assert entries
    assert json.loads(run_python(FOREIGN, *entries)) == []


def test_that_nothing_below_the_worker_needs_the_path_to_hold_more_than_engines(tmp_path: Path) -> None:
    alone = f"import sys; sys.path = [p for p in sys.path if p not in ('', {str(ROOT)!r})]; "
    try:
        (tmp_path / "engines").symlink_to(ROOT / "engines", target_is_directory=True)
    except OSError:
        pytest.skip("this system lets nobody make links")
    code = alone + f"sys.path.insert(0, {str(tmp_path)!r})\n" + FOREIGN
    assert json.loads(run_python(code, *modules(*BEFORE_THE_FRAMEWORK))) == []


def old_python() -> str | None:
    """Return a Python 3.10 that has NumPy, if this machine has one."""
    scripts = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    prepared = ROOT / ".venv-worker" / scripts
    found = [str(prepared)] if prepared.exists() else []
    found += [python.path for python in load("find_python").find(((3, 10),))]
    for python in found:
        answer = subprocess.run([python, "-c", "import numpy"], capture_output=True)
        if answer.returncode == 0:
            return python
    return None


def test_that_the_worker_really_runs_on_python_3_10() -> None:
    python = old_python()
    if python is None:
        pytest.skip("no Python 3.10 with NumPy on this machine")
    code = "import sys; assert sys.version_info[:2] == (3, 10)\n" + FOREIGN
    assert json.loads(run_python(code, *modules(*BEFORE_THE_FRAMEWORK), python=python)) == []
