"""What ended a run is told once, in whichever window; later the run's own state says it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.bridge.hosts import Hosts
from app.controllers.training import TrainingController
from app.session import is_news
from app.workbench import Workbench
from engines.contract.events import Crashed
from engines.training.run_folder import EVENTS
from tests.helpers.small_training import run_small, small_job
from widgets.shell import Shell


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A run whose process was killed in its midst."""
    events = run_small(small_job(tmp_path))
    list(itertools.islice(events, 6))
    events.close()
    return tmp_path / "run"


class Windows:
    """Opens windows one after another; each has a Train room."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot, self.open = qtbot, list[Workbench]()

    def on(self, run: Path) -> TrainingController:
        """Open one on a run."""
        shell = Shell()
        self._qtbot.addWidget(shell)
        bench = Workbench(shell, Hosts())
        self.open.append(bench)
        training = TrainingController(bench)
        self._qtbot.addWidget(training.make_room())
        bench.choose_run(str(run))
        return training

    def says(self) -> bool:
        """Tell whether the window that was opened last shows a message."""
        return not self.open[-1].shell.message.isHidden()


@pytest.fixture
def windows(qtbot: QtBot) -> Iterator[Windows]:
    opened = Windows(qtbot)
    yield opened
    for bench in opened.open:
        bench.close()


def chip(training: TrainingController) -> str:
    assert training._room is not None
    return training._room.head.chip.text


def test_that_a_killed_run_is_told_by_the_first_window_that_opens_on_it_and_by_no_other(
    windows: Windows, killed: Path
) -> None:
    assert chip(windows.on(killed)) == "interrupted"
    assert windows.says()
    assert "was interrupted after step" in windows.open[-1].shell.message.what.text()
    again = windows.on(killed)
    assert not windows.says()
    assert chip(again) == "interrupted"
    assert again._room is not None
    assert not again._room.head.resume.isHidden()


def test_that_it_is_told_once_while_a_window_goes_from_run_to_run(
    windows: Windows, killed: Path, tmp_path: Path
) -> None:
    list(run_small(small_job(tmp_path / "other")))
    other = str(tmp_path / "other" / "run")
    windows.on(killed)
    bench = windows.open[-1]
    bench.quiet()
    bench.choose_run(other)
    bench.choose_run(str(killed))
    assert not windows.says()


def test_that_a_run_that_went_on_and_was_killed_again_is_told_again(windows: Windows, killed: Path) -> None:
    windows.on(killed)
    os.utime(killed / EVENTS, ns=(1, 1))
    windows.on(killed)
    assert windows.says()


def test_that_what_a_window_told_as_a_crash_is_told_by_no_other_as_an_interruption(
    windows: Windows, killed: Path
) -> None:
    training = windows.on(killed.parent / "none")
    bench = windows.open[-1]
    thread = bench.work("train", lambda desk: iter(()))
    thread.desk.run_folder = killed
    training._thread = thread
    training._on_ended(Crashed("signal", 0, 11, ""))
    assert "segmentation fault" in bench.shell.message.what.text()
    windows.on(killed)
    assert not windows.says()


def test_that_a_message_that_is_read_is_not_taken_away_by_it_and_it_is_told_later(
    windows: Windows, killed: Path, tmp_path: Path
) -> None:
    windows.on(tmp_path / "none")
    bench = windows.open[-1]
    bench.say("something else")
    bench.choose_run(str(killed))
    assert bench.shell.message.what.text() == "something else"
    windows.on(killed)
    assert windows.says()


def test_that_the_list_of_what_was_told_stays_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.session.KEPT_TOLD", 2)
    assert [is_news(mark) for mark in "aabbcab"] == [True, False, True, False, True, True, True]


def test_that_where_nothing_can_be_written_news_stays_news(home: Path) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    home.touch()
    assert is_news("a")
    assert is_news("a")
