from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.bridge.batches import lighten
from app.bridge.flow_thread import FlowThread, Outcome
from app.desk import Desk, Ended
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Crashed, Event, Finished, Log, Metrics, Stopped
from engines.host.process import ProcessHost
from engines.host.protocol import Host
from tests.helpers.fake_jobs import fake_training


def fake_desk() -> Desk:
    def make(engine: str) -> Host:
        return ProcessHost("fake")

    return Desk(make)


def finish(qtbot: Any, thread: FlowThread, seconds: int = 30) -> tuple[list[Event], list[Outcome]]:
    events: list[Event] = []
    ends: list[Outcome] = []
    thread.events_arrived.connect(events.extend)
    thread.ended.connect(ends.append)
    thread.start()
    qtbot.waitUntil(lambda: bool(ends), timeout=seconds * 1000)
    return events, ends


def test_that_a_training_in_its_own_thread_ends_once_after_all_its_events(qtbot: Any, tmp_path: Path) -> None:
    job = fake_training(tmp_path)
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    events, ends = finish(qtbot, thread)
    assert len(ends) == 1
    assert isinstance(ends[0], Finished)
    assert events[-1] is ends[0]
    assert any(isinstance(event, Metrics) for event in events)


def test_that_the_flow_runs_outside_the_gui_thread_and_its_events_arrive_inside_it(qtbot: Any) -> None:
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
def test_that_what_a_flow_raises_is_its_outcome(qtbot: Any, fault: Exception) -> None:
    def flow(desk: Desk) -> Iterator[Event]:
        yield Log("info", "before")
        raise fault

    events, ends = finish(qtbot, FlowThread("broken", flow, fake_desk()))
    assert [event.kind for event in events] == ["log"]
    assert ends == [fault.event if isinstance(fault, Ended) else fault]


def test_that_many_events_arrive_in_few_batches(qtbot: Any) -> None:
    batches: list[int] = []

    def flow(desk: Desk) -> Iterator[Event]:
        for number in range(5_000):
            yield Log("info", str(number))

    thread = FlowThread("chatty", flow, fake_desk())
    thread.events_arrived.connect(lambda batch: batches.append(len(batch)))
    events, _ = finish(qtbot, thread)
    assert [event.text for event in events if isinstance(event, Log)] == [str(n) for n in range(5_000)]
    assert len(batches) < 500


def test_that_stop_and_keep_ends_a_training_with_a_checkpoint(qtbot: Any, tmp_path: Path) -> None:
    job = fake_training(tmp_path, device="fake:slow")
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    thread.events_arrived.connect(lambda batch: thread.stop() if _trains(batch) else None)
    _, ends = finish(qtbot, thread)
    assert isinstance(ends[0], Stopped)
    assert ends[0].kept


def test_that_a_killed_engine_is_an_outcome_and_not_an_end_of_the_window(qtbot: Any, tmp_path: Path) -> None:
    job = fake_training(tmp_path, device="fake:crash@6")
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    _, ends = finish(qtbot, thread)
    assert isinstance(ends[0], Crashed)


def test_that_shutting_down_ends_a_training_that_is_under_way(qtbot: Any, tmp_path: Path) -> None:
    job = fake_training(tmp_path, device="fake:slow")
    thread = FlowThread("train", lambda desk: desk.run("fake", job), fake_desk())
    seen: list[Event] = []
    thread.events_arrived.connect(seen.extend)
    thread.start()
    qtbot.waitUntil(lambda: _trains(seen), timeout=30_000)
    assert thread.shut_down()
    assert not thread.running


def test_that_metrics_are_lightened_to_the_last_step(tmp_path: Path) -> None:
    import numpy as np

    first = Metrics(0, {"loss": np.array([3, 2], np.float32)})
    second = Metrics(2, {"loss": np.array([1, 0.5], np.float32)})
    light = lighten([Log("info", "a"), first, second, Log("info", "b")])
    assert [event.kind for event in light] == ["log", "metrics", "log"]
    assert isinstance(light[1], Metrics)
    assert light[1].first_step == 3
    assert light[1].values["loss"].tolist() == [0.5]


def _trains(events: list[Event]) -> bool:
    return any(isinstance(event, Metrics) for event in events)
