"""Ctrl+C on a running command: once stops and keeps, twice ends it at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = [
    pytest.mark.commands,
    pytest.mark.skipif(os.name == "nt", reason="Windows sends Ctrl+C to consoles, not to processes"),
]


@contextmanager
def training(home: Path, run: Path, device: str) -> Iterator[subprocess.Popen[str]]:
    """A training under way in a shell's process group of its own."""
    arguments = ["train", "digits-mlp", "--engine", "fake", "--device", device, "--set", "epochs=500"]
    process = subprocess.Popen(
        [sys.executable, "-m", "app.main", *arguments, "--out", str(run), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "MODELWRIGHT_HOME": str(home)},
        cwd=Path(__file__).parents[2],
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def read_until(process: subprocess.Popen[str], *kinds: str) -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["kind"] in kinds:
            return event
    raise AssertionError(f"none of {kinds} came")


def press(process: subprocess.Popen[str]) -> None:
    """Interrupt the whole foreground group, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def test_that_ctrl_c_once_keeps_a_checkpoint_and_ends_with_130(home: Path, tmp_path: Path) -> None:
    with training(home, tmp_path / "run", "fake:slow") as process:
        read_until(process, "metrics")
        press(process)
        last = read_until(process, "stopped", "crashed", "failed", "finished")
        assert process.wait(60) == 130
    assert (last["kind"], last["kept"]) == ("stopped", True)
    assert json.loads((tmp_path / "run" / "run.json").read_text())["state"] == "stopped"
    assert list((tmp_path / "run" / "checkpoints").glob("step-*"))


def test_that_ctrl_c_twice_ends_an_engine_that_hears_nothing(home: Path, tmp_path: Path) -> None:
    with training(home, tmp_path / "run", "fake:deaf@2") as process:
        read_until(process, "started")
        press(process)
        read_until(process, "stopping")
        press(process)
        last = read_until(process, "stopped", "crashed", "failed", "finished")
        assert process.wait(60) == 130
        assert process.stderr is not None
        assert "as you asked" in process.stderr.read()
    assert last["kind"] == "crashed"
