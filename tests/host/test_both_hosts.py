"""What a child process and a thread have in common: one suite for both hosts."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.backends.fake.train import curve
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    Answer,
    Continued,
    Control,
    Event,
    Failed,
    Finished,
    Hello,
    Metrics,
    Paused,
    Stopped,
    Stopping,
    is_last,
)
from engines.contract.jobs import ExportJob, ProbeJob
from engines.host.process import ProcessHost
from engines.host.protocol import Host
from engines.host.thread import InThreadHost
from tests.helpers.fake_jobs import fake_training

pytestmark = pytest.mark.commands

MakeHost = Callable[[], Host]


@pytest.fixture(params=["process", "thread"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    made: Host = ProcessHost("fake", reusable=True) if request.param == "process" else InThreadHost("fake")
    yield made
    made.close()


def of_kind(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def test_that_a_training_says_hello_first_and_ends_once(host: Host, tmp_path: Path) -> None:
    events = list(host.run(fake_training(tmp_path)))
    assert isinstance(events[0], Hello)
    assert isinstance(events[-1], Finished)
    assert sum(map(is_last, events)) == 1


def test_that_events_carry_their_run_and_are_numbered_without_gaps(host: Host, tmp_path: Path) -> None:
    job = fake_training(tmp_path)
    events = list(host.run(job))
    assert {event.run for event in events} == {job.run}
    assert [event.seq for event in events] == list(range(len(events)))


def test_that_every_steps_loss_arrives(host: Host, tmp_path: Path) -> None:
    metrics = of_kind(list(host.run(fake_training(tmp_path, epochs=3))), Metrics)
    np.testing.assert_array_equal(
        np.concatenate([one.values["loss"] for one in metrics]), curve(0, 30, 30, 0)
    )
    assert [one.first_step for one in metrics] == [0, 5, 10, 15, 20, 25]


def test_that_the_run_folder_is_left_behind(host: Host, tmp_path: Path) -> None:
    list(host.run(fake_training(tmp_path)))
    assert (tmp_path / "run" / "run.json").exists()
    assert list((tmp_path / "run" / "checkpoints").glob("*.safetensors"))


def test_that_a_stop_keeps_a_checkpoint_and_shows_its_rung(host: Host, tmp_path: Path) -> None:
    job = fake_training(tmp_path, "fake:slow", epochs=10_000)
    events = stop_at_first_metrics(host, job, keep=True)
    assert isinstance(events[-1], Stopped)
    assert events[-1].kept
    assert [event.rung for event in of_kind(events, Stopping)] == ["ask"]
    assert list((tmp_path / "run" / "checkpoints").glob("step-*.safetensors"))


def test_that_a_discarding_stop_leaves_no_trace(host: Host, tmp_path: Path) -> None:
    job = fake_training(tmp_path, "fake:slow", epochs=10_000)
    events = stop_at_first_metrics(host, job, keep=False)
    assert isinstance(events[-1], Stopped)
    assert not events[-1].kept
    assert not (tmp_path / "run").exists()


def stop_at_first_metrics(host: Host, job: Any, keep: bool) -> list[Event]:
    events = []
    for event in host.run(job):
        if isinstance(event, Metrics) and not of_kind(events, Metrics):
            host.stop(keep)
        events.append(event)
    return events


def test_that_a_stop_before_the_job_is_not_lost(host: Host, tmp_path: Path) -> None:
    host.stop(keep=True)
    events = list(host.run(fake_training(tmp_path, "fake:slow", epochs=10_000)))
    assert isinstance(events[-1], Stopped)


def test_that_a_stop_counts_for_one_job_only(host: Host, tmp_path: Path) -> None:
    host.stop(keep=True)
    list(host.run(fake_training(tmp_path / "a", "fake:slow", epochs=10_000)))
    events = list(host.run(fake_training(tmp_path / "b")))
    assert isinstance(events[-1], Finished)


def test_that_a_paused_training_waits_and_goes_on(host: Host, tmp_path: Path) -> None:
    events = []
    host_events = host.run(fake_training(tmp_path, "fake:slow", epochs=20))
    for event in host_events:
        events.append(event)
        if len(of_kind(events, Metrics)) == 1 and isinstance(event, Metrics):
            host.control(Control("pause"))
        if isinstance(event, Paused):
            break
        if isinstance(event, Metrics) and len(of_kind(events, Metrics)) > 150:
            pytest.fail("it did not pause")
    resume = threading.Timer(0.2, host.control, [Control("resume")])
    resume.start()
    events += host_events
    resume.join()
    place = events.index(of_kind(events, Paused)[0])
    assert isinstance(events[place + 1], Continued)
    assert isinstance(events[-1], Finished)


def test_that_a_new_learning_rate_is_taken(host: Host, tmp_path: Path) -> None:
    rates = []
    for event in host.run(fake_training(tmp_path, "fake:slow", epochs=20)):
        if isinstance(event, Metrics):
            if not rates:
                host.control(Control("set", {"learning_rate": 0.5}))
            rates.append(float(event.values["learning_rate"][-1]))
    assert rates[0] == pytest.approx(1e-3)
    assert rates[-1] == 0.5


def test_that_one_host_serves_many_jobs(host: Host) -> None:
    for _ in range(3):
        events = list(host.run(ProbeJob()))
        assert [event.kind for event in events] == ["hello", "answer", "finished"]
        assert of_kind(events, Answer)[0].record.engine == "fake"


@pytest.mark.parametrize(
    ("device", "code"),
    [
        ("fake:raise", ErrorCode.UNEXPECTED),
        ("fake:object", ErrorCode.UNEXPECTED),
        ("fake:quit", ErrorCode.UNEXPECTED),
        ("fake:oom", ErrorCode.OUT_OF_MEMORY),
        ("fake:full", ErrorCode.DISK_FULL),
        ("fake:no-such-thing", ErrorCode.JOB_UNSUPPORTED),
    ],
)
def test_that_a_fault_is_told_by_its_code(host: Host, tmp_path: Path, device: str, code: ErrorCode) -> None:
    events = list(host.run(fake_training(tmp_path, device)))
    assert isinstance(events[-1], Failed)
    assert events[-1].code == code.value
    assert sum(map(is_last, events)) == 1


def test_that_an_unexpected_fault_comes_with_its_traceback(host: Host, tmp_path: Path) -> None:
    last = list(host.run(fake_training(tmp_path, "fake:raise")))[-1]
    assert isinstance(last, Failed)
    assert last.facts["what"] == "RuntimeError"
    assert "the fake engine was told to raise" in last.details
    assert "Traceback" in last.details


def test_that_a_host_works_on_after_a_fault(host: Host, tmp_path: Path) -> None:
    list(host.run(fake_training(tmp_path, "fake:raise")))
    assert isinstance(list(host.run(ProbeJob()))[-1], Finished)


def test_that_what_an_engine_cannot_do_is_named(host: Host) -> None:
    last = list(host.run(ExportJob("", "", "", "")))[-1]
    assert isinstance(last, Failed)
    assert last.facts == {"engine": "fake", "job": "export"}


def test_that_a_second_job_at_the_same_time_is_refused(host: Host, tmp_path: Path) -> None:
    running = host.run(fake_training(tmp_path))
    next(running)
    with pytest.raises(WorkbenchError) as caught:
        next(host.run(ProbeJob()))
    assert caught.value.code is ErrorCode.HOST_BUSY
    assert isinstance(list(running)[-1], Finished)


def test_that_a_job_nobody_listens_to_any_more_ends(host: Host, tmp_path: Path) -> None:
    running = host.run(fake_training(tmp_path, "fake:slow", epochs=10_000))
    next(running)
    running.close()  # type: ignore[attr-defined]
    assert isinstance(list(host.run(ProbeJob()))[-1], Finished)


def test_that_control_without_a_job_is_harmless(host: Host) -> None:
    host.control(Control("pause"))
    assert isinstance(list(host.run(ProbeJob()))[-1], Finished)


def test_that_a_stopped_run_goes_on_from_where_it_was(host: Host, tmp_path: Path) -> None:
    job = fake_training(tmp_path, epochs=4)
    events = stop_at_first_metrics(host, dataclasses.replace(job, device="fake:slow"), keep=True)
    stopped = events[-1]
    assert isinstance(stopped, Stopped)
    resumed = list(host.run(dataclasses.replace(job, resume=True)))
    assert isinstance(resumed[-1], Finished)
    assert of_kind(resumed, Metrics)[0].first_step == stopped.step
