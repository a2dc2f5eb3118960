"""What the status line says of the engine: a probe speaks only while no run does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.bridge.hosts import Hosts
from app.controllers.engines import EnginesController
from app.workbench import Workbench
from engines.contract.capabilities import EngineHealth, EngineReport
from engines.contract.events import Finished
from widgets.shell import Shell


@pytest.fixture
def engines(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[EnginesController]:
    shell = Shell()
    qtbot.addWidget(shell)
    bench = Workbench(shell, Hosts())
    bench.engine = "torch"
    made = EnginesController(bench)
    monkeypatch.setattr(made, "stand_by", lambda: None)
    yield made
    bench.close()


def said(engines: EnginesController) -> str:
    shell = engines._bench.shell
    return shell.status.engine.words.text()


def test_that_a_probe_that_ends_while_a_run_goes_on_leaves_the_runs_word(engines: EnginesController) -> None:
    shell = engines._bench.shell
    report = EngineReport("torch", "2.13.0", ())
    engines.health["torch"] = EngineHealth("torch", "python", "this", "ready", report)
    shell.set_run_state("training")
    shell.set_engine_state("Engine: training", "busy")
    engines._on_probe_ended("torch", Finished())
    assert said(engines) == "Engine: training"
    shell.set_run_state("idle")
    engines._on_probe_ended("torch", Finished())
    assert said(engines) == "Engine: ready"


def test_that_looking_at_an_engine_nobody_chose_is_not_told(
    engines: EnginesController, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines._bench, "work", lambda *_: None)
    engines.probe("tensorflow")
    assert "TensorFlow" not in said(engines)
    engines.probe("torch")
    assert said(engines) == "Engine: checking PyTorch"
