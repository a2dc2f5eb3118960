"""An environment of our own that is made anew: until the new one is whole, the old one is not lost."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from engines.contract.errors import WorkbenchError
from engines.contract.events import Log
from engines.contract.files import write_atomic
from engines.environments import kept
from engines.environments.kept import ABSENT, HALF_MADE, READY, Kept, make, recover, remove
from tests.environments.tiny import BASE, scripted, silently

pytestmark = pytest.mark.commands


def test_that_while_it_is_made_anew_it_is_never_taken_for_a_whole_one(
    whole: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, whole, "MAKE\nprint('made', flush=True)")
    states = [whole.state() for event in make(whole, BASE, False, silently)]
    assert set(states) == {ABSENT, HALF_MADE}
    assert whole.state() == READY
    assert not whole.before.exists()


@pytest.mark.parametrize("code", ["MAKE\nraise SystemExit('no network')", "raise SystemExit(1)"])
def test_that_a_repair_that_fails_loses_nothing(
    whole: Kept, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    (whole.venv / "theirs").write_text("the one from before")
    mark = whole.read_mark()
    scripted(monkeypatch, whole, code)
    with pytest.raises(WorkbenchError):
        list(make(whole, BASE, False, silently))
    assert whole.state() == READY
    assert whole.read_mark() == mark
    assert (whole.venv / "theirs").exists()
    assert not whole.before.exists()


def test_that_a_repair_given_up_loses_nothing(whole: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    scripted(monkeypatch, whole, "MAKE\nimport time; print('made', flush=True); time.sleep(600)")
    events = make(whole, BASE, False, silently)
    while not (isinstance(event := next(events), Log) and event.text == "made"):
        pass
    events.close()  # type: ignore[attr-defined]
    assert whole.state() == READY


def test_that_what_a_killed_repair_left_is_swept_by_the_next(
    whole: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole.before / "old").mkdir(parents=True)
    list(make(whole, BASE, False, silently))
    assert whole.state() == READY
    assert not whole.before.exists()


@pytest.fixture
def killed(whole: Kept, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kept:
    """What a repair leaves that was killed while it filled the new environment."""
    (whole.venv / "theirs").write_text("the one from before")
    scripted(monkeypatch, whole, "MAKE\nimport time; print('made', flush=True); time.sleep(600)")
    events = make(whole, BASE, False, silently)
    while not (isinstance(event := next(events), Log) and event.text == "made"):
        pass
    assert not whole.is_recoverable()  # it goes on
    left = Kept("tiny", tmp_path / "left" / "tiny")
    shutil.copytree(whole.folder, left.folder, symlinks=True)
    events.close()  # type: ignore[attr-defined]
    return left


def test_that_a_killed_repair_is_half_made_until_what_was_there_is_brought_back(killed: Kept) -> None:
    assert killed.state() == HALF_MADE
    assert killed.is_recoverable()
    recover(killed)
    assert killed.state() == READY
    assert (killed.venv / "theirs").exists()
    assert not killed.is_recoverable()
    assert not killed.before.exists()
    recover(killed)  # nothing is left to do
    assert killed.state() == READY


def test_that_a_repair_after_a_killed_one_loses_nothing_when_it_fails(
    killed: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, killed, "MAKE\nraise SystemExit('no network')")
    with pytest.raises(WorkbenchError):
        list(make(killed, BASE, False, silently))
    assert killed.state() == READY
    assert (killed.venv / "theirs").exists()


def test_that_a_repair_after_a_killed_one_leaves_nothing_aside_when_it_succeeds(
    killed: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted(monkeypatch, killed, "MAKE")
    list(make(killed, BASE, False, silently))
    assert killed.state() == READY
    assert not (killed.venv / "theirs").exists()
    assert not killed.before.exists()
    assert not killed.mark_before.exists()


@pytest.mark.parametrize("moment", range(4))
def test_that_a_recovery_that_is_killed_itself_can_be_done_again(
    killed: Kept, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    steps = iter(range(10))

    def dying(step: Any) -> Any:
        def done(*arguments: Any, **named: Any) -> Any:
            if next(steps) == moment:
                raise KeyboardInterrupt
            return step(*arguments, **named)

        return done

    with monkeypatch.context() as patch:
        patch.setattr("engines.environments.kept._delete", dying(kept._delete))
        patch.setattr("engines.environments.kept.write_atomic", dying(write_atomic))
        patch.setattr(Path, "rename", dying(Path.rename))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        with pytest.raises(KeyboardInterrupt):
            recover(killed)
    assert killed.state() == READY if moment == 3 else killed.is_recoverable()
    recover(killed)
    assert killed.state() == READY
    assert (killed.venv / "theirs").exists()


def test_that_what_was_put_aside_can_be_removed(killed: Kept) -> None:
    remove(killed)
    assert killed.state() == ABSENT
    assert not killed.is_recoverable()
    assert not killed.before.exists()
