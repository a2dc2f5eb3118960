"""The rule by which a way is taken, for any rates."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import Recipe
from engines.contract.views import CLEARLY
from engines.training.tune_ways import Way, choose

RATE = st.floats(1.0, 1e6)
TURNS = st.integers(3, 9)


def way(rates: Sequence[float], name: str = "") -> Way:
    return Way(Recipe(), {"run_mode": name}, list(rates))


@st.composite
def races(draw: st.DrawFn) -> list[Way]:
    turns = draw(TURNS)
    return draw(st.lists(st.lists(RATE, min_size=turns, max_size=turns).map(way), min_size=1, max_size=5))


@given(races())
def test_that_the_present_way_stays_unless_another_beats_it(ways: list[Way]) -> None:
    chosen = choose(ways, CLEARLY)
    assert chosen is ways[0] or (chosen is not None and chosen.beats(ways[0], CLEARLY))


@given(races())
def test_that_no_two_ways_beat_each_other_and_none_itself(ways: list[Way]) -> None:
    first, last = ways[0], ways[-1]
    assert not first.beats(first, CLEARLY)
    assert not (first.beats(last, CLEARLY) and last.beats(first, CLEARLY))


@given(races())
def test_that_nothing_is_left_behind_that_clearly_beats_both(ways: list[Way]) -> None:
    chosen = choose(ways, CLEARLY)
    assert chosen is not None
    later = ways[ways.index(chosen) + 1 :]
    assert not any(other.beats(ways[0], CLEARLY) and other.beats(chosen, CLEARLY) for other in later)


@given(st.lists(RATE, min_size=3, max_size=9), st.floats(1.04, 50.0), st.data())
def test_that_what_is_faster_in_every_moment_wins_however_busy_the_moments(
    moments: list[float], faster: float, data: st.DataObject
) -> None:
    present, other = way(moments), way([rate * faster for rate in moments])
    assert choose([present, other], CLEARLY) is other
    assert choose([other, present], CLEARLY) is other


@given(st.lists(RATE, min_size=3, max_size=9), st.floats(0.1, 1.02), st.integers(0, 8), RATE)
def test_that_one_lucky_turn_makes_no_winner(
    moments: list[float], slower: float, place: int, luck: float
) -> None:
    rates = [rate * slower for rate in moments]
    rates[place % len(rates)] = luck * 1e6
    assert choose([way(moments), way(rates)], CLEARLY) is not None
    assert choose([present := way(moments), way(rates)], CLEARLY) is present


@given(races(), st.integers(-8, 8))
def test_that_a_faster_machine_chooses_the_same(ways: list[Way], power: int) -> None:
    others = [way([rate * 2.0**power for rate in one.rates]) for one in ways]
    chosen, again = choose(ways, CLEARLY), choose(others, CLEARLY)
    assert chosen is not None
    assert again is not None
    assert again.rates == [rate * 2.0**power for rate in chosen.rates]


@given(st.lists(RATE, min_size=5, max_size=9), st.integers(0, 8), RATE)
def test_that_one_bad_moment_does_not_pass_for_noise(rates: list[float], place: int, bad: float) -> None:
    spoilt, most, least = list(rates), max(rates), min(rates)
    spoilt[place % len(rates)] = bad * 1e6
    row = way(spoilt).row("threads", False, way(rates))
    assert row.spread * row.samples_per_second <= most - least + 1e-6 * most


def test_that_a_way_let_go_or_not_run_is_never_taken() -> None:
    present, gone = way([100.0] * 5), way([300.0, 300.0])
    broken = Way(Recipe(), {}, fault=WorkbenchError(ErrorCode.COMPILE_FAILED))
    assert choose([present, gone, broken], CLEARLY) is present
    assert choose([broken, present], CLEARLY) is present
    assert choose([broken], CLEARLY) is None


@pytest.mark.parametrize(
    ("rates", "hopeless"), [([60.0], False), ([60.0, 60.0], True), ([60.0, 90.0, 60.0], False)]
)
def test_that_a_way_is_hopeless_only_after_its_first_turns(rates: list[float], hopeless: bool) -> None:
    assert way(rates).is_hopeless(way([100.0] * 5)) is hopeless
