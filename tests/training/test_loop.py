"""The loop that all engines share, driven by an engine in plain NumPy."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engines.contract.events import (
    Event,
    Finished,
    Metrics,
    Started,
    Validated,
)
from engines.training.checkpoints import list_checkpoints
from tests.helpers.small_training import (
    logged,
    run_small,
    small_job,
)

pytestmark = pytest.mark.usefixtures("every_epoch_is_saved")

STEPS = 6 * 7  # 60 training samples in batches of 8: 7 whole ones an epoch


def losses(events: list[Event]) -> list[float]:
    return [float(loss) for event in events if isinstance(event, Metrics) for loss in event.values["loss"]]


def test_that_a_training_begins_learns_validates_and_finishes(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path)))
    assert isinstance(events[0], Started)
    assert (events[0].steps_per_epoch, events[0].total_steps) == (7, STEPS)
    assert isinstance(events[-1], Finished)
    assert events[-1].summary["step"] == STEPS
    assert float(events[-1].summary["test_accuracy"]) > 0.8
    validated = [event for event in events if isinstance(event, Validated)]
    assert [event.step for event in validated] == [7, 14, 21, 28, 35, 42]
    found = losses(events)
    assert len(found) == STEPS
    assert np.mean(found[-7:]) < np.mean(found[:7])


def test_that_the_run_folder_has_every_step_before_the_event_says_so(tmp_path: Path) -> None:
    seen: list[float] = []
    for event in run_small(small_job(tmp_path)):
        if isinstance(event, Metrics):
            seen += event.values["loss"].tolist()
            np.testing.assert_array_equal(logged(tmp_path, "loss"), np.array(seen, np.float32))


def test_that_chunks_begin_with_each_epoch(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path, chunk_steps=3)))
    firsts = [event.first_step for event in events if isinstance(event, Metrics)]
    assert firsts[:6] == [0, 3, 6, 7, 10, 13]


def test_that_what_is_not_given_is_measured_and_recorded(tmp_path: Path) -> None:
    started = next(run_small(small_job(tmp_path, threads=0, chunk_steps=0)))
    assert isinstance(started, Started)
    assert (started.threads, started.chunk_steps) == (2, 7)  # 50 ms are 10 steps, an epoch has 7


def test_that_patience_ends_the_run_and_the_best_weights_are_tested(tmp_path: Path) -> None:
    # A huge rate after the first epochs only makes it worse.
    job = small_job(tmp_path, learning_rate=3.0, momentum=0.99, epochs=50, patience=3)
    events = list(run_small(job))
    validated = [event for event in events if isinstance(event, Validated)]
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.summary["ended"] == "patience"
    values = [event.values["loss"] for event in validated]
    best = int(np.argmin(values))
    assert len(values) == best + 4
    assert last.summary["best_step"] == validated[best].step
    assert last.summary["best_validation_loss"] == values[best]


def test_that_the_monitor_decides_the_direction(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path, monitor="validation_accuracy")))
    values = [event.values["accuracy"] for event in events if isinstance(event, Validated)]
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.summary["best_validation_accuracy"] == max(values)


def test_that_without_validation_the_last_weights_are_the_result(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path, validate_every=0)))
    assert not any(isinstance(event, Validated) for event in events)
    last = events[-1]
    assert isinstance(last, Finished)
    assert last.summary["best_step"] == STEPS
    assert not list_checkpoints(tmp_path / "run" / "checkpoints", "best")


def test_that_the_event_log_tells_the_run_without_the_metrics(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path)))
    lines = (tmp_path / "run" / "events.jsonl").read_text().splitlines()
    kinds = [json.loads(line)["kind"] for line in lines]
    assert kinds == [event.kind for event in events if not isinstance(event, Metrics)]


def test_that_a_data_set_smaller_than_a_batch_makes_one_step_an_epoch(tmp_path: Path) -> None:
    started = next(run_small(small_job(tmp_path, batch_size=1000)))
    assert isinstance(started, Started)
    assert (started.steps_per_epoch, started.batch_size) == (1, 60)
