"""Flows side by side: one that takes long keeps no other waiting, and a stop ends them all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from app.bridge.side_by_side import Over, Waiting, side_by_side
from app.desk import Desk
from engines.contract.events import Event, Log


def says(text: str) -> Any:
    def flow(desk: Desk) -> Iterator[Event]:
        yield Log("info", text)

    return flow


def waits(until: threading.Event, text: str = "at last") -> Any:
    def flow(desk: Desk) -> Iterator[Event]:
        desk.ended_by(until.set)
        assert until.wait(60)
        yield Log("info", text)

    return flow


def breaks(desk: Desk) -> Iterator[Event]:
    yield Log("info", "begun")
    raise ValueError("broken")


def texts(said: Any) -> list[tuple[str, str]]:
    return [(name, one.text) for name, one in said if isinstance(one, Log)]


def test_that_quick_flows_come_one_after_the_other() -> None:
    running: list[int] = []

    def flow(desk: Desk) -> Iterator[Event]:
        running.append(1)
        yield Log("info", str(len(running)))
        running.pop()

    said = list(side_by_side(Desk(), {"a": flow, "b": flow, "c": flow}, patience=60))
    assert texts(said) == [("a", "1"), ("b", "1"), ("c", "1")]
    assert [name for name, one in said if one == Over()] == ["a", "b", "c"]


def test_that_one_that_hangs_keeps_no_other_waiting_and_is_told_of() -> None:
    until, said = threading.Event(), []
    for name, one in side_by_side(Desk(), {"hangs": waits(until), "b": says("b"), "c": says("c")}, 0.05):
        said.append((name, one))
        if isinstance(one, Waiting):
            assert (name, one.seconds >= 0.05) == ("hangs", True)
            if len(texts(said)) == 2:
                until.set()
    assert texts(said) == [("b", "b"), ("c", "c"), ("hangs", "at last")]


def test_that_what_breaks_is_handed_on_and_the_next_one_begins() -> None:
    said = list(side_by_side(Desk(), {"a": breaks, "b": says("b")}))
    (fault,) = [one.fault for name, one in said if isinstance(one, Over) and name == "a"]
    assert isinstance(fault, ValueError)
    assert texts(said) == [("a", "begun"), ("b", "b")]


def test_that_a_stop_reaches_those_that_go_on_and_begins_no_other() -> None:
    until, desk, said = threading.Event(), Desk(), []
    for name, one in side_by_side(desk, {"a": says("a"), "b": waits(until), "c": says("c")}, patience=60):
        said.append((name, one))
        if name == "a" and isinstance(one, Over):
            threading.Timer(0.05, desk.stop).start()
    assert texts(said) == [("a", "a"), ("b", "at last")]


@pytest.mark.parametrize("patience", [0.01, 60.0])
def test_that_closing_it_leaves_no_thread(patience: float) -> None:
    until, before = threading.Event(), threading.active_count()
    going = side_by_side(Desk(), {"a": says("a"), "b": waits(until)}, patience)
    next(going)
    going.close()
    assert threading.active_count() == before
