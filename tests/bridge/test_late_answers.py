"""Answers that come late, engines that are not there, and runs that somebody else went on with."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.controllers import data
from app.controllers.data import DataController
from app.controllers.engines import EnginesController
from app.controllers.models import ModelsController
from app.controllers.training import TrainingController
from app.desk import Desk
from app.project import Project
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Metrics
from engines.training.control import ControlFlags
from tests.helpers.small_training import run_small, small_data, small_job
from widgets.rooms.data import DataRoom


def test_that_data_asked_for_earlier_never_replace_those_asked_for_last(
    qtbot: QtBot, bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier, later = small_data(tmp_path / "earlier"), small_data(tmp_path / "later", samples=90)
    answered = threading.Event()

    def prepare(desk: Desk, source: str) -> Iterator[Event]:
        if source == "earlier":
            answered.wait(10)
        yield Answer(earlier if source == "earlier" else later)

    monkeypatch.setattr(data, "_prepare_and_look", prepare)
    controller = DataController(bench)
    project = Project.create(tmp_path / "mine", "digits-mlp")
    bench.project, bench.design = project, project.load_design()
    controller.choose("earlier")
    controller.choose("later")
    qtbot.waitUntil(lambda: bench.manifest is not None, timeout=10_000)
    answered.set()
    qtbot.waitUntil(lambda: not bench._flows, timeout=10_000)
    assert bench.manifest == later


def test_that_a_file_that_cannot_be_read_leaves_a_way_back_to_the_data_before(
    qtbot: QtBot, bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = small_data(tmp_path / "good")

    def prepare(desk: Desk, source: str) -> Iterator[Event]:
        if source.endswith("bad.csv"):
            raise WorkbenchError(ErrorCode.FILE_MISSING, path=source)
        yield Answer(good)

    monkeypatch.setattr(data, "_prepare_and_look", prepare)
    controller = DataController(bench)
    room = controller.make_room()
    qtbot.addWidget(room)
    assert isinstance(room, DataRoom)
    project = Project.create(tmp_path / "mine", "digits-mlp")
    bench.project, bench.design = project, project.load_design()
    controller.choose("digits")
    assert "Reading Digits" in room._empty.sentence.text()
    qtbot.waitUntil(lambda: not bench._flows, timeout=10_000)
    controller.choose("bad.csv")
    qtbot.waitUntil(lambda: not bench._flows, timeout=10_000)
    assert "bad.csv could not be read" in room._empty.sentence.text()
    assert room.back.text() == "Back to Digits"
    room.back.click()
    qtbot.waitUntil(lambda: not bench._flows, timeout=10_000)
    assert bench.design.data == "digits"
    assert bench.shell.message.isHidden()


def test_that_an_engine_nobody_knows_is_no_reason_to_fall_over(bench: Workbench) -> None:
    controller = EnginesController(bench)
    bench.engine = "abacus"
    controller.stand_by()
    assert not bench.busy


def test_that_a_run_that_was_stopped_once_is_followed_when_another_window_goes_on_with_it(
    bench: Workbench, tmp_path: Path, qtbot: QtBot
) -> None:
    flags = ControlFlags()
    flags.stop(keep=True)
    list(run_small(small_job(tmp_path), flags))
    controller = TrainingController(bench)
    qtbot.addWidget(controller.make_room())
    going_on = run_small(small_job(tmp_path, resume=True))
    next(event for event in going_on if isinstance(event, Metrics))
    bench.choose_run(str(tmp_path / "run"))
    controller._on_tail()
    assert controller._tail.isActive()
    list(going_on)
    assert controller._room is not None
    controller._room.refresh()
    controller._on_tail()
    assert not controller._tail.isActive()


def test_that_a_model_exported_before_its_run_went_on_is_exported_anew(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(run_small(small_job(tmp_path)))
    model = tmp_path / "run" / "artifacts" / "model.onnx"
    model.write_bytes(b"exported")
    os.utime(model, ns=(time.time_ns() + 10**9,) * 2)
    done: list[str] = []
    models = ModelsController(bench)
    monkeypatch.setattr(models, "read", lambda: done.append("read"))
    monkeypatch.setattr(models, "export", lambda: done.append("export"))
    bench.choose_run(str(tmp_path / "run"))
    models.look()
    os.utime(model, ns=(0, 0))  # as if the checkpoints had come later
    models.look()
    assert done == ["read", "export"]
