"""The flags between a control reader and a loop."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.events import Control
from engines.training.control import ControlFlags


def test_that_nothing_is_wanted_at_first() -> None:
    flags = ControlFlags()
    assert not flags.should_stop
    assert not flags.paused
    assert flags.keep
    assert flags.take_values() == {}
    assert flags.wait_while_paused(0)


@pytest.mark.parametrize(("action", "keep"), [("stop_keep", True), ("stop_discard", False)])
def test_that_a_stop_says_what_to_keep(action: str, keep: bool) -> None:
    flags = ControlFlags()
    flags.apply(Control(action))
    assert flags.should_stop
    assert flags.keep is keep


@given(st.lists(st.sampled_from(["stop_keep", "stop_discard"]), min_size=1))
def test_that_the_first_stop_counts(actions: list[str]) -> None:
    flags = ControlFlags()
    for action in actions:
        flags.apply(Control(action))
    assert flags.keep is (actions[0] == "stop_keep")


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(allow_nan=False))))
def test_that_values_are_taken_once_and_the_latest_counts(settings: list[dict[str, float]]) -> None:
    flags = ControlFlags()
    wanted: dict[str, float] = {}
    for values in settings:
        flags.apply(Control("set", values))
        wanted.update(values)
    assert flags.take_values() == wanted
    assert flags.take_values() == {}


def test_that_an_action_of_a_newer_version_is_ignored() -> None:
    flags = ControlFlags()
    flags.apply(Control("levitate"))
    assert not flags.should_stop
    assert not flags.paused


@pytest.mark.parametrize("action", ["resume", "stop_keep", "stop_discard"])
def test_that_a_waiting_loop_is_woken(action: str) -> None:
    flags = ControlFlags()
    flags.pause()
    assert not flags.wait_while_paused(0.01)
    over: list[bool] = []
    loop = threading.Thread(target=lambda: over.append(flags.wait_while_paused(60)))
    loop.start()
    flags.apply(Control(action))
    loop.join(10)
    assert over == [True]
    assert not flags.paused


def test_that_a_lost_controller_ends_a_job_that_keeps_what_it_has() -> None:
    flags = ControlFlags()
    flags.pause()
    flags.lose_controller()
    assert flags.lost
    assert flags.should_stop
    assert flags.keep
    assert flags.wait_while_paused(0)


def test_that_a_job_told_to_go_alone_outlives_its_controller() -> None:
    flags = ControlFlags()
    flags.apply(Control("go_alone"))
    flags.lose_controller()
    assert flags.alone
    assert not flags.should_stop


def test_that_a_job_that_goes_alone_can_still_be_stopped() -> None:
    flags = ControlFlags()
    flags.go_alone()
    flags.stop(keep=True)
    assert flags.should_stop
