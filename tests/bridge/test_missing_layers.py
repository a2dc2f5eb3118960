"""Layers that the chosen engine cannot train are grey, with the reason, and so is ▶."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidgetItem
from pytestqt.qtbot import QtBot

from app.controllers import engines as controller
from app.controllers.design import DesignController
from app.controllers.engines import EnginesController
from app.engine_facts.choices import missing_kinds
from app.project import Project
from app.workbench import Workbench
from engines.contract.capabilities import DeviceView, EngineHealth, EngineReport
from engines.contract.events import Answer, Finished
from engines.design.catalogue import CATALOGUE
from engines.registry import ENGINES, engine
from tests.own.layers import BEND, design_with, put
from widgets.rooms.design import DesignRoom
from widgets.shell import Shell

WHOLE = EngineReport("mxnet", "1.9.1", (DeviceView("cpu", "CPU"),), layers=tuple(CATALOGUE))
NO_RELU = replace(WHOLE, layers=tuple(key for key in CATALOGUE if key != "relu"))


class Bench:
    """The workbench with the design's room, and an engine that says what it can do."""

    def __init__(self, shell: Shell, bench: Workbench, engines: EnginesController, room: DesignRoom) -> None:
        self.shell, self.bench, self.engines, self.room = shell, bench, engines, room

    def choose(self, report: EngineReport) -> None:
        self.bench.engine = report.engine
        health = EngineHealth(report.engine, "python", "this", "ready", report)
        self.engines._on_probe_events(report.engine, [Answer(health)])
        self.engines._on_probe_ended(report.engine, Finished())

    def offered(self, title: str) -> QListWidgetItem:
        return self.room.palette_list.list.findItems(title, Qt.MatchFlag.MatchExactly)[0]

    @property
    def refusal(self) -> str:
        """Why ▶ is grey, "" where it is not."""
        button = self.shell.header.train
        return "" if button.isEnabled() else button.toolTip()


@pytest.fixture
def known(bench: Workbench, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    monkeypatch.setattr(controller, "is_installed", lambda row: row.trains)
    monkeypatch.setattr(bench, "work", lambda *_: None)
    engines, design = EnginesController(bench), DesignController(bench)
    bench.open_project(Project.create(tmp_path / "digits", "digits-mlp"))
    room = design.make_room()
    assert isinstance(room, DesignRoom)
    qtbot.addWidget(room)
    return Bench(bench.shell, bench, engines, room)


def test_that_a_kind_that_the_engine_lacks_is_grey_in_the_palette_and_keeps_from_training(
    known: Bench,
) -> None:
    known.choose(NO_RELU)
    assert not known.offered("ReLU").flags() & Qt.ItemFlag.ItemIsEnabled
    assert known.offered("ReLU").toolTip() == "MXNet cannot train this kind of layer."
    assert known.offered("Dense").flags() & Qt.ItemFlag.ItemIsEnabled
    assert known.refusal == "relu: MXNet cannot train this kind of layer."
    known.choose(WHOLE)
    assert known.offered("ReLU").flags() & Qt.ItemFlag.ItemIsEnabled
    assert known.refusal == ""


def test_that_layers_of_ones_own_are_offered_only_where_the_engine_trains_them(
    known: Bench, tmp_path: Path
) -> None:
    put(tmp_path, "bend.py", BEND)
    known.choose(WHOLE)
    own = known.room.palette_list.own
    assert not own.isEnabled()
    assert own.toolTip() == "MXNet trains no layers of your own."
    known.bench.design = design_with(tmp_path, "bend.py")
    known.bench.design_changed.emit()
    assert known.refusal == "own: MXNet trains no layers of your own."
    known.choose(replace(WHOLE, engine="torch"))
    assert own.isEnabled()
    assert "MXNet" not in own.toolTip()
    assert known.refusal == ""


def test_that_all_is_offered_before_an_engine_has_spoken() -> None:
    assert all(not missing_kinds(row, None) for row in ENGINES if row.own_layers)
    assert missing_kinds(engine("mxnet"), None) == {"python"}
    assert missing_kinds(engine("mxnet"), NO_RELU) == {"python", "relu"}
    assert missing_kinds(None, None) == frozenset()
