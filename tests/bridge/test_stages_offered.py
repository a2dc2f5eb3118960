"""The stages of a compiler are offered only where the run's engine has one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.controllers.graph import GraphController
from app.controllers.models import ModelsController
from app.desk import Desk
from app.flows.stages import stages
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training import manifest
from tests.helpers.small_training import run_small, small_job
from widgets.rooms.graph import GraphRoom


def run_of(engine: str, folder: Path) -> Path:
    """Make a run that says of itself that ``engine`` trained it."""
    list(run_small(small_job(folder)))
    record = folder / "run" / "run.json"
    with manifest.changing(record.parent, record.name):
        record.write_text(json.dumps({**json.loads(record.read_text("utf-8")), "engine": engine}), "utf-8")
    return folder / "run"


@pytest.mark.parametrize(("engine", "offered"), [("torch", True), ("mxnet", False)])
def test_that_the_button_is_grey_with_the_reason_where_an_engine_has_no_compiler(
    bench: Workbench, tmp_path: Path, qtbot: QtBot, engine: str, offered: bool
) -> None:
    graph = GraphController(bench, ModelsController(bench))
    room = graph.make_room()
    assert isinstance(room, GraphRoom)
    qtbot.addWidget(room)
    bench.choose_run(str(run_of(engine, tmp_path)))
    graph._show()
    button = room._no_stages.button
    assert button.isEnabled() is offered
    assert ("MXNet has no compiler" in room._no_stages.sentence.text()) is not offered


def test_that_asked_for_all_the_same_it_is_refused_before_anything_starts(tmp_path: Path) -> None:
    run = run_of("mxnet", tmp_path)
    with pytest.raises(WorkbenchError) as caught:
        list(stages(Desk(lambda name: pytest.fail(f"{name} was started")), run))
    assert caught.value.code is ErrorCode.STAGES_NONE
    assert caught.value.facts == {"engine": "MXNet"}


def test_that_a_run_that_is_chosen_while_its_graph_is_looked_at_is_shown_at_once(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ModelsController(bench)
    GraphController(bench, models)
    looked: list[str] = []
    monkeypatch.setattr(models, "look", lambda: looked.append(bench.run))
    bench.choose_run(str(tmp_path / "first"))
    assert looked == []
    monkeypatch.setattr(bench.shell, "key", "graph")
    bench.choose_run(str(tmp_path / "second"))
    assert looked == [str(tmp_path / "second")]
