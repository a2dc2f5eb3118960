"""Runs in the real window, by the fake engine: stopped and kept, discarded, killed, left while it trains."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from PySide6.QtCore import Qt

from engines.runs.history import RunHistory
from engines.training.checkpoints import latest_valid
from tests.e2e.person import SHIFT, Person
from tests.helpers.processes import until_gone
from widgets.rooms.runs import RunRow

pytestmark = pytest.mark.gui_e2e

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


@pytest.fixture(scope="module")
def trainer(fake_engine: None, person: Person) -> Iterator[Person]:
    """A small project whose engine takes its time."""
    person.start_from("digits-mlp")
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 60, "the engine")
    person.hand.choose("device", 1)
    assert person.composition.bench.device == "fake:slow"
    person.go("train")
    person.enter("recipe_epochs", "40")
    return person


def listed(trainer: Person) -> dict[str, RunRow]:
    """Go to the Runs room and return its rows, once they are the runs that there are."""
    room: Any = trainer.go("runs")
    there = {str(run) for run in trainer.runs()}
    trainer.hand.wait(lambda: set(room._rows) == there, 10, "the list of runs")
    rows: dict[str, RunRow] = room._rows
    return rows


def test_that_a_run_that_is_stopped_and_kept_can_be_resumed_to_its_end(trainer: Person) -> None:
    run = trainer.train()
    trainer.hand.press(Qt.Key.Key_F5, SHIFT)
    trainer.wait_idle()
    assert trainer.state() == "stopped"
    assert trainer.record(run)["state"] == "stopped"
    checkpoint, _ = latest_valid(run / "checkpoints")
    assert checkpoint is not None
    trainer.hand.click("run_resume")
    trainer.hand.wait(lambda: trainer.state() == "finished", 90, "the end of the resumed run")
    trainer.wait_idle()
    record = trainer.record(run)
    assert record["step"] == record["total_steps"] == trainer.steps()
    assert not trainer.hand.sees("run_resume")


def test_that_a_run_that_is_discarded_leaves_no_trace_and_the_one_before_is_shown_again(
    trainer: Person,
) -> None:
    before = trainer.runs()
    trainer.go("train")
    run = trainer.train()
    trainer.shell.action("stop_discard").trigger()
    trainer.wait_idle()
    assert not run.exists()
    assert trainer.runs() == before
    assert trainer.shown() == before[-1]
    assert trainer.steps() == trainer.record(before[-1])["step"]
    assert trainer.state() == "finished"
    assert str(run) not in listed(trainer)
    assert not trainer.shell.message.isVisible()
    trainer.go("train")


def test_that_a_killed_engine_costs_neither_the_window_nor_the_run(trainer: Person) -> None:
    run = trainer.train()
    trainer.hand.wait(lambda: trainer.steps() > 50, 60, "the second epoch")
    os.kill(trainer.record(run)["pid"], KILL)
    assert "ended" in trainer.message()
    assert trainer.advice == "Resume run"
    assert trainer.state() in ("crashed", "interrupted")
    assert trainer.idle()
    trainer.hand.click("message_action")
    trainer.hand.wait(lambda: trainer.state() == "finished", 90, "the end of the resumed run")
    history = RunHistory(run)
    while history.refresh():
        pass
    steps, _ = history.series("loss")
    assert list(steps) == list(range(trainer.record(run)["total_steps"]))
    assert not trainer.shell.message.isVisible()


def test_that_the_window_comes_back_as_it_was_left_in_mid_training(trainer: Person) -> None:
    run = trainer.train()
    child = trainer.record(run)["pid"]
    assert trainer.window is not None
    trainer.window.resize(960, 650)
    began = time.monotonic()
    trainer.close()
    assert time.monotonic() - began < 15
    assert until_gone(child)
    left = [" ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)]
    assert not [command for command in left if "engines.host" in command]
    checkpoint, _ = latest_valid(run / "checkpoints")
    assert checkpoint is not None
    trainer.open()
    assert trainer.window is not None
    assert trainer.shell.key == "train"
    assert (trainer.window.width(), trainer.window.height()) == (960, 650)
    bench = trainer.composition.bench
    assert bench.project is not None
    assert run.is_relative_to(bench.project.folder)
    assert Path(bench.run) == run
    trainer.hand.click("run_resume")
    trainer.hand.wait(lambda: trainer.state() == "finished", 90, "the end of the resumed run")
    trainer.wait_idle()


def test_that_the_runs_room_lists_what_was_kept_and_opens_it(trainer: Person) -> None:
    rows = listed(trainer)
    assert {row.state for row in rows.values()} == {"finished"}
    trainer.hand.click("run_open")
    assert trainer.shell.key == "train"
