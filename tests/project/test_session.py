"""The window comes back as it was left, and a broken file never keeps it from opening."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import home as places
from app import session
from app.session import Session
from engines.contract.errors import ErrorCode, WorkbenchError

LEFT = Session(
    room="train",
    project="/p",
    design="digits-cnn",
    run="/p/runs/1",
    geometry="QUJD",
    splitters={"train": "RA=="},
)


def make_project(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "project.toml").write_text("version = 1\n")
    return folder


def test_that_the_first_start_has_a_fresh_session() -> None:
    assert session.load_session() == Session()


def test_that_the_same_window_comes_back() -> None:
    session.save_session(LEFT)
    assert session.load_session() == LEFT


@given(st.text(), st.dictionaries(st.text(), st.text(), max_size=4))
def test_that_any_text_survives(room: str, splitters: dict[str, str]) -> None:
    left = Session(room=room, splitters=splitters)
    session.save_session(left)
    assert session.load_session() == left


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"[]", b"\xff\xfe", b'{"room": 3}', b'{"splitters": {"a": 1}}']
)
def test_that_a_broken_session_gives_a_fresh_one_and_is_kept_aside(home: Path, broken: bytes) -> None:
    home.mkdir(parents=True)
    (home / "session.json").write_bytes(broken)
    assert session.load_session() == Session()
    kept = [path for path in home.iterdir() if ".broken-" in path.name]
    assert [path.read_bytes() for path in kept] == [broken]
    session.save_session(LEFT)
    assert session.load_session() == LEFT


def test_that_fields_of_a_newer_session_are_ignored(home: Path) -> None:
    home.mkdir(parents=True)
    (home / "session.json").write_text(json.dumps({"room": "graph", "hologram": True, "version": 2}))
    assert session.load_session() == Session(room="graph", version=2)


def test_that_a_home_that_is_a_file_is_named_when_saving(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    home.write_text("a file where the folder should be")
    assert session.load_session() == Session()
    with pytest.raises(WorkbenchError) as caught:
        session.save_session(LEFT)
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE


def test_that_recent_projects_are_listed_last_opened_first_and_once(tmp_path: Path) -> None:
    first, second = make_project(tmp_path / "first"), make_project(tmp_path / "second")
    for folder in (first, second, first):
        session.remember_project(folder, folder.name)
    assert [entry.name for entry in session.recent_projects()] == ["first", "second"]


def test_that_a_project_can_be_taken_off_the_list_and_stays_on_the_disk(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "here")
    session.remember_project(folder, "here")
    session.forget_project(folder)
    assert session.recent_projects() == ()
    assert (folder / "project.toml").is_file()


def test_that_the_list_of_recent_projects_stays_short(tmp_path: Path) -> None:
    for number in range(session.KEPT_RECENT + 5):
        session.remember_project(make_project(tmp_path / str(number)), str(number))
    recent = session.recent_projects()
    assert len(recent) == session.KEPT_RECENT
    assert recent[0].name == str(session.KEPT_RECENT + 4)


def test_that_a_session_is_frozen_and_replaced_as_a_whole() -> None:
    session.save_session(replace(LEFT, room="ship"))
    assert session.load_session().room == "ship"


def test_that_everything_of_the_person_lies_under_the_chosen_home(home: Path) -> None:
    for folder in (places.user_data(), places.user_cache(), places.data_cache(), places.projects_folder()):
        assert folder == home or home in folder.parents


def test_that_without_a_chosen_home_the_systems_own_folders_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODELWRIGHT_HOME")
    assert "modelwright" in str(places.user_data()).lower()
    assert places.user_data().is_absolute()
    assert places.data_cache().is_absolute()
