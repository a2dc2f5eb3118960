"""Comparisons of small engines to try things on: a desk, an order, and the record that comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.desk import TOOLS, Desk, Ended
from app.flows.engine_comparison import ComparisonOrder, compare_engines
from engines.contract.comparison import Comparison
from engines.contract.events import Answer, Event, Stopped, Validated
from engines.host.protocol import Host
from engines.host.thread import InThreadHost
from tests.helpers.small_engines import NumpyTrainer, SmallHost, small_project


def desk_of(**hosts: Any) -> Desk:
    """Return a desk whose engines are those given: a trainer's class, or what ``SmallHost`` takes."""

    def make(engine: str) -> Host:
        if engine == TOOLS:
            return InThreadHost(TOOLS)
        given = hosts.get(engine, NumpyTrainer)
        return SmallHost(given, engine) if isinstance(given, type) else SmallHost(name=engine, **given)

    return Desk(make)


def order_of(folder: Path, *engines: str, **changes: Any) -> ComparisonOrder:
    return ComparisonOrder(str(folder / "project"), "", engines or ("one", "two"), **{"steps": 20, **changes})


def last_of(events: Iterator[Event]) -> Comparison:
    """Run to the end and return the last record that was told."""
    found = [event.record for event in events if isinstance(event, Answer)]
    return [record for record in found if isinstance(record, Comparison)][-1]


def compared(folder: Path, first: Any, second: Any, *parts: str, **changes: Any) -> Comparison:
    """Compare two engines over a hundred steps."""
    small_project(folder, epochs=8)
    order = order_of(folder, steps=100, parts=parts or ("check", "whole"), **changes)
    with desk_of(one=first, two=second) as desk:
        return last_of(compare_engines(desk, order))


def stopped_after(desk: Desk, flow: Iterator[Event], validations: int, keep: bool) -> None:
    """Stop as soon as so many validations have been seen in all."""

    def watch() -> None:
        seen = 0
        for event in flow:
            seen += isinstance(event, Validated)
            if seen == validations:
                desk.stop(keep)

    with pytest.raises(Ended) as ended:
        watch()
    assert isinstance(ended.value.event, Stopped)
