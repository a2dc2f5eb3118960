"""Following a run as it grows, from its folder alone."""

from __future__ import annotations

import itertools
import json
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.events import Metrics, Validated
from engines.runs.growing import Growing
from engines.runs.history import RunHistory
from engines.training import loop
from engines.training.metric_log import MAGIC, MetricLog
from engines.training.run_folder import METRICS
from tests.helpers.small_training import run_small, small_job


def test_that_a_history_follows_a_run_step_by_step(tmp_path: Path) -> None:
    history, losses = RunHistory(tmp_path / "run"), []
    assert not history.refresh()
    assert history.state == ""
    for event in run_small(small_job(tmp_path)):
        history.refresh()
        if isinstance(event, Metrics):
            losses += event.values["loss"].tolist()
            steps, values = history.series("loss")
            assert steps.tolist() == list(range(len(losses)))
            assert values.tolist() == losses
        if isinstance(event, Validated):
            steps, values = history.validations("loss")
            assert (steps[-1], values[-1]) == (event.step, event.values["loss"])
    assert history.names == ("loss", "accuracy", "learning_rate")
    assert len(history.validations("accuracy")[0]) == len(history.validations("loss")[0]) > 0
    assert history.record is not None
    assert history.record.state == history.state == "finished"


def test_that_a_quiet_run_is_nothing_new(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    history = RunHistory(tmp_path / "run")
    assert history.refresh()
    assert not history.refresh()
    assert not history.refresh()


def test_that_attaching_tomorrow_shows_the_same(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path)))
    history = RunHistory(tmp_path / "run")
    history.refresh()
    kinds = [event.kind for event in events if not isinstance(event, Metrics)]
    assert [event.kind for event in history.events] == kinds
    assert len(history.times) == len(history.events)
    assert all(event.run == "run" for event in history.events)


def test_that_a_dead_process_is_seen_and_a_living_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engines.runs.history.LOCK_SECONDS", 0.0)
    run = run_small(small_job(tmp_path))
    list(itertools.islice(run, 3))
    history = RunHistory(tmp_path / "run")
    history.refresh()
    assert history.state == "running"
    run.close()
    assert history.refresh()
    assert history.state == "interrupted"


def test_that_a_resumed_run_replaces_what_came_after_its_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVING_SHARE", 1_000_000)  # one checkpoint, after the first epoch
    run = run_small(small_job(tmp_path))
    history = RunHistory(tmp_path / "run")
    for event in run:
        if isinstance(event, Validated) and event.step == 28:
            break
    history.refresh()
    run.close()
    assert history.length == 28
    assert history.validations("loss")[0].tolist() == [7, 14, 21, 28]
    resumed = run_small(small_job(tmp_path, resume=True))
    next(resumed)
    history.refresh()
    assert history.length == 7
    assert history.validations("loss")[0].tolist() == [7]
    list(resumed)
    history.refresh()
    assert history.length == 42
    assert history.validations("loss")[0].tolist() == [7, 14, 21, 28, 35, 42]


def test_that_a_torn_last_row_and_a_torn_last_line_do_not_count(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    with (tmp_path / "run" / "metrics" / "steps.bin").open("ab") as file:
        file.write(b"\x00\x01\x02")
    with (tmp_path / "run" / "events.jsonl").open("ab") as file:
        file.write(b'{"kind": "validated", "st')
    history = RunHistory(tmp_path / "run")
    history.refresh()
    assert history.length == 42
    known = len(history.events)
    assert not history.refresh()
    assert len(history.events) == known


@pytest.mark.parametrize("columns", [[], ["loss", "loss"], 3])
def test_that_a_log_whose_columns_are_spoilt_has_no_steps(tmp_path: Path, columns: object) -> None:
    list(run_small(small_job(tmp_path, epochs=1)))
    text = json.dumps({"columns": columns}).encode()
    (tmp_path / "run" / METRICS).write_bytes(MAGIC + struct.pack("<I", len(text)) + text + bytes(64))
    history = RunHistory(tmp_path / "run")
    history.refresh()
    assert history.state == "finished"
    assert history.length == 0


def test_that_events_of_a_newer_version_are_passed_over(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    with (tmp_path / "run" / "events.jsonl").open("ab") as file:
        file.write(b'{"kind": "teleported"}\nrubbish\n')
    history = RunHistory(tmp_path / "run")
    history.refresh()
    assert history.events[-1].kind == "finished"


def test_that_a_million_points_stay_small(tmp_path: Path) -> None:
    log = MetricLog(tmp_path / "metrics" / "steps.bin")
    values = np.arange(1_000_000, dtype=np.float32)
    log.append({"loss": values, "accuracy": values, "learning_rate": values})
    log.close()
    tracemalloc.start()
    history = RunHistory(tmp_path)
    while history.refresh():
        pass
    kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    np.testing.assert_array_equal(history.series("loss")[1], values)
    assert kept < 50e6


def test_that_a_validation_curve_is_made_anew_only_where_there_is_another_value(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path, epochs=3)))
    history = RunHistory(tmp_path / "run")
    assert not len(history.validations("loss")[0])
    while history.refresh():
        pass
    curve = history.validations("loss")
    assert len(curve[0]) == 3
    history.refresh()
    assert history.validations("loss") is curve


def test_that_an_unknown_column_is_empty(tmp_path: Path) -> None:
    steps, values = RunHistory(tmp_path).series("magic")
    assert len(steps) == len(values) == 0
    assert len(RunHistory(tmp_path).validations("magic")[0]) == 0


@given(parts=st.lists(st.lists(st.floats(width=32, allow_nan=False), max_size=700), max_size=8))
def test_that_a_growing_array_is_the_sum_of_its_parts(parts: list[list[float]]) -> None:
    growing = Growing(np.dtype(np.float32))
    for part in parts:
        growing.extend(np.array(part, np.float32))
    assert growing.view.tolist() == [value for part in parts for value in part]


def test_that_an_earlier_view_keeps_what_it_shows() -> None:
    growing = Growing(np.dtype(np.int64))
    growing.extend(np.arange(5))
    view = growing.view
    growing.cut(2)
    growing.extend(np.array([9, 9, 9]))
    assert view.tolist() == [0, 1, 2, 3, 4]
    assert growing.view.tolist() == [0, 1, 9, 9, 9]
    with pytest.raises(ValueError):
        view[0] = 1
