"""Own layers and debugging from the shell: trust is asked for, a debugger is let in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import engines.backends.fake.train as fake_train
from app.project import Project
from engines.design.storage import save
from tests.helpers.command import modelwright
from tests.helpers.editor import Editor
from tests.own.layers import BEND, design_with, put

pytestmark = pytest.mark.commands


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of somebody else's: its design has a layer of its own that nobody here trusts."""
    put(tmp_path / "made", "bend.py", BEND)
    design = design_with(tmp_path / "made", "bend.py", trusted=False)
    save(design, tmp_path / "made" / "theirs.json")
    return Project.create(tmp_path / "p", str(tmp_path / "made" / "theirs.json")).folder


def test_that_a_project_made_from_a_design_brings_its_layers(project: Path) -> None:
    assert (project / "layers" / "bend.py").read_text(encoding="utf-8") == BEND


def test_that_training_a_strange_layer_needs_trust_once(project: Path, tmp_path: Path) -> None:
    order = ("train", project, "--engine", "fake", "--set", "epochs=1")
    refused = modelwright(tmp_path / "home", *order)
    assert refused.status == 1
    assert "not trusted yet" in refused.err
    assert "--trust" in refused.err
    assert modelwright(tmp_path / "home", *order, "--trust").status == 0
    assert modelwright(tmp_path / "home", *order).status == 0


def test_that_a_strange_run_needs_trust_before_its_layers_run(project: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    order = ("train", project, "--engine", "fake", "--set", "epochs=1", "--out", run, "--trust")
    assert modelwright(tmp_path / "home", *order).status == 0
    resumed = ("train", "--resume", run, "--set", "epochs=2")
    refused = modelwright(tmp_path / "other", *resumed)
    assert refused.status == 1
    assert "holds programs that you have not trusted yet" in refused.err
    assert modelwright(tmp_path / "other", *resumed, "--trust").status == 0


def test_that_the_command_waits_for_a_debugger_and_says_where(tmp_path: Path) -> None:
    module = Path(fake_train.__file__)
    lines = module.read_text(encoding="utf-8").splitlines()
    line = 1 + next(n for n, text in enumerate(lines) if "self._step = first_step" in text)
    command = ["train", "digits-mlp", "--engine", "fake", "--set", "epochs=1", "--out", str(tmp_path / "r")]
    process = subprocess.Popen(
        [sys.executable, "-m", "app.main", *command, "--debug", "--json"],
        stdout=subprocess.PIPE,
        env={**os.environ, "MODELWRIGHT_HOME": str(tmp_path / "home")},
        cwd=Path(__file__).parents[2],
        text=True,
    )
    assert process.stdout is not None
    events = map(json.loads, process.stdout)
    port = next(event["port"] for event in events if event["kind"] == "listening")
    with Editor(port, {module: [line]}) as editor:
        assert editor.look("len(batches)", editor.stopped()) == "1"
        editor.clear(module)
        editor.go_on()
        assert [event["kind"] for event in events][-1] == "finished"
    assert process.wait(30) == 0
    process.stdout.close()


def test_that_a_person_reads_how_to_attach(tmp_path: Path) -> None:
    command = ("train", "digits-mlp", "--engine", "fake", "--set", "epochs=1", "--out", tmp_path / "r")
    done = modelwright(tmp_path / "home", *command, "--debug", "--no-debug-wait")
    assert done.status == 0
    assert '"type": "debugpy"' in done.out
    assert "127.0.0.1" in done.out
