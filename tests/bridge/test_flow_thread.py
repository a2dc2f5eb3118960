"""The flow thread: batches to the window, control straight to the host, one end for each flow."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QThread, QTimer
from pytestqt.qtbot import QtBot

from app.bridge.batches import Inbox, lighten
from app.bridge.flow_thread import FlowThread, Outcome
from app.desk import Desk, Ended
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Continued, Crashed, Event, Finished, Log, Metrics, Paused, Stopped
from engines.contract.jobs import ProbeJob
from engines.host.process import ProcessHost
from engines.host.protocol import Host
from engines.host.thread import InThreadHost
from tests.helpers.fake_jobs import fake_training


def fake_desk() -> Desk:
    def make(engine: str) -> Host:
        return ProcessHost("fake")

    return Desk(make)


def finish(qtbot: QtBot, thread: FlowThread, seconds: int = 30) -> tuple[list[Event], list[Outcome]]:
    events: list[Event] = []
    ends: list[Outcome] = []
    thread.events_arrived.connect(events.extend)
    thread.ended.connect(ends.append)
    thread.start()
    qtbot.waitUntil(lambda: bool(ends), timeout=seconds * 1000)
    return events, ends


def test_that_a_training_in_its_own_thread_ends_once_after_all_its_events(
    qtbot: QtBot, tmp_path: Path
) -> None:
    job = fake_training(tmp_path)
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    events, ends = finish(qtbot, thread)
    assert len(ends) == 1
    assert isinstance(ends[0], Finished)
    assert events[-1] is ends[0]
    assert any(isinstance(event, Metrics) for event in events)


def test_that_the_flow_runs_outside_the_gui_thread_and_its_events_arrive_inside_it(qtbot: QtBot) -> None:
    where: dict[str, str] = {}

    def flow(desk: Desk) -> Iterator[Event]:
        where["flow"] = threading.current_thread().name
        yield Log("info", "here")

    thread = FlowThread("some work", flow, fake_desk())
    thread.events_arrived.connect(lambda _: where.setdefault("events", threading.current_thread().name))
    finish(qtbot, thread)
    assert where == {"flow": "some work", "events": threading.main_thread().name}


@pytest.mark.parametrize(
    "fault", [WorkbenchError(ErrorCode.FILE_MISSING, path="x"), RuntimeError("no"), Ended(Stopped(3, True))]
)
def test_that_what_a_flow_raises_is_its_outcome(qtbot: QtBot, fault: Exception) -> None:
    def flow(desk: Desk) -> Iterator[Event]:
        yield Log("info", "before")
        raise fault

    events, ends = finish(qtbot, FlowThread("broken", flow, fake_desk()))
    assert [event.kind for event in events] == ["log"]
    assert ends == [fault.event if isinstance(fault, Ended) else fault]


def test_that_many_events_arrive_in_few_batches(qtbot: QtBot) -> None:
    batches: list[int] = []

    def flow(desk: Desk) -> Iterator[Event]:
        for number in range(5_000):
            yield Log("info", str(number))

    thread = FlowThread("chatty", flow, fake_desk())
    thread.events_arrived.connect(lambda batch: batches.append(len(batch)))
    events, _ = finish(qtbot, thread)
    assert [event.text for event in events if isinstance(event, Log)] == [str(n) for n in range(5_000)]
    assert len(batches) < 500


def test_that_stop_and_keep_ends_a_training_with_a_checkpoint(qtbot: QtBot, tmp_path: Path) -> None:
    job = fake_training(tmp_path, device="fake:slow")
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    thread.events_arrived.connect(lambda batch: thread.stop() if _trains(batch) else None)
    _, ends = finish(qtbot, thread)
    assert isinstance(ends[0], Stopped)
    assert ends[0].kept


def test_that_a_killed_engine_is_an_outcome_and_not_an_end_of_the_window(
    qtbot: QtBot, tmp_path: Path
) -> None:
    job = fake_training(tmp_path, device="fake:crash@6")
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    _, ends = finish(qtbot, thread)
    assert isinstance(ends[0], Crashed)


def test_that_shutting_down_ends_a_training_that_is_under_way(qtbot: QtBot, tmp_path: Path) -> None:
    job = fake_training(tmp_path, device="fake:slow")
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    seen: list[Event] = []
    thread.events_arrived.connect(seen.extend)
    thread.start()
    qtbot.waitUntil(lambda: _trains(seen), timeout=30_000)
    assert thread.shut_down()
    assert not thread.running


def test_that_a_flood_never_blocks_the_gui_thread(qtbot: QtBot, tmp_path: Path) -> None:
    """Calls return at once, and the event loop turns between any two of the few batches."""
    ticks: list[float] = []
    times: list[float] = []
    homes: set[QThread] = set()
    timer = QTimer(interval=5)
    timer.timeout.connect(lambda: ticks.append(time.monotonic()))
    timer.start()
    job = fake_training(tmp_path, "fake:chatty", epochs=1)
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    thread.events_arrived.connect(lambda _: times.append(time.monotonic()))
    thread.events_arrived.connect(lambda _: homes.add(QThread.currentThread()))
    thread.control("set", learning_rate=0.1)
    events, ends = finish(qtbot, thread)
    timer.stop()
    assert isinstance(ends[0], Finished)
    assert sum(isinstance(event, Log) for event in events) >= 2000
    assert homes == {QThread.currentThread()}
    arrived = [moment for moment in times[:-1] if ticks[0] < moment < ticks[-1]]
    assert len(arrived) > 5
    assert np.all(np.diff(arrived) > 0.015)  # a timer may be early by its coarseness, never by half
    assert np.all(np.diff(np.searchsorted(ticks, arrived)) >= 1)


def test_that_a_run_pauses_and_goes_on_by_control(qtbot: QtBot, tmp_path: Path) -> None:
    job = fake_training(tmp_path, device="fake:slow", epochs=10_000)
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    seen: list[Event] = []
    thread.events_arrived.connect(seen.extend)
    thread.start()
    qtbot.waitUntil(lambda: _trains(seen), timeout=30_000)
    thread.control("pause")
    qtbot.waitUntil(lambda: any(isinstance(event, Paused) for event in seen), timeout=30_000)
    thread.control("resume")
    qtbot.waitUntil(lambda: any(isinstance(event, Continued) for event in seen), timeout=30_000)
    assert thread.shut_down()


def test_that_a_stop_in_the_same_breath_as_the_start_counts(qtbot: QtBot, tmp_path: Path) -> None:
    job = fake_training(tmp_path, device="fake:slow", epochs=10_000)
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    thread.stop(keep=False)
    _, ends = finish(qtbot, thread)
    assert isinstance(ends[0], Stopped)
    assert not (tmp_path / "run").exists()


def test_that_an_engine_that_cannot_start_is_an_outcome(qtbot: QtBot, tmp_path: Path) -> None:
    desk = Desk(lambda engine: ProcessHost("fake", python=str(tmp_path / "no-python")))
    _, ends = finish(qtbot, FlowThread("probe", lambda desk: desk.run("fake", ProbeJob()), desk))
    assert isinstance(ends[0], WorkbenchError)
    assert ends[0].code is ErrorCode.HOST_NOT_STARTED


def test_that_an_engine_inside_this_process_runs_in_the_flows_thread(qtbot: QtBot, tmp_path: Path) -> None:
    job = fake_training(tmp_path)
    desk = Desk(lambda engine: InThreadHost("fake"))
    _, ends = finish(qtbot, FlowThread("train", lambda desk: desk.run("fake", job), desk))
    assert isinstance(ends[0], Finished)


def test_that_a_run_that_is_shut_down_keeps_its_checkpoint(qtbot: QtBot, tmp_path: Path) -> None:
    job = fake_training(tmp_path, device="fake:slow", epochs=10_000)
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    seen: list[Event] = []
    thread.events_arrived.connect(seen.extend)
    thread.start()
    qtbot.waitUntil(lambda: _trains(seen), timeout=30_000)
    assert thread.shut_down()
    assert list((tmp_path / "run" / "checkpoints").glob("step-*.json"))


def test_that_shutting_down_ends_even_a_deaf_engine(qtbot: QtBot, tmp_path: Path) -> None:
    job = fake_training(tmp_path, "fake:deaf")
    desk = Desk(lambda engine: ProcessHost("fake", ask_seconds=60, close_seconds=0.2))
    thread = FlowThread("train", lambda desk: desk.run("fake", job), desk)
    kinds: list[str] = []
    ends: list[Outcome] = []
    thread.events_arrived.connect(lambda batch: kinds.extend(event.kind for event in batch))
    thread.ended.connect(ends.append)
    thread.start()
    qtbot.waitUntil(lambda: "progress" in kinds, timeout=30_000)
    assert thread.shut_down(500)
    qtbot.waitUntil(lambda: bool(ends), timeout=10_000)
    assert isinstance(ends[0], Crashed)


def chunk(first: int, *losses: float) -> Metrics:
    return Metrics(first, {"loss": np.array(losses, np.float32)})


def plain(events: list[Event]) -> list[object]:
    return [
        (event.first_step, *event.values["loss"].tolist()) if isinstance(event, Metrics) else event.kind
        for event in events
    ]


def test_that_stretches_of_metrics_melt_into_their_last_step() -> None:
    events: list[Event] = [chunk(0, 4, 3), chunk(2, 2, 1), Log("info", "x"), chunk(4, 9), Finished()]
    assert plain(lighten(events)) == [(3, 1.0), "log", (4, 9.0), "finished"]


def test_that_an_inbox_is_announced_once_until_it_is_emptied() -> None:
    inbox = Inbox()
    assert [inbox.put(Finished()) for _ in range(3)] == [True, False, False]
    assert len(inbox.take()) == 3
    assert inbox.take() == []
    assert inbox.put(Finished())


def _trains(events: list[Event]) -> bool:
    return any(isinstance(event, Metrics) for event in events)
