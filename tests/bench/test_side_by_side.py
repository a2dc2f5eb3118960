"""How two sides are held against each other: turns, lives and the time that they may take."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.side_by_side import FEWEST_LIVES, Side, fastest, ratio


class Machine:
    """A clock that only training moves; ``slow`` is by how much everything is slowed down in each block."""

    def __init__(self, slow: Callable[[int], float] = lambda block: 1.0) -> None:
        self.now, self.begun, self.ended = 0.0, 0, 0
        self.blocks: list[str] = []
        self._slow = slow

    def clock(self) -> float:
        return self.now

    def side(self, name: str, seconds: float) -> Callable[[], Side]:
        return lambda: Runner(self, name, seconds)

    def train(self, name: str, seconds: float) -> float:
        took = seconds * self._slow(len(self.blocks) // 2)
        self.blocks.append(name)
        self.now += took
        return took


class Runner(Side):
    """Takes so many seconds a step."""

    def __init__(self, machine: Machine, name: str, seconds: float) -> None:
        self._machine, self._name, self._seconds = machine, name, seconds
        machine.begun += 1

    def block(self, steps: int) -> float:
        return self._machine.train(self._name, self._seconds * steps)

    def close(self) -> None:
        self._machine.ended += 1


def held(machine: Machine, ours: float, theirs: float, until: float = float("inf"), lives: int = 4) -> float:
    sides = machine.side("ours", ours), machine.side("theirs", theirs)
    return ratio(*sides, 3, 4, lives, until, machine.clock).median


@given(st.floats(0.1, 10.0), st.floats(0.1, 10.0), st.lists(st.floats(0.2, 5.0), min_size=1, max_size=7))
def test_that_what_slows_both_down_does_not_change_the_ratio(
    ours: float, theirs: float, moments: list[float]
) -> None:
    machine = Machine(lambda block: moments[block % len(moments)])
    assert held(machine, ours, theirs) == pytest.approx(theirs / ours)


def test_that_each_goes_first_as_often_and_every_process_is_ended() -> None:
    machine = Machine()
    held(machine, 1.0, 1.0)
    lives = [machine.blocks[place : place + 10] for place in range(0, 40, 10)]
    assert len(machine.blocks) == 40
    for life in lives:
        turns = life[2:]  # after one warm block each
        assert [turns[place] for place in range(0, 8, 2)] == ["ours", "theirs"] * 2
    assert (machine.begun, machine.ended) == (8, 8)


@pytest.mark.parametrize(("until", "lives"), [(0.0, FEWEST_LIVES), (60.0, 3), (float("inf"), 4)])
def test_that_no_further_pair_begins_when_the_time_is_up(until: float, lives: int) -> None:
    machine = Machine()
    held(machine, 1.0, 1.0, until)  # 27 seconds a pair
    assert machine.begun == 2 * lives
    assert machine.ended == machine.begun


def test_that_the_fastest_are_found_in_turns_and_the_hopeless_get_few() -> None:
    machine = Machine()
    sides = [machine.side(name, seconds) for name, seconds in (("a", 1.0), ("b", 1.1), ("c", 9.0))]
    assert fastest(sides, 3, 3) == pytest.approx([1.0, 1.1, 9.0])
    assert machine.blocks.count("c") == 2
    assert machine.blocks.count("a") == machine.blocks.count("b") == 5
    assert machine.ended == 3
    assert statistics.median(fastest(sides[:1], 1, 1)) == 1.0
