"""What a person opens or drops on Start goes where it belongs, or is named for what it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QWidget

from app.controllers.data import ENDINGS
from app.controllers.models import ModelsController
from app.controllers.start import StartController
from app.project import Project
from app.workbench import Workbench
from engines.data.readers import READERS


@pytest.fixture
def start(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> StartController:
    monkeypatch.setattr(bench, "work", lambda *_, **__: None)
    for room in ("start", "data", "design", "graph"):
        bench.shell.add_room(room, room, room, QWidget)
    bench.shell.open_room("start")
    return StartController(bench, ModelsController(bench))


def test_that_every_file_that_a_reader_takes_is_data() -> None:
    assert set(ENDINGS) == set(READERS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_that_data_become_the_open_designs(
    start: StartController, bench: Workbench, tmp_path: Path, ending: str
) -> None:
    file = tmp_path / f"mine{ending.upper()}"
    file.write_text("a,b\n1,2\n")
    start.open(str(file))
    assert "mine" in bench.shell.message.accessibleName()  # there is no design yet
    bench.open_project(Project.create(tmp_path / "project", "digits-mlp"))
    start.open(str(file))
    assert bench.shell.key == "data"
    assert bench.design is not None
    assert bench.design.data == str(file)


def test_that_a_project_is_opened_by_its_file_from_a_dialog_that_may_be_left(
    start: StartController, bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Project.create(tmp_path / "project", "digits-mlp")
    answers = ["", str(tmp_path / "project" / "project.toml")]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (answers.pop(0), ""))
    start._on_open_requested()
    assert bench.project is None
    start._on_open_requested()
    assert bench.project is not None
    assert bench.project.name == "project"
    assert bench.shell.key == "design"


def test_that_a_file_of_another_kind_is_named_for_what_it_is(
    start: StartController, bench: Workbench, tmp_path: Path
) -> None:
    file = tmp_path / "notes.pdf"
    file.write_bytes(b"%PDF-1.7")
    start.open(str(file))
    assert "notes.pdf" in bench.shell.message.accessibleName()
    assert bench.shell.key == "start"
