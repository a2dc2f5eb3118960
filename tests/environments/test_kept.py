"""An environment of our own is whole, half made, outdated or absent, and is never taken for another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event, Log, Progress
from engines.environments import builders
from engines.environments.kept import ABSENT, HALF_MADE, OUTDATED, READY, Kept, make, remove
from engines.environments.locked import LOCKED
from engines.training.lock import FolderLock
from tests.environments.tiny import BASE, TINY, VERSION, scripted, silently, texts

pytestmark = pytest.mark.commands


@pytest.mark.parametrize("with_uv", [True, False])
def test_that_an_environment_is_made_from_its_list_and_marked_with_what_is_in_it(
    own: Kept, monkeypatch: pytest.MonkeyPatch, with_uv: bool
) -> None:
    if with_uv and not builders.find_uv():
        pytest.skip("no uv here")
    if not with_uv:
        monkeypatch.setattr(builders, "find_uv", lambda: "")
    assert own.state() == ABSENT
    events = list(make(own, BASE, False, silently))
    assert own.state() == READY
    mark = own.read_mark()
    assert mark is not None
    assert mark.python == VERSION
    assert {name: mark.installed[name] for name in ("tiny", "tinier")} == {"tiny": "1.0", "tinier": "2.0"}
    answer = subprocess.run(
        [own.python, "-c", "import tiny, tinier, sys; print(sys.prefix)"], capture_output=True
    )
    assert Path(answer.stdout.decode().strip()).samefile(own.venv)
    steps = [event for event in events if isinstance(event, Progress)]
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert {step.total for step in steps} == {len(TINY.requirements) + 2}
    assert steps[0].stage == "environment"
    assert steps[-1].stage == "check"
    assert texts(events).splitlines() == own.log.read_text(encoding="utf-8").splitlines()


def test_that_the_person_s_own_settings_lead_no_package_out_of_it(
    own: Kept, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("PIP_TARGET", "PIP_PREFIX", "VIRTUAL_ENV", "PYTHONPATH"):
        monkeypatch.setenv(name, str(tmp_path / "theirs"))
    monkeypatch.setenv("PIP_USER", "1")
    list(make(own, BASE, False, silently))
    assert not (tmp_path / "theirs").exists()
    assert own.state() == READY


def test_that_one_given_up_half_way_is_half_made_and_can_be_made_whole(
    own: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, own, "MAKE\nimport time; print('Collecting tiny', flush=True); time.sleep(600)")
    events = make(own, BASE, False, silently)
    while not (isinstance(event := next(events), Log) and event.text == "Collecting tiny"):
        pass
    events.close()  # type: ignore[attr-defined]
    assert own.state() == HALF_MADE
    assert not own.is_busy()
    scripted(monkeypatch, own, "MAKE")
    list(make(own, BASE, False, silently))
    assert own.state() == READY


def test_that_it_can_be_ended_from_outside_and_no_other_way_is_tried_then(
    own: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(
        monkeypatch, own, "MAKE\nimport time; print('here', flush=True); time.sleep(600)", "print('again')"
    )
    ends: list[object] = []
    events = make(own, BASE, False, ends.append)
    said: list[Event] = []
    with pytest.raises(WorkbenchError):  # noqa: PT012 - the end is asked for in the midst of it
        for event in events:
            said.append(event)
            if isinstance(event, Log) and event.text == "here":
                ends[-1]()  # type: ignore[operator]
    assert "again" not in texts(said)
    assert own.state() == HALF_MADE


def test_that_what_one_way_could_not_the_next_one_does_and_the_log_says_so(
    own: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, own, "raise SystemExit('no mirror')", "MAKE")
    events = list(make(own, BASE, False, silently))
    assert own.state() == READY
    assert any(
        isinstance(event, Log) and event.level == "warning" and "no mirror" in event.text for event in events
    )


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("dns error: Name or service not known", ErrorCode.NETWORK_DOWN),
        ("No matching distribution", ErrorCode.INSTALL_FAILED),
    ],
)
def test_that_a_failure_is_told_by_what_it_is_and_leaves_a_half_made_one(
    own: Kept, monkeypatch: pytest.MonkeyPatch, words: str, code: ErrorCode
) -> None:
    scripted(monkeypatch, own, f"MAKE\nraise SystemExit({words!r})")
    with pytest.raises(WorkbenchError) as caught:
        list(make(own, BASE, False, silently))
    assert caught.value.code is code
    assert words in caught.value.details
    assert own.state() == HALF_MADE


def test_that_a_full_disk_is_not_tried_a_second_time(own: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, own, "raise SystemExit('No space left on device')", "MAKE")
    with pytest.raises(WorkbenchError) as caught:
        list(make(own, BASE, False, silently))
    assert caught.value.code is ErrorCode.DISK_FULL


def test_that_a_full_disk_gets_its_space_back(own: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, own, "MAKE\nraise SystemExit('No space left on device (os error 28)')")
    with pytest.raises(WorkbenchError) as caught:
        list(make(own, BASE, False, silently))
    assert caught.value.code is ErrorCode.DISK_FULL
    assert own.state() == ABSENT
    assert "No space left" in own.log.read_text(encoding="utf-8")


def test_that_a_log_that_cannot_be_written_keeps_no_environment_from_being_made(
    own: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, own, "MAKE\nprint('made')")
    events = make(own, BASE, False, silently)
    assert isinstance(next(events), Progress)
    own.log.mkdir()
    assert "made" in texts(list(events))
    assert own.state() == READY


@pytest.mark.parametrize(("setting", "tried"), [("", False), ("global.index-url='http://mirror/'", True)])
def test_that_without_a_network_pip_is_tried_only_where_it_is_set_up_for_another_road(
    own: Kept, monkeypatch: pytest.MonkeyPatch, setting: str, tried: bool
) -> None:
    scripted(
        monkeypatch, own, "raise SystemExit('dns error')", "raise SystemExit('No matching distribution')"
    )
    lines = builders.lines_of

    def of_pip(command: list[str], *about: object) -> object:
        asks = "config" in command
        return iter([setting]) if asks else lines(command, *about)  # type: ignore[arg-type]

    monkeypatch.setattr(builders, "lines_of", of_pip)
    said: list[Event] = []
    with pytest.raises(WorkbenchError) as caught:
        said.extend(make(own, BASE, False, silently))
    assert caught.value.code is ErrorCode.NETWORK_DOWN
    assert ("No matching" in own.log.read_text(encoding="utf-8")) is tried


def test_that_one_whose_python_does_not_run_gets_no_mark(own: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = "MAKE\npython.unlink(); python.write_text('#!/bin/sh\\nexit 1'); python.chmod(0o755)"
    scripted(monkeypatch, own, broken)
    with pytest.raises(WorkbenchError):
        list(make(own, BASE, False, silently))
    assert own.state() == HALF_MADE


def test_that_two_windows_do_not_build_at_once(own: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, own, "MAKE")
    own.folder.mkdir(parents=True)
    other = FolderLock(own.folder)
    try:
        assert own.is_busy()
        with pytest.raises(WorkbenchError) as caught:
            list(make(own, BASE, False, silently))
        assert caught.value.code is ErrorCode.ENVIRONMENT_BUSY
    finally:
        other.release()
    list(make(own, BASE, False, silently))
    assert own.state() == READY


def test_that_a_changed_list_makes_it_outdated(whole: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(LOCKED, "tiny", replace(TINY, requirements=("tiny==1.1",)))
    assert whole.state() == OUTDATED


@pytest.mark.parametrize("text", ["", "{", "[]", '{"digest": 1}', "\0\0"])
def test_that_a_spoilt_mark_is_no_mark(whole: Kept, text: str) -> None:
    whole.mark.write_text(text)
    assert whole.state() == HALF_MADE


def test_that_one_whose_python_was_taken_away_is_half_made(whole: Kept) -> None:
    whole.python.unlink()
    assert whole.state() == HALF_MADE


def test_that_one_whose_folder_was_deleted_is_absent(whole: Kept) -> None:
    shutil.rmtree(whole.venv)
    assert whole.state() == ABSENT


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="nothing is refused to this user")
def test_that_a_folder_that_may_not_be_changed_is_told(whole: Kept) -> None:
    whole.folder.chmod(0o500)
    try:
        with pytest.raises(WorkbenchError) as caught:
            remove(whole)
    finally:
        whole.folder.chmod(0o700)
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE


def test_that_a_mark_holds_plain_json_that_a_person_can_read(whole: Kept) -> None:
    assert json.loads(whole.mark.read_text(encoding="utf-8"))["python"] == VERSION


def test_that_it_can_be_removed_once(whole: Kept, tmp_path: Path) -> None:
    remove(whole)
    assert whole.state() == ABSENT
    assert not whole.venv.exists()
    with pytest.raises(WorkbenchError) as caught:
        remove(whole)
    assert caught.value.code is ErrorCode.ENVIRONMENT_NONE


def test_that_one_that_is_being_made_cannot_be_removed(whole: Kept) -> None:
    other = FolderLock(whole.folder)
    try:
        with pytest.raises(WorkbenchError) as caught:
            remove(whole)
    finally:
        other.release()
    assert caught.value.code is ErrorCode.ENVIRONMENT_BUSY
    assert whole.state() == READY
