"""The engine thread: batches to the window, control straight to the host, one end for each job."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QThread, QTimer
from pytestqt.qtbot import QtBot

from app.bridge.batches import Inbox, lighten
from app.bridge.worker_thread import EngineThread
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    Control,
    Crashed,
    Event,
    Failed,
    Finished,
    Hello,
    Log,
    Metrics,
    Paused,
    Stopped,
    Stopping,
)
from engines.contract.jobs import Job, ProbeJob
from engines.host.process import ProcessHost
from engines.host.protocol import Host
from engines.host.thread import InThreadHost
from tests.helpers.fake_jobs import fake_training


class Watched:
    """An engine thread and all that it emitted, noted in the GUI thread."""

    def __init__(self, host: Host) -> None:
        self.thread = EngineThread(host, "engine under test")
        self.batches: list[list[Event]] = []
        self.times: list[float] = []
        self.ended: list[Event] = []
        self.homes: set[QThread] = set()
        self.thread.events_arrived.connect(self._on_events)
        self.thread.job_ended.connect(self.ended.append)

    def _on_events(self, events: list[Event]) -> None:
        self.batches.append(events)
        self.times.append(time.monotonic())
        self.homes.add(QThread.currentThread())

    @property
    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


@pytest.fixture
def watched(qtbot: QtBot) -> Iterator[Watched]:
    made = Watched(ProcessHost("fake", reusable=True))
    yield made
    assert made.thread.shutdown(10)


def wait_for_end(qtbot: QtBot, watched: Watched, jobs: int = 1) -> None:
    qtbot.waitUntil(lambda: len(watched.ended) == jobs, timeout=30_000)


def metrics_arrived(watched: Watched) -> bool:
    return any(isinstance(event, Metrics) for event in watched.events)


def test_that_a_training_reaches_the_window_and_ends_once(
    qtbot: QtBot, watched: Watched, tmp_path: Path
) -> None:
    watched.thread.submit(fake_training(tmp_path))
    assert watched.thread.busy
    wait_for_end(qtbot, watched)
    assert not watched.thread.busy
    assert isinstance(watched.events[0], Hello)
    assert isinstance(watched.events[-1], Finished)
    assert watched.ended == [watched.events[-1]]


def test_that_events_arrive_in_the_gui_thread(qtbot: QtBot, watched: Watched) -> None:
    watched.thread.submit(ProbeJob())
    wait_for_end(qtbot, watched)
    assert watched.homes == {QThread.currentThread()}


def test_that_a_flood_comes_in_few_batches(qtbot: QtBot, watched: Watched, tmp_path: Path) -> None:
    begin = time.monotonic()
    watched.thread.submit(fake_training(tmp_path, "fake:chatty"))
    wait_for_end(qtbot, watched)
    seconds = time.monotonic() - begin
    assert sum(isinstance(event, Log) for event in watched.events) >= 2000
    assert len(watched.batches) <= 30 * seconds + 2
    gaps = np.diff(watched.times)
    assert np.all(gaps > 0.015)  # a timer may be early by its coarseness, never by half


def test_that_the_gui_thread_is_never_blocked_by_a_flood(
    qtbot: QtBot, watched: Watched, tmp_path: Path
) -> None:
    """Calls return at once, and the event loop turns while thousands of events come in."""
    ticks: list[float] = []
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start()
    watched.thread.submit(fake_training(tmp_path, "fake:chatty", epochs=4))
    watched.thread.control(Control("set", {"learning_rate": 0.1}))
    assert watched.batches == []
    wait_for_end(qtbot, watched)
    timer.stop()
    arrived = [time for time in watched.times if ticks[0] < time < ticks[-1]]
    assert len(arrived) > 10
    assert all(np.diff(np.searchsorted(ticks, arrived)) >= 1)  # it turned between any two batches


def test_that_metrics_cross_as_their_last_values_alone(
    qtbot: QtBot, watched: Watched, tmp_path: Path
) -> None:
    watched.thread.submit(fake_training(tmp_path, epochs=3))
    wait_for_end(qtbot, watched)
    sizes = {len(v) for one in watched.events if isinstance(one, Metrics) for v in one.values.values()}
    last = [event for event in watched.events if isinstance(event, Metrics)][-1]
    assert sizes == {1}
    assert last.first_step == 29


def test_that_jobs_are_answered_in_turn_each_with_one_end(qtbot: QtBot, watched: Watched) -> None:
    for _ in range(4):
        watched.thread.submit(ProbeJob())
    wait_for_end(qtbot, watched, 4)
    assert watched.kinds() == ["hello", "answer", "finished"] * 4
    assert all(isinstance(last, Finished) for last in watched.ended)


def test_that_control_reaches_a_training_that_never_yields_the_thread(
    qtbot: QtBot, watched: Watched, tmp_path: Path
) -> None:
    watched.thread.submit(fake_training(tmp_path, "fake:slow", epochs=10_000))
    qtbot.waitUntil(lambda: metrics_arrived(watched), timeout=30_000)
    watched.thread.control(Control("pause"))
    qtbot.waitUntil(lambda: any(isinstance(event, Paused) for event in watched.events), timeout=30_000)
    watched.thread.control(Control("resume"))
    watched.thread.stop(keep=True)
    wait_for_end(qtbot, watched)
    assert isinstance(watched.ended[0], Stopped)
    assert sum(isinstance(event, Stopping) for event in watched.events) == 1


def test_that_a_stop_in_the_same_breath_as_the_start_counts(
    qtbot: QtBot, watched: Watched, tmp_path: Path
) -> None:
    watched.thread.submit(fake_training(tmp_path, "fake:slow", epochs=10_000))
    watched.thread.stop(keep=False)
    wait_for_end(qtbot, watched)
    assert isinstance(watched.ended[0], Stopped)
    assert not (tmp_path / "run").exists()


def test_that_a_stop_without_a_job_harms_no_later_one(qtbot: QtBot, watched: Watched) -> None:
    watched.thread.stop(keep=True)
    watched.thread.submit(ProbeJob())
    wait_for_end(qtbot, watched)
    watched.thread.stop(keep=True)
    watched.thread.submit(ProbeJob())
    wait_for_end(qtbot, watched, 2)
    assert [last.kind for last in watched.ended] == ["finished", "finished"]


def test_that_a_crash_is_an_end_like_any_other(qtbot: QtBot, watched: Watched, tmp_path: Path) -> None:
    watched.thread.submit(fake_training(tmp_path, "fake:exit"))
    watched.thread.submit(ProbeJob())
    wait_for_end(qtbot, watched, 2)
    assert isinstance(watched.ended[0], Crashed)
    assert isinstance(watched.ended[1], Finished)


def test_that_killing_ends_the_job_at_once(qtbot: QtBot, watched: Watched, tmp_path: Path) -> None:
    watched.thread.submit(fake_training(tmp_path, "fake:slow", epochs=10_000))
    qtbot.waitUntil(lambda: metrics_arrived(watched), timeout=30_000)
    watched.thread.kill()
    wait_for_end(qtbot, watched)
    assert isinstance(watched.ended[0], Crashed)


def test_that_a_host_that_cannot_start_is_told_as_a_failure(qtbot: QtBot, tmp_path: Path) -> None:
    watched = Watched(ProcessHost("fake", python=str(tmp_path / "no-python")))
    watched.thread.warm()
    watched.thread.submit(ProbeJob())
    wait_for_end(qtbot, watched)
    last = watched.ended[0]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.HOST_NOT_STARTED.value
    assert watched.thread.shutdown(10)


def test_that_the_in_thread_host_runs_in_the_engine_thread(qtbot: QtBot, tmp_path: Path) -> None:
    watched = Watched(InThreadHost("fake"))
    watched.thread.submit(fake_training(tmp_path))
    wait_for_end(qtbot, watched)
    assert isinstance(watched.ended[0], Finished)
    assert watched.thread.shutdown(10)


class Noting:
    """A host that notes which thread calls it."""

    pid = 0

    def __init__(self) -> None:
        self.names: list[str] = []

    def warm(self) -> None:
        self.names.append(threading.current_thread().name)

    def run(self, job: Job) -> Iterator[Event]:
        self.names.append(threading.current_thread().name)
        yield Finished()

    def control(self, control: Control) -> None: ...

    def stop(self, keep: bool) -> None: ...

    def kill(self) -> None: ...

    def close(self) -> None:
        self.names.append(threading.current_thread().name)


def test_that_the_host_is_called_on_a_thread_that_bears_the_name(qtbot: QtBot) -> None:
    host = Noting()
    watched = Watched(host)
    watched.thread.warm()
    watched.thread.submit(ProbeJob())
    wait_for_end(qtbot, watched)
    assert watched.thread.shutdown(10)
    assert host.names == ["engine under test"] * 3


class Broken(Noting):
    """A host that raises in the middle of a job."""

    def run(self, job: Job) -> Iterator[Event]:
        yield Log("info", "before")
        raise WorkbenchError(ErrorCode.HOST_SPENT, engine="broken")


def test_that_a_host_that_raises_still_ends_its_job(qtbot: QtBot) -> None:
    watched = Watched(Broken())
    watched.thread.submit(ProbeJob())
    wait_for_end(qtbot, watched)
    assert watched.kinds() == ["log", "failed"]
    assert watched.thread.shutdown(10)


def test_that_shutting_down_a_running_training_keeps_its_checkpoint(qtbot: QtBot, tmp_path: Path) -> None:
    watched = Watched(ProcessHost("fake"))
    watched.thread.submit(fake_training(tmp_path, "fake:slow", epochs=10_000))
    qtbot.waitUntil(lambda: metrics_arrived(watched), timeout=30_000)
    assert watched.thread.shutdown(20)
    assert isinstance(watched.ended[0], Stopped)
    assert list((tmp_path / "run" / "checkpoints").glob("step-*.json"))


def test_that_shutting_down_ends_even_a_deaf_engine(qtbot: QtBot, tmp_path: Path) -> None:
    watched = Watched(ProcessHost("fake", ask_seconds=60, close_seconds=0.2))
    watched.thread.submit(fake_training(tmp_path, "fake:deaf"))
    qtbot.waitUntil(lambda: "progress" in watched.kinds(), timeout=30_000)
    watched.thread.shutdown(0.5)
    assert watched.thread.wait(10_000)
    assert isinstance(watched.ended[0], Crashed)


def test_that_jobs_still_waiting_at_the_end_never_begin(qtbot: QtBot, tmp_path: Path) -> None:
    watched = Watched(ProcessHost("fake", reusable=True))
    watched.thread.submit(fake_training(tmp_path / "a", "fake:slow", epochs=10_000))
    watched.thread.submit(fake_training(tmp_path / "b"))
    qtbot.waitUntil(lambda: metrics_arrived(watched), timeout=30_000)
    assert watched.thread.shutdown(20)
    assert [last.kind for last in watched.ended] == ["stopped", "stopped"]
    assert not (tmp_path / "b" / "run").exists()


def test_that_a_thread_without_work_shuts_down(qtbot: QtBot) -> None:
    assert Watched(ProcessHost("fake")).thread.shutdown(10)


def test_that_a_retired_thread_takes_no_more_jobs(qtbot: QtBot, watched: Watched) -> None:
    watched.thread.retire()
    with pytest.raises(RuntimeError):
        watched.thread.submit(ProbeJob())


def chunk(first: int, *losses: float) -> Metrics:
    return Metrics(first, {"loss": np.array(losses, np.float32)})


def plain(events: list[Event]) -> list[Any]:
    return [
        (event.first_step, *event.values["loss"].tolist()) if isinstance(event, Metrics) else event.kind
        for event in events
    ]


def test_that_stretches_of_metrics_melt_into_their_last_step() -> None:
    events = [chunk(0, 4, 3), chunk(2, 2, 1), Log("info", "x"), chunk(4, 9), Finished()]
    assert plain(lighten(events)) == [(3, 1.0), "log", (4, 9.0), "finished"]


def test_that_an_inbox_is_announced_once_until_it_is_emptied() -> None:
    inbox = Inbox()
    assert [inbox.put(Finished()) for _ in range(3)] == [True, False, False]
    assert len(inbox.take()) == 3
    assert inbox.take() == []
    assert inbox.put(Finished())
