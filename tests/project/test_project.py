"""A project is a folder of plain files: made from a template, read back, never half-written."""

from __future__ import annotations

import dataclasses
import os
import re
import tomllib
from pathlib import Path

import pytest

from app.plans import project_plan
from app.project import Project, new_run_folder
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design.templates import TEMPLATES, open_design


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "mine", "digits-cnn")


def code_of(action: object) -> ErrorCode:
    assert callable(action)
    with pytest.raises(WorkbenchError) as caught:
        action()
    return caught.value.code


@pytest.mark.parametrize("name", list(TEMPLATES))
def test_that_a_template_becomes_a_project_that_opens_as_it_was(tmp_path: Path, name: str) -> None:
    Project.create(tmp_path / "mine", name)
    project = Project.open(tmp_path / "mine")
    assert (project.name, project.designs, project.current_design) == ("mine", (name,), name)
    assert project.load_design().snapshot() == open_design(name).snapshot()
    assert project.load_design().recipe == TEMPLATES[name].recipe
    assert project.runs_folder.is_dir()


def test_that_a_project_holds_plain_files_alone(project: Project) -> None:
    files = {str(path.relative_to(project.folder)) for path in project.folder.rglob("*") if path.is_file()}
    assert files == {"project.toml", os.path.join("designs", "digits-cnn.json")}  # noqa: PTH118
    assert tomllib.loads((project.folder / "project.toml").read_text(encoding="utf-8"))["version"] == 1


def test_that_the_project_file_itself_can_be_opened(project: Project) -> None:
    assert Project.open(project.folder / "project.toml").folder == project.folder


def test_that_a_folder_with_something_in_it_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    assert code_of(lambda: Project.create(tmp_path, "digits-cnn")) is ErrorCode.PROJECT_EXISTS
    assert code_of(lambda: Project.create(tmp_path / "thesis.txt", "diabetes")) is ErrorCode.PROJECT_EXISTS
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_that_an_unknown_template_leaves_no_folder(tmp_path: Path) -> None:
    assert code_of(lambda: Project.create(tmp_path / "mine", "moon")) is ErrorCode.DESIGN_UNKNOWN
    assert not (tmp_path / "mine").exists()


def test_that_a_folder_without_project_file_is_no_project(tmp_path: Path) -> None:
    assert code_of(lambda: Project.open(tmp_path)) is ErrorCode.NOT_A_PROJECT
    assert code_of(lambda: Project.open(tmp_path / "nowhere")) is ErrorCode.NOT_A_PROJECT


def test_that_a_newer_project_is_refused_and_left_as_it_is(project: Project) -> None:
    path = project.folder / "project.toml"
    path.write_text("version = 99\nname = 'from the future'\n")
    with pytest.raises(WorkbenchError) as caught:
        Project.open(project.folder)
    assert caught.value.code is ErrorCode.PROJECT_NEWER
    assert caught.value.facts == {"path": str(project.folder), "version": 99, "known": 1}
    assert path.read_text() == "version = 99\nname = 'from the future'\n"


@pytest.mark.parametrize(
    "text", [b"version = ", b"name = 'x'", b"version = 'one'", b"version = true", b"\xff"]
)
def test_that_a_broken_project_file_is_named_with_the_reason(project: Project, text: bytes) -> None:
    (project.folder / "project.toml").write_bytes(text)
    with pytest.raises(WorkbenchError) as caught:
        Project.open(project.folder)
    assert caught.value.code is ErrorCode.PROJECT_UNREADABLE
    assert str(caught.value.facts["why"]).endswith(".")


def test_that_a_hand_written_comment_survives_a_change(project: Project) -> None:
    path = project.folder / "project.toml"
    path.write_text("# mine\nversion = 1  # do not touch\n")
    opened = Project.open(project.folder)
    opened.choose_engine("torch", "cpu")
    assert path.read_text().startswith("# mine\nversion = 1  # do not touch\n")
    again = Project.open(project.folder)
    assert (again.engine, again.device) == ("torch", "cpu")


def test_that_a_changed_design_is_saved_and_project_toml_chooses_another(project: Project) -> None:
    design = project.load_design()
    design.set_recipe(dataclasses.replace(design.recipe, epochs=3))
    project.save_design(design, "second")
    path = project.folder / "project.toml"
    path.write_text(path.read_text().replace('design = "digits-cnn"', 'design = "second"'))
    again = Project.open(project.folder)
    assert again.current_design == "second"
    assert again.load_design().recipe.epochs == 3
    assert again.load_design("digits-cnn").recipe.epochs != 3


def test_that_a_design_that_is_not_there_names_those_that_are(project: Project) -> None:
    with pytest.raises(WorkbenchError) as caught:
        project.load_design("moon")
    assert caught.value.code is ErrorCode.DESIGN_NOT_IN_PROJECT
    assert caught.value.facts["known"] == "digits-cnn"


def test_that_data_inside_the_project_are_found_wherever_it_lies(project: Project) -> None:
    design = project.load_design()
    assert project.data_source(design) == "digits"
    (project.folder / "my.csv").write_text("a,b\n")
    design.set_data("my.csv?target=b")
    assert project.data_source(design) == f"{project.folder / 'my.csv'}?target=b"


def test_that_runs_are_numbered_within_the_day(project: Project) -> None:
    names = [project.new_run("digits-cnn").name for _ in range(3)]
    assert [re.fullmatch(r"\d{4}-\d\d-\d\d-(\d{3})-digits-cnn", name)[1] for name in names] == [  # type: ignore[index]
        "001",
        "002",
        "003",
    ]
    other = project.new_run("mlp").name
    assert other.endswith("-004-mlp")


def test_that_a_deleted_run_in_the_middle_gives_no_number_twice(tmp_path: Path) -> None:
    folders = [new_run_folder(tmp_path, "a") for _ in range(3)]
    folders[1].rmdir()
    assert new_run_folder(tmp_path, "a").name not in {folder.name for folder in folders}


def test_that_a_place_where_no_folder_can_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert (
        code_of(lambda: Project.create(tmp_path / "file" / "mine", "diabetes")) is ErrorCode.FILE_UNWRITABLE
    )
    assert code_of(lambda: new_run_folder(tmp_path / "file", "a")) is ErrorCode.FILE_UNWRITABLE


def test_that_a_look_at_a_design_is_no_promise_to_have_seen_it(project: Project) -> None:
    """What plans read, nobody sees: a design that changed meanwhile still has to be shown or set aside."""
    ours = project.load_design()
    path = project.design_path(project.current_design)
    path.write_bytes(path.read_bytes() + b"\n")
    project_plan(project, project.current_design)
    assert project.is_changed()
    assert project.save_design(ours)


def test_that_what_another_window_saved_is_never_overwritten(project: Project) -> None:
    ours, theirs = project.load_design(), Project.open(project.folder)
    other = theirs.load_design()
    other.set_recipe(dataclasses.replace(other.recipe, epochs=3))
    assert theirs.save_design(other) == ""
    ours.set_recipe(dataclasses.replace(ours.recipe, epochs=5))
    assert project.save_design(ours) == "digits-cnn-2"
    again = Project.open(project.folder)
    assert again.load_design("digits-cnn").recipe.epochs == 5
    assert again.load_design("digits-cnn-2").recipe.epochs == 3
    assert project.save_design(ours) == ""
