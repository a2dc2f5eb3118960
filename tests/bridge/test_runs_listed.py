"""The Runs room's list is read in a thread, newest first; what is thrown away is named by its title."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.controllers import runs as controller
from app.controllers.runs import RunsController
from app.project import Project
from app.workbench import Workbench
from engines.runs.manage import rename_run
from tests.helpers.small_training import run_small, small_job
from widgets.rooms.runs import MOST_CURVES, RunsRoom


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project with two runs."""
    made = Project.create(tmp_path / "project", "digits-mlp")
    list(run_small(small_job(tmp_path)))
    for name in ("2026-11-23-001-small", "2026-11-23-002-small"):
        shutil.copytree(tmp_path / "run", made.runs_folder / name)
    return made


@pytest.fixture
def room(bench: Workbench, project: Project, qtbot: QtBot) -> RunsRoom:
    room = RunsController(bench).make_room()
    assert isinstance(room, RunsRoom)
    qtbot.addWidget(room)
    bench.open_project(project)
    qtbot.waitUntil(lambda: len(names(room)) == 2, timeout=10_000)
    return room


def names(room: RunsRoom) -> list[str]:
    return [Path(key).name for key in room.table.model.keys]


def test_that_the_newest_run_comes_first_and_is_picked_with_its_curve(room: RunsRoom) -> None:
    assert names(room) == ["2026-11-23-002-small", "2026-11-23-001-small"]
    assert room.table.selected_keys() == room.table.model.keys[:1]
    assert len(room.chart.traces) == 1


def test_that_a_deleted_run_is_named_by_its_title_and_comes_back(
    room: RunsRoom, bench: Workbench, qtbot: QtBot
) -> None:
    first = room.table.model.keys[0]
    rename_run(first, "The good one")
    bench.runs_changed.emit()
    qtbot.waitUntil(lambda: room._rows[first].title == "The good one", timeout=10_000)
    room.delete_requested.emit([first])
    assert room.message.what.text() == "The good one is in the bin"
    qtbot.waitUntil(lambda: names(room) == ["2026-11-23-001-small"], timeout=10_000)
    room.restore_requested.emit([first])
    qtbot.waitUntil(lambda: len(names(room)) == 2, timeout=10_000)


def test_that_no_more_curves_are_read_than_drawn(room: RunsRoom, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    validation_loss = controller._validation_loss
    monkeypatch.setattr(
        controller, "_validation_loss", lambda run: (read.append(run), validation_loss(run))[1]
    )
    runs = Path(room.table.model.keys[0]).parent
    room.selection_changed.emit([str(runs / f"run-{number}") for number in range(MOST_CURVES + 5)])
    assert len(read) == MOST_CURVES
    assert str(MOST_CURVES + 5) in room.chart_card.subtitle.text()


def test_that_a_list_read_late_is_none_of_the_next_projects(
    room: RunsRoom, bench: Workbench, tmp_path: Path, qtbot: QtBot
) -> None:
    bench.runs_changed.emit()
    bench.open_project(Project.create(tmp_path / "other", "digits-mlp"))
    qtbot.waitUntil(lambda: not bench.busy and not bench._flows, timeout=10_000)
    assert names(room) == []


def test_that_three_runs_are_compared_setting_by_setting(room: RunsRoom) -> None:
    keys = room.table.model.keys
    rows = controller._differences([*keys, keys[0]])
    assert rows
    assert {len(row) for row in rows} == {4}
    assert not any(row[0] == "Training loss" for row in rows)
    assert controller._differences(keys)[-1] == ("Training loss", "the same", "")
