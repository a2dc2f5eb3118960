"""An engine that is slow to import, by a clock of the tests' own and a child that is none."""

from __future__ import annotations

import queue
from collections.abc import Callable
from pathlib import Path

import pytest

from engines.contract.events import (
    PROTOCOL,
    Crashed,
    Event,
    Failed,
    Finished,
    Hello,
    Listening,
    Log,
    Progress,
    Starting,
    Stopped,
    Stopping,
    has_engine,
)
from engines.contract.jobs import Job, ProbeJob
from engines.host import running
from engines.host.child import Drained, Exited, HungUp, Item
from engines.host.running import Limits, Running
from tests.helpers.fake_jobs import fake_training

LIMITS = Limits(ask=15.0, terminate=5.0, start=180.0)
HELLO = Hello(PROTOCOL, "", "", 1, "3.11")
THERE = Progress("engine", 1, 1)


class Clock:
    """Time goes on only while somebody waits."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Inbox:
    """What comes in at which second; whoever waits until then moves the clock."""

    def __init__(self, clock: Clock, items: list[tuple[float, Item]]) -> None:
        self.clock, self.items, self.began = clock, items, clock.now
        self.wish: tuple[float, Callable[[], None]] | None = None

    def at(self, second: float, wish: Callable[[], None]) -> None:
        """Let a person wish something at that second."""
        self.wish = second, wish
        self.items = sorted([*self.items, (second, None)], key=lambda item: item[0])

    def get(self, timeout: float | None = None) -> Item:
        due = self.began + self.items[0][0] if self.items else float("inf")
        if timeout is not None and self.clock.now + timeout < due:
            self.clock.now += timeout
            raise queue.Empty
        self.clock.now = max(self.clock.now, due)
        item = self.items.pop(0)[1]
        if item is None and self.wish is not None:
            (_, wish), self.wish = self.wish, None
            wish()
        return item

    def put(self, item: Item) -> None:
        self.items.insert(0, (0.0, item))


class Child:
    """Says what it is told to, and dies of every signal."""

    engine = "torch"
    greeted = False

    def __init__(self, clock: Clock, items: list[tuple[float, Item]]) -> None:
        self.started, self.inbox = clock.now, Inbox(clock, items)
        self.ended_by: list[str] = []
        self.last_words: list[Event] = []

    def send(self, record: object) -> None:
        """It hears nothing."""

    def terminate(self) -> None:
        self._die("terminate")

    def kill(self) -> None:
        self._die("kill")

    def _die(self, how: str) -> None:
        if not self.ended_by:
            gone = (Drained("stdout", ended=True), Drained("stderr", ended=True), HungUp(), Exited(-15))
            self.inbox.items = [(0.0, item) for item in (*self.last_words, *gone)]
        self.ended_by.append(how)

    def stderr_tail(self) -> str:
        return "Timeout (0:02:15)!"


Play = Callable[..., tuple[list[Event], Child, Clock]]


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Play:
    """Run a job on a child that says ``items``; it is told to stop after so many seconds, if at all."""
    clock = Clock()
    monkeypatch.setattr(running, "time", clock)
    monkeypatch.setattr("engines.host.ladder.time", clock)

    def played(
        *items: tuple[float, Item],
        stop: float = 0.0,
        job: Job | None = None,
        limits: Limits = LIMITS,
        last_words: tuple[Event, ...] = (),
    ) -> tuple[list[Event], Child, Clock]:
        child = Child(clock, list(items))
        child.last_words.extend(last_words)
        one = Running(child, job or fake_training(tmp_path), limits)  # type: ignore[arg-type]
        one._ladder._clock = clock.monotonic
        if stop:
            child.inbox.at(stop, lambda: one.stop(keep=True))
        return list(one.events()), child, clock

    return played


def seconds(events: list[Event]) -> list[int]:
    return [event.seconds for event in events if isinstance(event, Starting)]


def test_that_the_seconds_of_a_slow_import_are_told_from_the_fifth_on(play: Play) -> None:
    events, _, _ = play((0.1, HELLO), (0.2, HELLO), (8.5, THERE), (30.0, Finished()))
    assert seconds(events) == [5, 6, 7, 8]
    told = next(event for event in events if isinstance(event, Starting))
    assert (told.engine, told.limit) == ("torch", 180)


def test_that_an_interpreter_that_says_nothing_is_given_up_sooner_and_the_seconds_say_so(play: Play) -> None:
    events, child, _ = play()
    assert {event.limit for event in events if isinstance(event, Starting)} == {60}
    last = events[-1]
    assert isinstance(last, Crashed)
    assert last.cause == "silent"
    assert child.ended_by[0] == "kill"


def test_that_what_an_engine_prints_while_it_is_imported_ends_no_waiting(play: Play) -> None:
    events, _, _ = play(
        (0.1, HELLO), (0.2, HELLO), (6.2, Log("info", "loading")), (7.2, THERE), (9, Finished())
    )
    assert seconds(events) == [5, 6, 7]


def test_that_a_quick_import_is_not_spoken_of_however_long_the_run_is(play: Play) -> None:
    events, _, _ = play((0.1, HELLO), (0.2, HELLO), (4.0, THERE), (4000.0, Finished()))
    assert seconds(events) == []
    assert isinstance(events[-1], Finished)


def test_that_an_import_without_end_is_given_up_with_what_it_wrote(play: Play) -> None:
    events, child, clock = play((0.1, HELLO), (0.2, HELLO))
    last = events[-1]
    assert isinstance(last, Failed)
    assert (last.code, last.facts["seconds"], last.details) == ("time_limit", 180.0, "Timeout (0:02:15)!")
    assert child.ended_by[0] == "kill"
    assert clock.now - 1000.0 == pytest.approx(180.1)
    assert seconds(events)[-1] in (179, 180)


def test_that_nobody_waits_for_a_cancelled_import(play: Play) -> None:
    events, child, clock = play((0.1, HELLO), (0.2, HELLO), stop=7.0)
    assert isinstance(events[-1], Stopped)
    assert not events[-1].kept
    assert [event.deadline for event in events if isinstance(event, Stopping)] == [1.0, 1.0]
    assert child.ended_by == ["terminate"]
    assert clock.now - 1000.0 == pytest.approx(8.0)


def test_that_a_run_whose_engine_came_meanwhile_has_its_time_to_save(play: Play) -> None:
    events, child, _ = play(
        (0.1, HELLO), (0.2, HELLO), (7.5, THERE), (19.0, Stopped(step=3, kept=True)), stop=7
    )
    assert isinstance(events[-1], Stopped)
    assert events[-1].kept
    assert child.ended_by == []


def test_that_a_run_that_works_is_not_hurried(play: Play) -> None:
    events, _, _ = play((0.1, HELLO), (0.2, HELLO), (2.0, THERE), stop=7.0)
    assert isinstance(events[-1], Crashed)
    assert [event.deadline for event in events if isinstance(event, Stopping)] == [15.0, 5.0]


def test_that_of_a_probe_no_seconds_are_told_and_it_is_given_up_all_the_same(play: Play) -> None:
    events, _, _ = play((0.1, HELLO), (0.2, HELLO), job=ProbeJob())
    assert seconds(events) == []
    assert isinstance(events[-1], Failed)


def test_that_without_a_limit_an_import_may_take_for_ever(play: Play) -> None:
    events, _, _ = play((0.1, HELLO), (9999.0, Finished()), limits=Limits())
    assert [event.kind for event in events] == ["finished"]


@pytest.mark.parametrize(
    ("event", "there"),
    [
        (HELLO, False),
        (Log("info", "x"), False),
        (Listening("h", 1, "waiting"), False),
        (Stopping("ask", 1.0), False),
        (Starting("torch", 5, 180), False),
        (THERE, True),
        (Finished(), True),
        (Failed("x", {}), True),
    ],
)
def test_that_greetings_lines_and_debuggers_say_nothing_of_the_engine(event: Event, there: bool) -> None:
    assert has_engine(event) is there


def test_that_an_engine_that_came_as_its_process_was_ended_counts_as_stopped(play: Play) -> None:
    events, child, _ = play((0.1, HELLO), stop=1.0, last_words=(THERE,))
    assert child.ended_by == ["terminate"]
    assert isinstance(events[-1], Stopped)
    assert not any(isinstance(event, Crashed) for event in events)
