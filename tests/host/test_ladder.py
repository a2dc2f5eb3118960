"""The stopping ladder, by a clock that only the test moves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engines.host.ladder import Ladder


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_that_nothing_is_due_before_it_begins() -> None:
    ladder = Ladder(clock=Clock())
    assert ladder.remaining() is None
    assert ladder.climb() is None
    assert not ladder.climbing


def test_that_asking_is_due_at_once_and_shows_its_deadline() -> None:
    ladder = Ladder(ask=15, terminate=5, clock=Clock())
    ladder.begin()
    assert ladder.remaining() == 0
    rung = ladder.climb()
    assert rung is not None
    assert (rung.name, rung.deadline) == ("ask", 15)
    assert ladder.remaining() == 15


def test_that_each_rung_waits_for_its_deadline() -> None:
    clock = Clock()
    ladder = Ladder(ask=15, terminate=5, clock=clock)
    ladder.begin()
    times = {}
    while ladder.remaining() is not None:
        if (rung := ladder.climb()) is not None:
            times[rung.name] = clock.now - 100
        clock.now += 0.5
    assert times == {"ask": 0, "terminate": 15, "kill": 20}


def test_that_beginning_again_does_not_start_over() -> None:
    clock = Clock()
    ladder = Ladder(ask=15, clock=clock)
    ladder.begin()
    ladder.climb()
    clock.now += 10
    ladder.begin()
    assert ladder.remaining() == 5


@given(st.lists(st.floats(0, 30), max_size=30))
def test_that_rungs_come_in_order_and_once_whenever_one_looks(waits: list[float]) -> None:
    clock = Clock()
    ladder = Ladder(ask=3, terminate=2, clock=clock)
    ladder.begin()
    names = []
    for wait in [*waits, 100.0, 100.0, 100.0, 100.0]:
        if (rung := ladder.climb()) is not None:
            names.append(rung.name)
        clock.now += wait
    assert names == ["ask", "terminate", "kill"]
