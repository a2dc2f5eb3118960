"""Garbage is collected on the GUI thread alone, and by Python again afterwards."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.bridge.collector import Collector


class Knot:
    """Holds itself, so that only the collector can let it go."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    made = Collector()
    yield made
    made.end()
    assert gc.isenabled()


def litter(count: int = 5_000) -> list[weakref.ref[Knot]]:
    return [weakref.ref(Knot()) for _ in range(count)]


def test_that_a_worker_thread_never_collects(collector: Collector) -> None:
    collector.begin()
    left: list[weakref.ref[Knot]] = []
    thread = threading.Thread(target=lambda: left.extend(litter()))
    thread.start()
    thread.join()
    assert all(one() is not None for one in left)


def test_that_garbage_goes_within_moments_on_the_gui_thread(qtbot: QtBot, collector: Collector) -> None:
    where: list[str] = []
    collector.begin()
    left = litter()
    weakref.finalize(Knot(), lambda: where.append(threading.current_thread().name))
    qtbot.waitUntil(lambda: all(one() is None for one in left), timeout=10_000)
    assert where == [threading.main_thread().name]


def test_that_looking_with_nothing_due_does_nothing(collector: Collector) -> None:
    collector.begin()
    gc.collect()
    before = gc.get_stats()
    collector.look()
    assert gc.get_stats() == before


def test_that_beginning_and_ending_twice_is_the_same_as_once(collector: Collector) -> None:
    collector.begin()
    collector.begin()
    assert not gc.isenabled()
    assert gc.get_freeze_count() > 0
    collector.end()
    collector.end()
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0
