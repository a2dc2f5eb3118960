"""The pool: a warmed spare, a thread a run, one tools thread, and nothing left at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.bridge.pool import HostPool
from app.bridge.worker_thread import EngineThread
from engines.contract.events import Event, Failed, Finished, Hello, Stopped
from engines.contract.jobs import ProbeJob, ReadGraphJob
from engines.host.process import ProcessHost
from tests.helpers.fake_jobs import fake_training


@pytest.fixture
def pool(qtbot: QtBot) -> Iterator[HostPool]:
    made = HostPool()
    yield made
    assert made.shutdown(20)


def run(qtbot: QtBot, thread: EngineThread, job: Any) -> list[Event]:
    events: list[Event] = []
    thread.events_arrived.connect(events.extend)
    with qtbot.waitSignal(thread.job_ended, timeout=30_000):
        thread.submit(job)
    return events


def wait_for_warmth(qtbot: QtBot, pool: HostPool, spent: int = 0) -> int:
    """Return the pid of the spare's child, once there is one; ``spent`` is that of a run before."""

    def pids() -> list[int]:
        return [thread.pid for thread in pool.threads if thread.pid not in (0, spent)]

    qtbot.waitUntil(lambda: bool(pids()), timeout=30_000)
    return pids()[0]


def test_that_the_warmed_spare_answers_the_next_run(qtbot: QtBot, pool: HostPool, tmp_path: Path) -> None:
    pool.choose("fake")
    pid = wait_for_warmth(qtbot, pool)
    events = run(qtbot, pool.take(), fake_training(tmp_path))
    assert isinstance(events[0], Hello)
    assert events[0].pid == pid
    assert isinstance(events[-1], Finished)


def test_that_a_new_spare_warms_after_a_run(qtbot: QtBot, pool: HostPool, tmp_path: Path) -> None:
    pool.choose("fake")
    first = run(qtbot, pool.take(), fake_training(tmp_path / "a"))[0]
    assert isinstance(first, Hello)
    pid = wait_for_warmth(qtbot, pool, spent=first.pid)
    second = run(qtbot, pool.take(), fake_training(tmp_path / "b"))[0]
    assert isinstance(second, Hello)
    assert second.pid == pid


def test_that_two_runs_at_once_have_a_process_each(qtbot: QtBot, pool: HostPool, tmp_path: Path) -> None:
    pool.choose("fake")
    one, two = pool.take(), pool.take()
    ended: list[Event] = []
    hellos: list[Event] = []
    for name, thread in (("a", one), ("b", two)):
        thread.job_ended.connect(ended.append)
        thread.events_arrived.connect(lambda events: hellos.extend(e for e in events if e.kind == "hello"))
        thread.submit(fake_training(tmp_path / name, "fake:slow"))
    qtbot.waitUntil(lambda: len(ended) == 2, timeout=30_000)
    assert len({getattr(hello, "pid", 0) for hello in hellos}) == 2


def test_that_a_spent_thread_goes_away(qtbot: QtBot, pool: HostPool, tmp_path: Path) -> None:
    pool.choose("fake")
    thread = pool.take()
    run(qtbot, thread, fake_training(tmp_path))
    qtbot.waitUntil(lambda: thread not in pool.threads, timeout=30_000)


def test_that_choosing_again_changes_nothing_and_another_replaces_the_spare(
    qtbot: QtBot, pool: HostPool
) -> None:
    pool.choose("fake")
    pid = wait_for_warmth(qtbot, pool)
    pool.choose("fake")
    assert wait_for_warmth(qtbot, pool) == pid
    pool.choose("tools")
    qtbot.waitUntil(lambda: all(thread.pid != pid for thread in pool.threads), timeout=30_000)
    assert pool.engine == "tools"


def test_that_the_tools_have_one_thread_for_all_their_jobs(
    qtbot: QtBot, pool: HostPool, tmp_path: Path
) -> None:
    assert pool.tools() is pool.tools()
    for _ in range(2):
        last = run(qtbot, pool.tools(), ReadGraphJob(str(tmp_path / "missing.onnx")))[-1]
        assert isinstance(last, Failed)
    assert pool.tools() in pool.threads


def test_that_a_throw_away_child_serves_one_job(qtbot: QtBot, pool: HostPool) -> None:
    thread = pool.once("fake", ProcessHost("fake", time_limit=60, memory_bytes=4 << 30))
    assert isinstance(run(qtbot, thread, ProbeJob())[-1], Finished)
    qtbot.waitUntil(lambda: thread not in pool.threads, timeout=30_000)


def test_that_shutting_down_ends_everything_that_runs(qtbot: QtBot, tmp_path: Path) -> None:
    pool = HostPool()
    pool.choose("fake")
    ended: list[Event] = []
    for name in "ab":
        thread = pool.take()
        thread.job_ended.connect(ended.append)
        thread.submit(fake_training(tmp_path / name, "fake:slow", epochs=10_000))
    pool.tools().warm()
    assert pool.shutdown(20)
    assert [type(last) for last in ended] == [Stopped, Stopped]
    assert pool.threads == ()
