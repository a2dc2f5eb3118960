"""A window that is killed comes back as it stood: project, edits, run, page, size, borders and colours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.gui_e2e, pytest.mark.commands]
ROOT = Path(__file__).parents[2]


def window(what: str, home: Path) -> tuple[int, dict[str, Any]]:
    """Return how a window's process ended, and what stood in it last."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.e2e.killed", what, str(home)],
        cwd=ROOT,
        env={**os.environ, "MODELWRIGHT_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.stdout, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return done.returncode, seen


def test_that_a_killed_window_comes_back_as_it_stood(tmp_path: Path) -> None:
    status, left = window("leave", tmp_path)
    assert status != 0
    assert left["epochs"] == 77
    assert left["run"]
    status, found = window("find", tmp_path)
    assert status == 0
    assert found == left
