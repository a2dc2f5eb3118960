"""The workbench's work: flows in threads of their own, none left when it is closed, none begun after."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from app.controllers.models import ModelsController
from app.controllers.start import StartController
from app.desk import Desk
from app.project import Project
from app.workbench import Workbench
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event, Finished, Log
from tests.own.layers import BEND, put


def two_events(desk: Desk) -> Iterator[Event]:
    yield Log("info", "one")
    yield Finished()


def test_that_a_flow_hands_over_its_events_and_then_its_end(qtbot: QtBot, bench: Workbench) -> None:
    seen: list[object] = []
    bench.work("some work", two_events, lambda batch: seen.extend(e.kind for e in batch), seen.append)
    qtbot.waitUntil(lambda: not bench.busy and len(seen) == 3, timeout=10_000)
    assert seen[:2] == ["log", "finished"]
    assert isinstance(seen[2], Finished)


def test_that_closing_waits_for_the_work_under_way(bench: Workbench) -> None:
    began, ended = threading.Event(), threading.Event()

    def slow(desk: Desk) -> Iterator[Event]:
        began.set()
        yield Log("info", "working")
        ended.set()

    thread = bench.work("slow work", slow)
    began.wait(10)
    bench.close()
    assert ended.is_set()
    assert not thread.running


def test_that_no_work_begins_after_the_end_even_when_what_ended_last_asks_for_it(
    qtbot: QtBot, bench: Workbench
) -> None:
    """A probe that ends while the window closes asks for a spare: its thread would outlive the window."""
    begun: list[str] = []

    def ask_for_more(outcome: object) -> None:
        bench.work("more work", lambda desk: begun.append("more") or iter(()))  # type: ignore[func-returns-value]
        begun.append("asked")

    bench.work("last work", two_events, None, ask_for_more)
    bench.close()
    qtbot.waitUntil(lambda: "asked" in begun, timeout=10_000)
    assert begun == ["asked"]
    assert not bench.busy


def test_that_a_window_in_which_nothing_was_changed_overwrites_nothing(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWRIGHT_HOME", str(tmp_path / "home"))
    bench.open_project(Project.create(tmp_path / "mine", "digits-mlp"))
    path = tmp_path / "mine" / "designs" / "digits-mlp.json"
    path.write_text(path.read_text().replace('"epochs": ', '"epochs": 1'))
    changed = path.read_text()
    bench.close()
    assert path.read_text() == changed


def test_that_a_design_that_cannot_be_saved_is_not_left_for_another_project(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWRIGHT_HOME", str(tmp_path / "home"))
    bench.open_project(Project.create(tmp_path / "mine", "digits-mlp"))
    design, first = bench.design, bench.project
    assert design is not None
    assert first is not None
    design.set_recipe(replace(design.recipe, epochs=77))
    second = Project.create(tmp_path / "other", "digits-mlp")

    def full(*given: object) -> str:
        raise WorkbenchError(ErrorCode.DISK_FULL, path="designs", why="No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "save_design", full)
        with pytest.raises(WorkbenchError):
            bench.open_project(second)
        assert bench.project is first
        assert not bench.save()
    bench.open_project(second)
    assert first.load_design().recipe.epochs == 77


def test_that_opening_the_same_project_again_keeps_the_last_edit(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWRIGHT_HOME", str(tmp_path / "home"))
    bench.open_project(Project.create(tmp_path / "mine", "digits-mlp"))
    assert bench.design is not None
    bench.design.set_recipe(replace(bench.design.recipe, epochs=77))
    bench.open_project(Project.open(tmp_path / "mine"))
    assert bench.design.recipe.epochs == 77
    bench.design.set_recipe(replace(bench.design.recipe, epochs=78))
    assert bench.save()
    assert Project.open(tmp_path / "mine").designs == ("digits-mlp",)


def test_that_a_project_that_cannot_be_written_goes_on_in_a_copy_with_its_last_edit(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MODELWRIGHT_HOME", str(tmp_path / "home"))
    first = Project.create(tmp_path / "mine", "digits-mlp")
    put(first.folder, "bend.py", BEND)
    (first.folder / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    bench.open_project(first)
    assert bench.design is not None
    bench.design.set_data("table.csv?target=b")
    bench.design.set_recipe(replace(bench.design.recipe, epochs=77))
    unwritten = first.design_path("digits-mlp").read_bytes()
    refused = WorkbenchError(ErrorCode.FILE_UNWRITABLE, path=str(first.folder), why="Read-only file system")

    def read_only(self: Project, *given: object) -> str:
        if self is first:
            raise refused
        return save_design(self, *given)

    save_design: Any = Project.save_design
    monkeypatch.setattr(Project, "save_design", read_only)
    StartController(bench, ModelsController(bench))
    assert not bench.save()
    assert bench.shell.status.saved.text() == "Not saved"
    assert bench.shell.message.button.text() == "Choose a folder"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "else"))
    bench.shell.message_action.emit("choose_folder")
    assert bench.project is not None
    assert bench.project.folder == tmp_path / "else" / "mine"
    assert bench.design.recipe.epochs == 77
    assert bench.project.load_design().recipe.epochs == 77
    assert bench.project.data_source(bench.design) == f"{tmp_path / 'else' / 'mine' / 'table.csv'}?target=b"
    assert bench.design.own.names == ("bend.py",)
    assert f"You go on in {tmp_path / 'else' / 'mine'}" in bench.shell.message.accessibleName()
    assert first.design_path("digits-mlp").read_bytes() == unwritten
    assert bench.shell.status.saved.text() == "Saved just now"
