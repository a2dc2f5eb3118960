"""A comparison belongs to the project it began in, whichever is opened while it goes on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.controllers import comparing as controller
from app.controllers.comparing import ComparisonsController
from app.desk import Desk
from app.flows.engine_comparison import ComparisonOrder
from app.project import Project
from app.workbench import Workbench
from engines.contract.events import Answer, Event, Finished
from engines.contract.files import make_folder
from engines.runs.engine_comparison import COMPARISONS, RECORD
from engines.training.run_folder import write_record
from tests.runs.test_engine_comparison import comparison
from widgets.rooms.compare import CompareRoom

FOUND = replace(comparison(), id="2026-11-23-001-mine", state="finished")


@pytest.fixture
def room(bench: Workbench, tmp_path: Path) -> CompareRoom:
    controller = ComparisonsController(bench)
    bench.shell.add_room("compare", "Compare", "compare", controller.make_room)
    bench.open_project(Project.create(tmp_path / "mine", "digits-mlp"))
    made = bench.shell.open_room("compare")
    assert isinstance(made, CompareRoom)
    return made


def test_that_another_project_opened_meanwhile_gets_nothing_of_it(
    bench: Workbench, room: CompareRoom, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = threading.Event()

    def compare(desk: Desk, order: ComparisonOrder) -> Iterator[Event]:
        folder = Path(order.design) / COMPARISONS / FOUND.id
        opened.wait(10)
        make_folder(folder)
        write_record(folder / RECORD, FOUND)
        yield Answer(FOUND)
        yield Finished()

    monkeypatch.setattr(controller, "compare_engines", compare)
    mine = bench.findChild(ComparisonsController)
    mine.start(["torch", "jax"], ["check"], False, {})
    other = Project.create(tmp_path / "other", "digits-mlp")
    bench.open_project(other)
    shown: list[str] = []
    monkeypatch.setattr(room, "set_view", lambda view: shown.append(view.key))
    opened.set()
    qtbot.waitUntil(lambda: not mine.running, timeout=10_000)
    assert set(shown) == {str(tmp_path / "mine" / COMPARISONS / FOUND.id)}
    bench.open_project(Project.open(tmp_path / "mine"))
    assert shown[-1] == str(tmp_path / "mine" / COMPARISONS / FOUND.id)
