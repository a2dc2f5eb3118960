"""Other windows and programs at the open project: what they saved is shown, what is gone is told."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from app.bridge.hosts import Hosts
from app.controllers.elsewhere import ElsewhereController, is_open_elsewhere
from app.controllers.models import ModelsController
from app.controllers.start import StartController
from app.project import Project
from app.workbench import Workbench
from widgets.shell import Shell


class Window:
    """A window with a project: what stands behind it, and what it says."""

    def __init__(self, qtbot: QtBot) -> None:
        self.shell = Shell()
        qtbot.addWidget(self.shell)
        self.bench = Workbench(self.shell, Hosts())
        self.elsewhere = ElsewhereController(self.bench)
        StartController(self.bench, ModelsController(self.bench))

    def open(self, folder: Path) -> None:
        self.bench.open_project(Project.open(folder))

    def come_back(self) -> None:
        """Be picked by a person who was in another window."""
        self.shell.message.hide()
        QApplication.sendEvent(self.shell, QEvent(QEvent.Type.WindowActivate))

    def edit(self, epochs: int) -> None:
        assert self.bench.design is not None
        self.bench.design.set_recipe(replace(self.bench.design.recipe, epochs=epochs))

    @property
    def epochs(self) -> int:
        assert self.bench.design is not None
        return self.bench.design.recipe.epochs

    @property
    def says(self) -> str:
        return self.shell.message.accessibleName() if self.shell.message.isVisibleTo(self.shell) else ""

    def close(self) -> None:
        self.bench.close()
        self.elsewhere.end()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return Project.create(tmp_path / "mine", "digits-mlp").folder


@pytest.fixture
def windows(qtbot: QtBot, project: Path) -> Iterator[tuple[Window, Window]]:
    """Two windows, of which the first has the project open."""
    made = Window(qtbot), Window(qtbot)
    made[0].open(project)
    yield made
    for window in made:
        window.close()


@pytest.fixture
def window(windows: tuple[Window, Window]) -> Window:
    return windows[0]


def test_that_a_second_window_on_a_project_says_so_as_long_as_the_first_is_open(
    windows: tuple[Window, Window], project: Path
) -> None:
    first, second = windows
    assert first.says == ""
    assert is_open_elsewhere(project)
    second.open(project)
    assert "open in another window" in second.says
    first.close()
    assert not is_open_elsewhere(project)
    second.come_back()
    assert is_open_elsewhere(project)
    second.close()
    assert not is_open_elsewhere(project)


def test_that_a_window_shows_what_another_one_saved_when_one_comes_back_to_it(
    windows: tuple[Window, Window], project: Path
) -> None:
    first, second = windows
    second.open(project)
    second.edit(77)
    assert second.bench.save()
    first.come_back()
    assert first.epochs == 77
    assert "changed by another window" in first.says
    first.come_back()
    assert first.says == ""
    assert Project.open(project).designs == ("digits-mlp",)


def test_that_nothing_is_trained_that_is_not_what_is_shown(window: Window, project: Path) -> None:
    """What is trained is read from the file: where that changed, it is shown first, and work waits."""
    other = Project.open(project)
    design = other.load_design()
    design.set_recipe(replace(design.recipe, epochs=77))
    other.save_design(design)
    assert not window.bench.is_ready()
    assert window.epochs == 77
    assert window.bench.is_ready()


def test_that_a_run_that_is_shown_stays_when_a_design_is_taken_over(window: Window, project: Path) -> None:
    run = project / "runs" / "one"
    run.mkdir()
    window.bench.choose_run(str(run))
    path = Project.open(project).design_path("digits-mlp")
    path.write_text(path.read_text() + "\n")
    window.come_back()
    assert window.bench.run == str(run)


def test_that_a_design_nobody_can_read_leaves_the_window_its_own(window: Window, project: Path) -> None:
    before = window.epochs
    path = Project.open(project).design_path("digits-mlp")
    path.write_text("{ half a des")
    window.come_back()
    assert window.epochs == before
    assert window.says
    window.edit(78)
    assert window.bench.save()
    assert Project.open(project).load_design().recipe.epochs == 78
    assert (project / "designs" / "digits-mlp-2.json").read_text() == "{ half a des"


def test_that_a_run_that_was_deleted_elsewhere_is_told_and_left(window: Window, project: Path) -> None:
    run = project / "runs" / "one"
    run.mkdir()
    window.bench.choose_run(str(run))
    run.rmdir()
    window.come_back()
    assert window.bench.run == ""
    assert "The run one is no longer there" in window.says


def test_that_files_that_went_are_made_again(window: Window, project: Path) -> None:
    shutil.rmtree(project / "designs")
    (project / "project.toml").unlink()
    window.come_back()
    assert window.says == ""
    assert Project.open(project).load_design().recipe.epochs == window.epochs


def test_that_a_folder_that_is_away_is_told_once_and_saved_to_again_once_it_is_back(
    window: Window, project: Path
) -> None:
    project.rename(project.with_name("away"))
    window.come_back()
    assert "no longer there" in window.says
    assert window.shell.message.button.text() == "Choose a folder"
    window.come_back()
    assert window.says == ""
    window.edit(79)
    assert not window.bench.save()
    assert not project.exists()
    project.with_name("away").rename(project)
    window.come_back()
    assert Project.open(project).load_design().recipe.epochs == 79


def test_that_a_project_that_was_moved_goes_on_where_it_lies_with_its_last_edit(
    window: Window, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "runs" / "one").mkdir()
    window.bench.choose_run(str(project / "runs" / "one"))
    there = project.with_name("there")
    project.rename(there)
    window.edit(80)
    assert not window.bench.save()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *asked: str(there))
    window.shell.message.button.click()
    assert window.bench.project is not None
    assert window.bench.project.folder == there
    assert window.epochs == 80
    assert window.bench.run == str(there / "runs" / "one")
    assert Project.open(there).load_design().recipe.epochs == 80
    assert Project.open(there).designs == ("digits-mlp",)


def test_that_another_project_is_never_taken_for_the_one_that_moved(
    window: Window, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Project.create(tmp_path / "other", "digits-cnn")
    shutil.rmtree(project)
    window.edit(81)
    assert not window.bench.save()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *asked: str(other.folder))
    window.shell.message.button.click()
    assert "no design called digits-mlp" in window.says
    assert window.epochs == 81
    assert Project.open(other.folder).designs == ("digits-cnn",)


def test_that_a_deleted_project_goes_on_in_a_copy(
    window: Window, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(project)
    window.edit(82)
    assert not window.bench.save()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *asked: str(tmp_path / "elsewhere"))
    window.shell.message.button.click()
    assert window.bench.project is not None
    assert window.bench.project.load_design().recipe.epochs == 82
    assert window.bench.save()


def test_that_nothing_is_looked_at_while_work_goes_on(window: Window, project: Path) -> None:
    window.shell.set_run_state("training")
    project.rename(project.with_name("away"))
    window.come_back()
    assert window.says == ""
    window.shell.set_run_state("idle")
    window.bench.run_ended.emit()
    assert "no longer there" in window.says


def test_that_choosing_an_engine_keeps_what_another_window_wrote(window: Window, project: Path) -> None:
    path = project / "project.toml"
    path.write_text(path.read_text() + 'mine = "a word by hand"\n')
    window.bench.choose_engine("jax", "cpu")
    text: Any = path.read_text()
    assert 'mine = "a word by hand"' in text
    assert 'engine = "jax"' in text


def test_that_a_design_whose_file_went_is_never_saved_as_another_one(window: Window, project: Path) -> None:
    shutil.copy(project / "designs" / "digits-mlp.json", project / "designs" / "a.json")
    before = (project / "designs" / "a.json").read_text()
    (project / "designs" / "digits-mlp.json").unlink()
    window.edit(83)
    assert window.bench.save()
    assert (project / "designs" / "a.json").read_text() == before
    assert Project.open(project).load_design("digits-mlp").recipe.epochs == 83
