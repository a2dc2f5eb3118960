"""A project at whose opening the last window ended is not opened by itself again and again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.project import Project
from app.session import load_session, save_session
from tests.e2e.person import Person

pytestmark = pytest.mark.gui_e2e


def test_that_a_project_that_ended_the_last_window_is_left_to_the_person(
    qapp: QApplication, home: Path, no_engine: None
) -> None:
    project = Project.create(home / "deadly", "digits-mlp").folder
    save_session(replace(load_session(), room="train", project=str(project), opening=str(project)))
    person = Person(qapp, home)
    person.open()
    assert person.composition.bench.project is None
    assert person.shell.key == "start"
    assert "deadly was not opened again" in person.message()
    person.close()
    assert (load_session().project, load_session().opening) == ("", "")


def test_that_a_window_that_came_to_stand_opens_its_project_the_next_time(
    qapp: QApplication, home: Path, no_engine: None
) -> None:
    project = Project.create(home / "harmless", "digits-mlp").folder
    save_session(replace(load_session(), project=str(project)))
    for _ in range(2):
        person = Person(qapp, home)
        person.open()
        assert person.composition.bench.project is not None
        person.close()
        assert (load_session().project, load_session().opening) == (str(project), "")
