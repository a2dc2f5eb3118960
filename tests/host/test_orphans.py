"""What becomes of a child whose window is killed: it saves and ends, unless told to go on alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.processes import until_gone

pytestmark = pytest.mark.commands

HOUSE = Path(__file__).parents[2]

PARENT = """
import sys
from pathlib import Path
from engines.contract.events import Control, Metrics
from engines.host.process import ProcessHost
from tests.helpers.fake_jobs import fake_training
host = ProcessHost("fake", lost_seconds={lost})
for event in host.run(fake_training(Path(sys.argv[1]), sys.argv[2], epochs={epochs})):
    if isinstance(event, Metrics) and {alone}:
        host.control(Control("go_alone"))
    print(host.pid, event.kind, flush=True)
"""


def orphaned(folder: Path, device: str, wait_for: str, **options: Any) -> int:
    """Start a parent, kill it once its child said ``wait_for`` a few times; return the child's id."""
    values = {"lost": 20.0, "epochs": 10_000, "alone": False, **options}
    code = PARENT.format(**values)
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(folder), device], cwd=HOUSE, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        said = [line.split() for line, _ in zip(takewhile_found(parent.stdout, wait_for), range(10_000))]
        parent.kill()
    return int(said[-1][0])


def takewhile_found(lines: Any, kind: str, times: int = 3) -> Any:
    seen = 0
    for line in lines:
        yield line
        seen += line.split()[1] == kind
        if seen == times:
            return


def state_of(folder: Path) -> str:
    return str(json.loads((folder / "run" / "run.json").read_text())["state"])


def test_that_a_run_saves_itself_and_ends_when_its_window_is_killed(tmp_path: Path) -> None:
    pid = orphaned(tmp_path, "fake:slow", "metrics")
    assert until_gone(pid)
    assert state_of(tmp_path) == "stopped"
    assert list((tmp_path / "run" / "checkpoints").glob("step-*.json"))


def test_that_a_deaf_child_does_not_outlive_its_window(tmp_path: Path) -> None:
    pid = orphaned(tmp_path, "fake:deaf", "progress", lost=0.3)
    assert until_gone(pid)


def test_that_a_run_told_to_go_on_alone_ends_by_itself(tmp_path: Path) -> None:
    pid = orphaned(tmp_path, "fake:slow", "metrics", epochs=15, alone=True)
    assert until_gone(pid, 30)
    assert state_of(tmp_path) == "finished"
