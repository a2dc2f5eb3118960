"""Edits that cannot be saved outlive the window: kept elsewhere, they come back into their project."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app import rescue
from app.project import Project
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from widgets.shell import Shell

Opening = Callable[[], Workbench]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Project.create(tmp_path / "mine", "digits-mlp").folder


@pytest.fixture
def opened(qtbot: QtBot, project: Path) -> Iterator[Opening]:
    """Open one window after the other on the project; none of them is closed, as if it were killed."""
    made: list[Workbench] = []

    def open_one() -> Workbench:
        shell = Shell()
        qtbot.addWidget(shell)
        made.append(Workbench(shell))
        made[-1].open_project(Project.open(project))
        return made[-1]

    yield open_one
    for bench in made:
        bench.project = None
        bench.close()


def edit(bench: Workbench, epochs: int) -> None:
    assert bench.design is not None
    bench.design.set_recipe(replace(bench.design.recipe, epochs=epochs))


def epochs(bench: Workbench) -> int:
    assert bench.design is not None
    return bench.design.recipe.epochs


def says(bench: Workbench) -> str:
    return bench.shell.message.accessibleName()


@pytest.fixture
def unsaved(opened: Opening, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window that ended while the project's disk was full."""

    def full(*given: Any) -> str:
        raise WorkbenchError(ErrorCode.DISK_FULL, path="designs", why="No space left on device")

    bench = opened()
    edit(bench, 77)
    with monkeypatch.context() as patch:
        patch.setattr(Project, "save_design", full)
        assert not bench.save()


@pytest.mark.usefixtures("unsaved")
def test_that_edits_that_could_not_be_saved_are_back_in_the_next_window_and_then_saved(
    opened: Opening, project: Path
) -> None:
    bench = opened()
    assert epochs(bench) == 77
    assert "are here again" in says(bench)
    assert Project.open(project).load_design().recipe.epochs == 77
    assert Project.open(project).designs == ("digits-mlp",)
    assert "are here again" not in says(opened())


@pytest.mark.usefixtures("unsaved")
def test_that_what_was_saved_elsewhere_meanwhile_is_set_aside(opened: Opening, project: Path) -> None:
    other = Project.open(project)
    design = other.load_design()
    design.set_recipe(replace(design.recipe, epochs=5))
    other.save_design(design)
    assert epochs(opened()) == 77
    assert Project.open(project).load_design("digits-mlp-2").recipe.epochs == 5


@pytest.mark.usefixtures("unsaved")
def test_that_a_new_project_in_the_same_place_never_gets_the_edits_of_the_old_one(
    opened: Opening, project: Path
) -> None:
    text = (project / "project.toml").read_text()
    shutil.rmtree(project)
    Project.create(project, "digits-mlp")
    (project / "project.toml").write_text(text.replace("created = 2", "created = 3"))
    assert epochs(opened()) != 77


@pytest.mark.usefixtures("unsaved")
def test_that_the_kept_edits_are_a_design_that_can_be_opened_by_itself(tmp_path: Path, project: Path) -> None:
    kept = rescue.kept_file(project, "digits-mlp")
    shutil.rmtree(project)
    assert Project.create(tmp_path / "again", str(kept)).load_design().recipe.epochs == 77


@pytest.mark.usefixtures("unsaved")
def test_that_kept_edits_nobody_can_read_leave_the_project_as_it_is(opened: Opening, project: Path) -> None:
    rescue.kept_file(project, "digits-mlp").write_text("{")
    assert epochs(opened()) != 77


def test_that_a_home_that_is_full_too_hides_nothing_of_what_is_told(
    opened: Opening, project: Path, home: Path
) -> None:
    bench = opened()
    edit(bench, 78)
    (home / rescue.UNSAVED).write_text("no folder")
    project.rename(project.with_name("away"))
    assert not bench.save()
    assert "no longer there" in says(bench)


def test_that_not_saved_is_said_as_long_as_it_is_so_and_its_message_goes_with_it(
    opened: Opening, project: Path
) -> None:
    bench = opened()
    project.rename(project.with_name("away"))
    edit(bench, 79)
    assert not bench.save()
    bench.saving.show()
    assert bench.shell.status.saved.text() == "Not saved"
    project.with_name("away").rename(project)
    assert bench.save()
    assert bench.shell.message.isHidden()
    assert bench.shell.status.saved.text() == "Saved just now"


def test_that_saving_takes_no_other_message_away(opened: Opening, project: Path) -> None:
    bench = opened()
    project.rename(project.with_name("away"))
    edit(bench, 79)
    assert not bench.save()
    bench.say("The model was exported.")
    project.with_name("away").rename(project)
    assert bench.save()
    assert "exported" in says(bench)
    assert not bench.shell.message.isHidden()


def test_that_a_person_who_goes_on_changing_is_saved_meanwhile(
    qtbot: QtBot, opened: Opening, project: Path
) -> None:
    bench = opened()
    ticks = iter(range(100, 100_000))
    timer = QTimer(bench, interval=10)
    timer.timeout.connect(lambda: edit(bench, next(ticks)))
    timer.start()
    qtbot.waitUntil(lambda: Project.open(project).load_design().recipe.epochs >= 100, timeout=20_000)
    timer.stop()
