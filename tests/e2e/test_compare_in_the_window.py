"""Engines compared in the real window by mouse and keys: agreement, a killed engine, going on elsewhere."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt

from engines.contract.comparison import Comparison
from engines.runs.engine_comparison import judge, list_comparisons
from engines.runs.verify import verify
from engines.training.run_folder import read_run
from tests.e2e.person import CONTROL, Person

pytestmark = [pytest.mark.framework, pytest.mark.gui_e2e]
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
PAIR = ("torch", "tensorflow")


@pytest.fixture(scope="module")
def comparer(person: Person) -> Iterator[Person]:
    """A small project on an engine that is ready."""
    person.start_from("digits-mlp")
    set_epochs(person, 3)
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 240, "the engine")
    return person


def set_epochs(person: Person, epochs: int) -> None:
    design = person.composition.bench.design
    assert design is not None
    design.set_recipe(replace(design.recipe, threads=1, epochs=epochs, patience=0))


def latest(person: Person) -> Comparison:
    project = person.composition.bench.project
    assert project is not None
    return list_comparisons(project.folder)[0][1]


def begin(person: Person, *left_out: str) -> None:
    """Ask by Ctrl+E, leave all but two engines out by the mouse, and begin by Enter."""
    person.put_away_message()
    person.hand.press(Qt.Key.Key_E, CONTROL)
    sheet: Any = person.hand.wait_for("compare_sheet", 20)
    for key, box in sheet.engines.items():
        if box.isChecked() != (key in PAIR):
            person.hand.click_in(box, box.rect().topLeft() + QPoint(12, box.height() // 2))
            assert box.isChecked() == (key in PAIR)
    for name in left_out:
        person.hand.click(name)
    person.hand.press(Qt.Key.Key_Return)
    person.hand.wait(lambda: person.shell.header.state != "idle", 20, "the comparison to begin")


def words(person: Person) -> str:
    room: Any = person.shell.room("compare")
    return str(room.head.words())


def test_that_two_engines_agree_and_every_file_is_proven_against_both(comparer: Person) -> None:
    begin(comparer)
    comparer.wait_idle(400)
    found = latest(comparer)
    assert found.state == "finished"
    assert [one.state for one in found.entrants] == ["done", "done"]
    assert judge(found).clean
    assert words(comparer).startswith("PyTorch and TensorFlow agree: ")
    assert "over 100 steps in FP64, bound 1e-9." in words(comparer)
    assert "All 4 proofs of the ONNX files passed." in words(comparer)
    room: Any = comparer.shell.room("compare")
    assert [line.rate > 0 and line.memory > 50e6 for line in room.view.engines] == [True, True]
    assert set(room.charts.curves.traces) == set(PAIR)
    assert all(len(trace.steps) == 105 for trace in room.charts.curves.traces.values())
    assert room.matrix.text().count("passed") == 4
    assert len(comparer.runs()) == 4
    assert not comparer.shell.message.isVisible()


def test_that_a_killed_engine_is_a_row_with_its_reason_and_goes_on_when_asked(comparer: Person) -> None:
    set_epochs(comparer, 200)
    begin(comparer, "compare_check")
    project = comparer.composition.bench.project
    assert project is not None

    def process() -> int:
        second = latest(comparer).entrants[1]
        run = project.folder / second.run
        if second.state != "training" or not (run / "run.json").is_file():
            return 0
        record = read_run(run)
        return record.pid if record.state == "running" and record.step > 0 else 0

    comparer.hand.wait(lambda: process() > 0, 300, "the second engine to train")
    os.kill(process(), KILL)
    comparer.wait_idle(300)
    found = latest(comparer)
    assert [one.state for one in found.entrants] == ["done", "failed"]
    assert found.entrants[1].code == "crashed"
    room: Any = comparer.shell.room("compare")
    assert "ended from outside" in room.reasons.text()
    assert room.reasons.isVisible()
    comparer.put_away_message()
    comparer.hand.click("compare_resume")
    comparer.hand.wait(lambda: comparer.shell.header.state != "idle", 20, "it to go on")
    comparer.wait_idle(400)
    again = latest(comparer)
    assert again.id == found.id
    assert [one.state for one in again.entrants] == ["done", "done"]
    assert again.entrants[1].run == found.entrants[1].run
    assert (judge(again).proven, judge(again).asked) == (4, 4)
    assert not room.reasons.isVisible()


def test_that_a_run_continues_on_another_engine_as_a_new_run_with_a_mark(comparer: Person) -> None:
    set_epochs(comparer, 2)
    comparer.go("train")
    parent = comparer.train(120)
    comparer.wait_idle()
    before = set(comparer.runs())
    comparer.hand.click("run_continue_on")
    sheet: Any = comparer.hand.wait_for("continue_sheet", 20)
    sheet.engine.setCurrentIndex(sheet.engine.findData(PAIR[1]))
    comparer.hand.press(Qt.Key.Key_Return)
    comparer.hand.wait(lambda: comparer.shell.header.state != "idle", 20, "it to go on")
    comparer.wait_idle(300)
    (new,) = set(comparer.runs()) - before
    record = read_run(new)
    assert (record.parent, record.parent_step, record.parent_engine) == (parent.name, 70, PAIR[0])
    assert (record.engine, record.state, record.step) == (PAIR[1], "finished", 140)
    assert verify(new) == ()
    room: Any = comparer.shell.room("train")
    assert room.loss._mark.line.isVisible()
    assert room.loss._mark.line.value() == 70
    assert room.loss._mark.words == "PyTorch → TensorFlow"
    assert comparer.steps() == 140
    runs: Any = comparer.go("runs")
    comparer.hand.wait(lambda: str(new) in runs._rows, 10, "the run in the list")
    assert runs._rows[str(new)].engine == "PyTorch → TensorFlow"
    assert Path(comparer.composition.bench.run) == new
