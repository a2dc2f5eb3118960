"""What the tests of the graph room share: real exports, made once in a child."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``cnn``, ``deep`` and ``table``: ``.onnx``, ``.npz``, their runs and data."""
    folder = tmp_path_factory.mktemp("exports")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.graph.exports", str(folder)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (folder / "chatter.txt").write_text(done.stdout + done.stderr)
    return folder
