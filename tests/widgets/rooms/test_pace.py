"""Pace: time that stands still in a pause, a rate over the last seconds, an estimate where there is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.rooms.pace import Pace, clock_text


def test_that_a_pause_does_not_count() -> None:
    pace = Pace()
    pace.set_running(True, 100.0)
    pace.set_running(False, 110.0)
    assert pace.elapsed(500.0) == 10
    pace.set_running(True, 500.0)
    assert pace.elapsed(505.0) == 15


def test_that_the_runs_own_clock_wins() -> None:
    pace = Pace()
    pace.set_running(True, 0.0)
    pace.set_elapsed(42.0, 10.0)
    assert pace.elapsed(11.0) == 43


@given(st.floats(1, 1e4), st.integers(2, 50))
def test_that_a_steady_run_has_its_rate_and_its_end(rate: float, marks: int) -> None:
    pace = Pace()
    for place in range(marks):
        pace.note(place * 1000, place * 1000 / rate)
    assert pace.steps_per_second() == pytest.approx(rate)
    left = pace.left(5000)
    assert left is not None
    assert left == pytest.approx(5000 / rate)


def test_that_nothing_is_estimated_before_two_marks() -> None:
    pace = Pace()
    assert pace.left(10) is None
    pace.note(5, 1.0)
    pace.note(5, 2.0)
    assert pace.left(10) is None


def test_that_the_past_before_a_pause_does_not_slow_the_rate() -> None:
    pace = Pace()
    pace.set_running(True, 0.0)
    pace.note(0, 0.0)
    pace.note(100, 1.0)
    pace.set_running(False, 1.0)
    pace.set_running(True, 1000.0)
    pace.note(100, 1000.0)
    pace.note(200, 1001.0)
    assert pace.steps_per_second() == pytest.approx(100)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "00:00"), (14.4, "00:14"), (3599.7, "1:00:00"), (3723, "1:02:03")]
)
def test_that_time_reads_as_a_clock(seconds: float, words: str) -> None:
    assert clock_text(seconds) == words
