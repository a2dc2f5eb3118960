"""The engine runs inside the window's process: trained with, said in the header, closed cleanly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.gui_e2e, pytest.mark.framework]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a window saw that was started with PyTorch inside its process."""
    home = tmp_path_factory.mktemp("inside")
    environment = {**os.environ, "MODELWRIGHT_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.e2e.inside", str(home), "torch"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_that_a_run_trains_in_the_windows_own_process(seen: dict[str, Any]) -> None:
    assert not seen["before"]  # only when the engine is first wanted
    assert seen["inside"]
    assert seen["own_process"]
    assert seen["record"]["state"] == "finished"
    assert seen["record"]["summary"]["test_accuracy"] > 0.9


def test_that_the_header_says_so(seen: dict[str, Any]) -> None:
    assert seen["badge_shown"]
    assert seen["badge"] == "Engine runs inside this process"


def test_that_every_other_engine_is_grey_with_the_reason(seen: dict[str, Any]) -> None:
    others = dict(seen["others"])
    assert others.pop("torch") == [True, ""]
    assert others
    assert all(not enabled and reason for enabled, reason in others.values())
    assert "PyTorch runs inside this process" in others["tensorflow"][1]


def test_that_debugging_it_says_how(seen: dict[str, Any]) -> None:
    assert "start Modelwright from your editor" in seen["debug"]


def test_that_closing_leaves_no_thread_and_no_process_behind(seen: dict[str, Any]) -> None:
    assert (seen["threads"], seen["children"]) == ([], [])
