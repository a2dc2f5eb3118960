"""A project from a machine with a GPU: what asks for its device is told, and goes on on the CPU."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engines.training.manifest import changing
from engines.training.run_folder import RUN
from tests.e2e.person import SHIFT, Person

pytestmark = [pytest.mark.gui_e2e, pytest.mark.framework]

GONE = "cuda:0"


def record_device(run: Path, device: str) -> None:
    """Let the run's record say that it was trained on ``device``."""
    with changing(run, RUN):
        record = json.loads((run / RUN).read_text(encoding="utf-8"))
        (run / RUN).write_text(json.dumps({**record, "device": device}, indent=1) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def moved(person: Person) -> Iterator[Person]:
    """A project with a stopped run, both of which a machine with a GPU would have left."""
    person.start_from("digits-mlp")
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 120, "the engine")
    person.go("train")
    person.enter("recipe_epochs", "3000")
    run = person.train()
    person.hand.press(Qt.Key.Key_F5, SHIFT)
    person.wait_idle()
    assert person.state() == "stopped"
    record_device(run, GONE)
    person.composition.bench.choose_engine("torch", GONE)
    return person


def test_that_a_device_that_is_not_here_is_grey_in_the_header(moved: Person) -> None:
    actions = {action.data(): action for action in moved.shell.header.device.menu().actions()}
    assert actions["cpu"].isEnabled()
    assert not actions[GONE].isEnabled()


def test_that_resuming_there_is_refused_with_the_way_to_the_cpu(moved: Person) -> None:
    moved.go("train")
    moved.hand.click("run_resume")
    assert GONE in moved.message()
    assert "It found cpu." in moved.message()
    assert moved.advice == "Use the CPU"
    moved.wait_idle()
    assert moved.state() == "stopped"


def test_that_training_anew_there_is_refused_and_leaves_no_run(moved: Person) -> None:
    before = moved.runs()
    moved.put_away_message()
    moved.hand.press(Qt.Key.Key_F5)
    assert GONE in moved.message()
    moved.wait_idle()
    assert moved.runs() == before


def test_that_tuning_there_is_refused_likewise(moved: Person) -> None:
    moved.put_away_message()
    moved.shell.action("tune").trigger()
    assert GONE in moved.message(60)
    assert moved.advice == "Use the CPU"
    moved.wait_idle()


def test_that_the_run_goes_on_on_the_cpu_once_that_was_chosen(moved: Person) -> None:
    run = moved.shown()
    before = moved.record(run)["step"]
    moved.hand.click("message_action")
    assert moved.composition.bench.device == "cpu"
    moved.hand.click("run_resume")
    moved.hand.wait(lambda: moved.steps() > before, 60, "further steps")
    assert moved.record(run)["device"] == "cpu"
    moved.hand.press(Qt.Key.Key_F5, SHIFT)
    moved.wait_idle()
    assert moved.state() == "stopped"
    assert moved.runs() == [run]
