"""What the worker can import: ``engines`` and the user's own packages, nothing else of the house."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]
WORKER = HOUSE / "engines" / "host" / "worker" / "__main__.py"
ASK = """
import runpy, sys
sys.path.insert(0, {worker_folder!r})
runpy.run_path({worker!r}, run_name="worker")
import importlib
found = []
for name in ("engines", "app", "widgets", "tests", "resources"):
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError:
        continue
    # A package that somebody installed is theirs, whatever its name: tf2onnx brings one called "tests".
    places = (module.__file__ or "", *getattr(module, "__path__", ()))
    if not any("site-packages" in place for place in places):
        found.append(name)
print(*found)
print(sys.path)
"""


def importable(cwd: Path, path: str = "") -> tuple[list[str], str]:
    """Return which of the house's packages a worker in ``cwd`` finds, and its path."""
    code = ASK.format(worker=str(WORKER), worker_folder=str(WORKER.parent))
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=cwd, env=environment, capture_output=True, text=True, check=True
    )
    names, search = done.stdout.splitlines()
    return names.split(), search


def test_that_the_house_offers_its_engines_alone() -> None:
    found, search = importable(HOUSE, str(HOUSE))
    assert found == ["engines"]
    assert repr(str(HOUSE)) not in search
    assert repr(str(WORKER.parent)) not in search


def test_that_the_current_folder_offers_nothing(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise AssertionError('the current folder was searched')")
    assert importable(tmp_path)[0] == ["engines"]


def test_that_a_users_own_package_of_the_same_name_is_found(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "app.py").write_text("")
    assert importable(tmp_path, f"{HOUSE}{os.pathsep}{theirs}")[0] == ["engines", "app"]


def test_that_another_package_called_engines_does_not_get_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "engines").mkdir()
    (tmp_path / "engines" / "__init__.py").write_text("raise AssertionError('the wrong engines')")
    assert importable(tmp_path, str(tmp_path))[0] == ["engines"]


LOOK = """
import json, sys
from multiprocessing.connection import Listener
import subprocess
listener = Listener(authkey=b"key")
settings = {"address": listener.address, "key": b"key".hex(), "engine": "fake", "mark": "m"}
child = subprocess.Popen([sys.argv[1], sys.argv[2]], stdin=subprocess.PIPE)
child.stdin.write(json.dumps(settings).encode() + b"\\n"); child.stdin.close()
connection = listener.accept()
print(connection.recv_bytes()[:4].decode())
connection.close(); listener.close(); child.wait()
"""


def interpreters() -> list[str]:
    """Python 3.10 and whatever else is at hand, as far as it has NumPy."""
    found = {shutil.which(f"python3.{minor}") for minor in (10, 12, 13)}
    names = [name for name in found if name]
    return [
        name
        for name in names
        if subprocess.run([name, "-c", "import numpy"], capture_output=True).returncode == 0
    ]


@pytest.mark.parametrize("python", [sys.executable, *interpreters()])
def test_that_the_worker_says_hello_under_every_python_at_hand(python: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK, python, str(WORKER)], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout.strip(), done.stderr) == ("MWRT", "")


def test_that_the_worker_imports_no_more_than_the_standard_library_and_numpy() -> None:
    code = (
        "import sys, runpy\n"
        f"sys.path.insert(0, {str(WORKER.parent)!r})\n"
        f"runpy.run_path({str(WORKER)!r}, run_name='worker')\n"
        "import engines.host.worker.loop\n"
        "roots = {name.partition('.')[0] for name in sys.modules}\n"
        "print(*sorted(roots - set(sys.stdlib_module_names) - {'engines', 'numpy', '__main__'}))\n"
    )
    done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    if "No module named 'numpy'" in done.stderr:
        code = (
            f"import site; site.addsitedir({str(Path(__import__('numpy').__file__).parents[1])!r})\n" + code
        )
        done = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True)
    assert done.stderr == ""
    strangers = {name for name in done.stdout.split() if not name.startswith(("_", "distutils-"))}
    assert strangers == set()
