"""The main job with PyTorch through the real window: what is seen, and what is on the disk."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PySide6.QtCore import Qt

from engines.runs.history import RunHistory
from engines.runs.verify import verify
from engines.training.checkpoints import latest_valid
from tests.e2e.person import CONTROL, Person

pytestmark = [pytest.mark.framework, pytest.mark.gui_e2e]
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def maker(person: Person) -> Person:
    """A project with the small digits MLP; fixed chunks and one thread, so that bits can be compared."""
    person.start_from("digits-mlp")
    design = person.composition.bench.design
    assert design is not None
    design.set_recipe(replace(design.recipe, threads=1, chunk_steps=7, epochs=80, patience=0))
    person.hand.wait(lambda: "ready" in person.shell.status.engine.words.text(), 120, "the engine")
    return person


def losses(run: Path) -> Any:
    history = RunHistory(run)
    while history.refresh():
        pass
    return history.series("loss")[1].copy()


def weights(run: Path) -> dict[str, Any]:
    checkpoint, _ = latest_valid(run / "checkpoints")
    assert checkpoint is not None
    return dict(checkpoint.arrays)


def test_that_an_edit_of_the_design_is_taken_back_whole(maker: Person) -> None:
    room: Any = maker.go("design")
    before = maker.composition.bench.project.load_design()  # type: ignore[union-attr]
    maker.hand.click_in(room.canvas.viewport(), room.canvas.place_of("hidden"))
    maker.enter("setting_units", "77")
    assert room.design.nodes["hidden"].settings["units"] == 77
    maker.hand.press(Qt.Key.Key_Z, CONTROL)
    assert room.design.nodes["hidden"].settings["units"] == before.nodes["hidden"].settings["units"]


@pytest.fixture(scope="module")
def calm(maker: Person) -> Path:
    """A run that was paused and resumed, and never killed."""
    maker.go("train")
    run = maker.train()
    maker.hand.press(Qt.Key.Key_F6)
    maker.hand.wait(lambda: maker.state() == maker.shell.header.state == "paused", 30, "the pause")
    paused = maker.record(run)["step"]
    maker.hand.press(Qt.Key.Key_F6)
    maker.hand.wait(lambda: maker.state() in ("training", "finished"), 30, "the run to go on")
    maker.wait_idle()
    assert maker.state() == "finished"
    assert maker.record(run)["step"] >= paused
    return run


def test_that_the_finished_run_is_good_and_whole(maker: Person, calm: Path) -> None:
    record = maker.record(calm)
    assert record["summary"]["test_accuracy"] >= 0.93
    assert record["step"] == record["total_steps"] == maker.steps() == len(losses(calm))
    assert verify(calm) == ()


def test_that_a_kill_in_mid_epoch_changes_no_bit_of_what_follows(maker: Person, calm: Path) -> None:
    maker.go("train")
    run = maker.train()
    step = random.SystemRandom().randrange(1, 900)
    maker.hand.wait(lambda: maker.steps() > step, 60, f"step {step}")
    os.kill(maker.record(run)["pid"], KILL)
    assert "ended" in maker.message()
    assert maker.advice == "Resume run"
    maker.hand.click("message_action")
    maker.hand.wait(lambda: maker.state() == "finished", 120, "the end of the resumed run")
    maker.wait_idle()
    np.testing.assert_array_equal(losses(run), losses(calm))
    ours, theirs = weights(run), weights(calm)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def test_that_a_run_is_exported_proven_drawn_and_optimized(maker: Person, calm: Path) -> None:
    maker.composition.bench.choose_run(str(calm))
    maker.go("ship")
    maker.hand.click("ship_empty_export")
    model = calm / "artifacts" / "model.onnx"
    maker.hand.wait(model.is_file, 120, "the exported file")
    maker.hand.wait(lambda: maker.hand.find("ship_export").isEnabled(), 60, "the proof")
    proof = json.loads((calm / "artifacts" / "proof.json").read_text())
    assert proof["status"] == "passed"
    assert proof["max_rel_error"] <= 1e-5
    assert proof["classes_agree"] == 1.0
    maker.go("graph")
    canvas: Any = maker.hand.wait_for("graph_canvas", 60)
    maker.hand.wait(lambda: bool(canvas.sheet.by_id), 60, "the graph")
    maker.hand.click("graph_optimize")
    figures = calm / "artifacts" / "optimized.json"
    maker.hand.wait(figures.is_file, 180, "the optimizer's figures")
    maker.hand.wait(lambda: maker.hand.find("graph_optimize").isEnabled(), 60, "the optimizer's report")
    onnx.checker.check_model(onnx.load(calm / "artifacts" / "optimized.onnx"))
    assert not maker.shell.message.isVisible()
    runs: Any = maker.go("runs")
    maker.hand.wait(lambda: str(calm) in runs._rows, 10, "the run in the list")


def test_that_the_optimizers_report_is_there_in_the_next_window_and_gone_once_its_file_is_another(
    maker: Person, calm: Path
) -> None:
    before: Any = maker.composition.models.optimization
    maker.close()
    maker.open()
    room: Any = maker.go("graph")
    assert room.tabs.currentIndex() == 1  # as it was left
    maker.hand.wait(room.report.isVisible, 60, "the report")
    assert maker.composition.models.optimization.passes == before.passes
    assert room.report.measured.text().startswith("Measured 2")
    assert room.report.after.graph == before.graph_after
    ship: Any = maker.go("ship")
    maker.hand.wait(lambda: "optimized.onnx" in ship.optimized.name.text(), 60, "the optimized file")
    maker.close()
    model = onnx.load(calm / "artifacts" / "optimized.onnx")
    model.doc_string = "changed by somebody else"
    onnx.save(model, calm / "artifacts" / "optimized.onnx")
    maker.open()
    room = maker.go("graph")
    maker.hand.wait(lambda: maker.composition.models.proof is not None, 60, "the proof")
    assert not room.report.isVisible()
    assert maker.composition.models.optimization is None


@pytest.mark.timeout(600)
def test_that_the_tour_walks_the_whole_way_and_keeps_its_promises(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    environment.pop("MODELWRIGHT_HOME")
    command = [sys.executable, "-m", "app.main", "tour", "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    facts = json.loads((tmp_path / "tour.json").read_text(encoding="utf-8"))
    assert facts["finished"]
    assert facts["test_accuracy"] >= 0.97
    assert facts["resumed_test_accuracy"] >= 0.97
    assert facts["proof"] == "passed"
    assert facts["max_abs_error"] <= 1e-5
    assert facts["requests_elsewhere"] == []
    assert facts["netron_nodes"] > 0
    operators = [node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node]
    assert "BatchNormalization" not in operators
    assert "BatchNormalization" in [node.op_type for node in onnx.load(tmp_path / "model.onnx").graph.node]
    assert verify(tmp_path / "run") == ()
    for name in facts["pictures"]:
        assert (tmp_path / name).stat().st_size > 5_000
