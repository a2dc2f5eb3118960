"""The moment a run ends: what is shown goes on being shown, nothing is read from its beginning again."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from engines.runs.history import RunHistory
from tests.e2e.person import Person

pytestmark = pytest.mark.gui_e2e


def test_that_the_end_of_a_run_reads_nothing_again(fake_engine: None, person: Person) -> None:
    person.start_from("digits-mlp")
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 60, "the engine")
    room = person.go("train")
    run = person.train()
    followed = room.history  # type: ignore[attr-defined]
    assert isinstance(followed, RunHistory)
    assert followed.folder == run
    person.wait_idle()
    person.hand.wait(lambda: person.state() == "finished", 60, "the last word")
    assert room.history is followed  # type: ignore[attr-defined]
    assert person.record(run)["step"] == person.steps()


def test_that_another_run_and_back_is_read_anew(fake_engine: None, person: Person) -> None:
    room = person.shell.room("train")
    first = Path(room.history.folder)
    person.hand.press(Qt.Key.Key_F5)
    person.hand.wait(lambda: len(person.runs()) == 2, 60, "the second run")
    person.wait_idle()
    person.composition.bench.choose_run(str(first))
    assert room.history.folder == first
    assert person.state() == "finished"
    assert person.steps() == person.record(first)["step"]


def test_that_the_open_window_collects_garbage_and_the_closed_one_leaves_it_to_python(
    fake_engine: None, person: Person
) -> None:
    person.hand.wait(lambda: not gc.isenabled(), 60, "the window to collect")
    person.close()
    assert gc.isenabled()
