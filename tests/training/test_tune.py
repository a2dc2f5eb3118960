"""Tuning, with a trainer whose speed is known: the clock that it is measured by is its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.jobs import TrainJob, TuneJob
from engines.contract.views import TuneRow, TuneView
from engines.training import tune as module
from engines.training.abilities import Abilities
from engines.training.control import ControlFlags
from engines.training.shards import Shards
from engines.training.tune import tune
from tests.helpers.small_training import NumpyTrainer, small_job

ABILITIES = Abilities("Clock", ("fp32",), ("plain", "quick", "broken"), ("channels_last",))


class Clock:
    """Time goes by only where the trainer says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 1e-7
        return self.now


class ClockTrainer(NumpyTrainer):
    """Takes 1 ms a step, half in mode ``quick``, less with threads, and 0.2 ms for each call."""

    clock = Clock()
    quick = 0.5
    counts: Sequence[int] = (1, 2)
    compiles = True

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        super().__init__(job, shards)
        self.mode = job.recipe.run_mode or "plain"
        self.threads = 1

    def thread_candidates(self) -> Sequence[int]:
        return self.counts

    def prepare(self, batches: npt.NDArray[np.int64]) -> WorkbenchError | None:
        type(self).clock.now += 3.0
        facts = {"engine": "Clock", "mode": "broken", "instead": "plain", "why": "it is broken"}
        return WorkbenchError(ErrorCode.COMPILE_FAILED, **facts) if self.mode == "broken" else None

    def run_chunk(self, first_step: int, batches: Any, rates: Any) -> dict[str, npt.NDArray[np.float32]]:
        assert not np.any(rates)
        each = 1e-3 * (self.quick if self.mode == "quick" else 1.0) / (1 + 0.5 * (self.threads - 1))
        type(self).clock.now += 2e-4 + each * len(batches)
        return {"loss": np.zeros(len(batches), np.float32)}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Clock()
    monkeypatch.setattr(ClockTrainer, "clock", found)
    monkeypatch.setattr(module, "perf_counter", found)
    monkeypatch.setattr(module, "free_cores", lambda: 4)


def tune_job(home: Path, **changes: Any) -> TuneJob:
    job = small_job(home, batch_size=8, threads=0, chunk_steps=0)
    return TuneJob(job.spec, job.recipe, job.data, job.manifest, **{"seconds": 2.0, **changes})


def events_of(job: TuneJob, flags: ControlFlags | None = None) -> list[Event]:
    return list(tune(job, flags or ControlFlags(), "clock", ClockTrainer, ABILITIES))


def view_of(job: TuneJob) -> TuneView:
    view = next(event.record for event in events_of(job) if isinstance(event, Answer))
    assert isinstance(view, TuneView)
    return view


def stage(view: TuneView, name: str) -> list[TuneRow]:
    return [row for row in view.rows if row.stage == name]


def test_that_the_fastest_of_each_question_is_taken(tmp_path: Path, clock: None) -> None:
    view = view_of(tune_job(tmp_path))
    assert view.chosen["run_mode"] == "quick"
    assert view.chosen["threads"] == 4  # every count of four cores was asked, and half a core more counts
    assert [row.settings["threads"] for row in stage(view, "threads")] == [1, 2, 3, 4]
    assert [row.chosen for row in stage(view, "way")] == [False, True, False]
    assert view.after > view.before > 0
    assert view.elsewhere == ()


def test_that_what_did_not_compile_says_why_and_compiling_is_timed_apart(tmp_path: Path, clock: None) -> None:
    plain, quick, broken = stage(view_of(tune_job(tmp_path)), "way")
    assert (broken.code, broken.facts["why"]) == ("compile_failed", "it is broken")
    assert broken.samples_per_second == 0.0
    assert quick.compile_seconds >= 3.0
    # Eight samples a step: a call's cost is in the rate, the three seconds of compiling are not.
    assert plain.samples_per_second > 300


def test_that_the_batch_size_is_shown_and_taken_only_where_the_person_says_so(
    tmp_path: Path, clock: None
) -> None:
    shown = view_of(tune_job(tmp_path))
    sizes = [row.settings["batch_size"] for row in stage(shown, "batch_size")]
    assert sizes == [8, 16, 32]
    assert "batch_size" not in shown.chosen
    assert not any(row.chosen for row in stage(shown, "batch_size"))
    assert view_of(tune_job(tmp_path, batch_size=True)).chosen["batch_size"] == 32


def test_that_more_steps_a_call_are_taken_up_to_an_epoch(tmp_path: Path, clock: None) -> None:
    job = tune_job(tmp_path)
    counts = [row.settings["chunk_steps"] for row in stage(view_of(job), "chunk_steps")]
    assert max(int(count) for count in counts) <= job.manifest.splits["train"] // 8


def test_that_a_tie_keeps_what_was_there(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClockTrainer, "quick", 0.99)
    assert view_of(tune_job(tmp_path)).chosen["run_mode"] == "plain"


def test_that_threads_of_a_whole_process_are_left_to_other_processes(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClockTrainer, "counts", (3,))
    view = view_of(tune_job(tmp_path))
    assert view.elsewhere == (1, 2, 4)
    job = tune_job(tmp_path, threads_only=True)
    only = view_of(
        TuneJob(job.spec, module.replace(job.recipe, threads=2), job.data, job.manifest, threads_only=True)
    )
    assert [(row.stage, dict(row.settings)) for row in only.rows] == [("threads", {"threads": 2})]
    assert only.elsewhere == ()


def test_that_it_tells_how_far_it_is_and_stops_without_an_answer(tmp_path: Path, clock: None) -> None:
    events = events_of(tune_job(tmp_path))
    shares = [event.done / event.total for event in events if isinstance(event, Progress)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.1
    assert 0.9 < shares[-1] <= 1
    assert isinstance(events[-1], Finished)
    flags = ControlFlags()
    flags.stop(keep=False)
    assert [type(event) for event in events_of(tune_job(tmp_path), flags)] == [Stopped]


def test_that_an_unknown_device_is_told_before_anything_is_measured(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, job: TrainJob, shards: Shards) -> None:
        raise WorkbenchError(ErrorCode.DEVICE_UNKNOWN, device=job.device, known="cpu")

    monkeypatch.setattr(ClockTrainer, "__init__", refuse)
    with pytest.raises(WorkbenchError) as caught:
        events_of(tune_job(tmp_path, device="cuda:9"))
    assert caught.value.code is ErrorCode.DEVICE_UNKNOWN
