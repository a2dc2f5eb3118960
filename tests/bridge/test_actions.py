"""What Ctrl+K offers of a run: it opens the right room, does its work, and is grey where it cannot."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from app.controllers import comparing
from app.controllers.further import FurtherController
from app.controllers.models import ModelsController
from app.controllers.ship import ShipController
from app.flows.further import Further
from app.workbench import Workbench
from engines.training.run_folder import RUN, read_run, write_record
from tests.helpers.small_training import run_small, small_job
from widgets.comparing.sheet import ContinueSheet
from widgets.rooms.runs import RunsRoom
from widgets.rooms.ship import ShipRoom


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that PyTorch is said to have trained."""
    list(run_small(small_job(tmp_path)))
    folder = tmp_path / "run"
    write_record(folder / RUN, replace(read_run(folder), engine="torch"))
    return folder


def test_that_a_run_is_exported_and_saved_from_anywhere(
    bench: Workbench, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ModelsController(bench)
    ship = ShipController(bench, models)
    bench.shell.add_room("start", "Start", "start", RunsRoom)
    bench.shell.add_room("ship", "Ship", "ship", ship.make_room)
    asked: list[str] = []
    monkeypatch.setattr(models, "export", lambda: asked.append("onnx"))
    monkeypatch.setattr(models, "save", asked.append)
    export, save = bench.shell.action("export_onnx"), bench.shell.action("save_pt2")
    assert not export.isEnabled()
    assert not save.isEnabled()
    bench.choose_run(str(run))
    assert not bench.shell.action("save_keras").isEnabled()
    for action, wanted in ((export, "onnx"), (save, "pt2")):
        bench.shell.open_room("start")
        action.trigger()
        assert bench.shell.key == "ship"
        assert asked[-1] == wanted
    assert isinstance(bench.shell.room("ship"), ShipRoom)


def test_that_going_on_asks_about_the_run_that_is_shown_and_leads_to_the_runs_without_one(
    bench: Workbench, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "is_installed", lambda row: True)
    gone: list[tuple[Path, Further]] = []
    FurtherController(bench, lambda *chosen: gone.append(chosen))
    bench.shell.add_room("start", "Start", "start", RunsRoom)
    bench.shell.add_room("runs", "Runs", "runs", RunsRoom)
    bench.shell.action("continue_on").trigger()
    assert bench.shell.key == "runs"
    bench.choose_run(str(run))
    bench.shell.action("continue_on").trigger()
    sheet = bench.shell.findChild(ContinueSheet)
    assert sheet is not None
    sheet.epochs.setValue(7)
    sheet.act.click()
    ((asked, further),) = gone
    assert (asked, further.epochs) == (run, 7)


def test_that_a_run_whose_record_is_gone_is_told_of_and_nothing_is_asked(bench: Workbench, run: Path) -> None:
    FurtherController(bench, lambda *_: None)
    shutil.rmtree(run)
    bench.continue_requested.emit(str(run))
    assert bench.shell.message.isVisibleTo(bench.shell)
    assert bench.shell.findChild(ContinueSheet) is None
