"""Closing the window: what cannot be saved is said first, and a run that still saves leaves it painted."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QTimer
from pytestqt.qtbot import QtBot

from app.desk import Desk
from app.window import Window
from app.workbench import Workbench
from engines.contract.events import Event, Log


@pytest.fixture
def window(qtbot: QtBot) -> Window:
    made = Window()
    qtbot.addWidget(made)
    made.show()
    return made


def test_that_the_window_stays_open_where_closing_is_refused(window: Window) -> None:
    answers, closed = [False, True], []
    window.on_closing = lambda: answers.pop(0)
    window.on_closed = lambda: closed.append("closed")
    assert not window.close()
    assert window.isVisible()
    assert closed == []
    assert window.close()
    assert closed == ["closed"]


def test_that_the_window_lives_while_the_last_work_ends(bench: Workbench) -> None:
    beats: list[float] = []
    heart = QTimer(bench, interval=10)
    heart.timeout.connect(lambda: beats.append(time.monotonic()))

    def saves(desk: Desk) -> Iterator[Event]:
        yield Log("info", "saving")
        end = time.monotonic() + 10
        while len(beats) < 5 and time.monotonic() < end:
            time.sleep(0.01)

    bench.work("run", saves)
    heart.start()
    bench.close()
    heart.stop()
    assert not bench.busy
    assert len(beats) >= 5
