"""Tuning, with a trainer whose speed is known: the clock that it is measured by is its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Stopped, Tuning
from engines.contract.jobs import TrainJob, TuneJob
from engines.contract.views import TuneRow, TuneView
from engines.training import tune as module
from engines.training.abilities import Abilities
from engines.training.control import ControlFlags
from engines.training.shards import Shards
from engines.training.tune import tune
from tests.helpers.small_training import NumpyTrainer, small_job

ABILITIES = Abilities(
    "Clock",
    ("fp32",),
    ("plain", "quick", "broken"),
    ("channels_last",),
    compiling={"quick": 2.0, "broken": 2.0},
)
LASTING = replace(ABILITIES, lasting_threads=True)


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
    jumps: Mapping[int, float] = {}
    """By how much the machine slows down all that is measured, from so many calls on."""
    calls = 0
    counts: Sequence[int] = (1, 2)

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        super().__init__(job, shards)
        self.mode = job.recipe.run_mode or "plain"
        self.threads = 1

    def thread_candidates(self) -> Sequence[int]:
        return self.counts

    @property
    def compiles(self) -> bool:
        return self.mode != "plain"

    def prepare(self, batches: npt.NDArray[np.int64]) -> WorkbenchError | None:
        type(self).clock.now += 3.0
        facts = {"engine": "Clock", "mode": "broken", "instead": "plain", "why": "it is broken"}
        return WorkbenchError(ErrorCode.COMPILE_FAILED, **facts) if self.mode == "broken" else None

    def run_chunk(self, first_step: int, batches: Any, rates: Any) -> dict[str, npt.NDArray[np.float32]]:
        assert not np.any(rates)
        each = 1e-3 * (self.quick if self.mode == "quick" else 1.0) / (1 + 0.5 * (self.threads - 1))
        type(self).calls += 1
        slow = [factor for calls, factor in self.jumps.items() if calls <= self.calls][-1:] or [1.0]
        type(self).clock.now += slow[0] * (2e-4 + each * len(batches))
        return {"loss": np.zeros(len(batches), np.float32)}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Clock()
    monkeypatch.setattr(ClockTrainer, "clock", found)
    monkeypatch.setattr(ClockTrainer, "calls", 0)
    monkeypatch.setattr(module, "free_cores", lambda: 4)


def tune_job(home: Path, **changes: Any) -> TuneJob:
    job = small_job(home, batch_size=8, threads=0, chunk_steps=0)
    return TuneJob(job.spec, job.recipe, job.data, job.manifest, **{"seconds": 2.0, **changes})


def events_of(
    job: TuneJob, flags: ControlFlags | None = None, abilities: Abilities = ABILITIES
) -> list[Event]:
    asked = flags or ControlFlags()
    return list(tune(job, asked, "clock", ClockTrainer, abilities, ClockTrainer.clock))


def view_of(job: TuneJob, abilities: Abilities = ABILITIES) -> TuneView:
    events = events_of(job, abilities=abilities)
    view = next(event.record for event in events if isinstance(event, Answer))
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
    view = view_of(tune_job(tmp_path))
    assert "run_mode" not in view.chosen
    assert [row.settings["run_mode"] for row in stage(view, "way") if row.chosen] == ["plain"]


def test_that_the_recipe_stays_as_it_is_where_nothing_beats_it(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClockTrainer, "quick", 1.0)
    monkeypatch.setattr(module, "free_cores", lambda: 1)
    view = view_of(tune_job(tmp_path))
    assert view.chosen == {}
    assert view.after == view.before > 0


def test_that_a_win_which_the_check_does_not_see_again_is_not_taken(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    won: list[str] = []

    class Once(ClockTrainer):
        """Quick until it has won: what made it so does not last."""

        def run_chunk(self, first_step: int, batches: Any, rates: Any) -> dict[str, npt.NDArray[np.float32]]:
            self.quick = 1.0 if won else 0.5
            return super().run_chunk(first_step, batches, rates)

    monkeypatch.setattr(module, "free_cores", lambda: 1)
    found: list[Event] = []
    for event in tune(tune_job(tmp_path), ControlFlags(), "clock", Once, ABILITIES, Once.clock):
        found.append(event)
        if isinstance(event, Tuning) and event.view.chosen.get("run_mode") == "quick":
            won.append(event.doing)
    (view,) = (event.record for event in found if isinstance(event, Answer))
    assert isinstance(view, TuneView)
    assert won
    assert view.chosen == {}
    assert 0 < view.after <= view.before * 1.03
    assert [row.settings["run_mode"] for row in stage(view, "way") if row.chosen] == ["plain"]


def test_that_threads_of_a_whole_process_are_left_to_other_processes(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClockTrainer, "counts", (3,))
    view = view_of(tune_job(tmp_path), LASTING)
    assert view.elsewhere == (1, 2, 4)
    assert [row.settings["threads"] for row in stage(view, "threads")] == [3]


def turns_of(job: TuneJob, count: int, keep: bool = True) -> list[Event]:
    """Let a process take so many turns as it is told to, and end."""
    flags, events = ControlFlags(), list[Event]()
    for event in tune(job, flags, "clock", ClockTrainer, LASTING, ClockTrainer.clock):
        events.append(event)
        if isinstance(event, Tuning) and event.doing == "wait":
            assert flags.paused  # nothing goes on by itself
            told = sum(one.doing == "wait" for one in standings(events))
            flags.stop(keep) if told > count else flags.resume()
    return events


def test_that_a_further_process_measures_its_recipe_a_turn_at_a_time_as_it_is_told(
    tmp_path: Path, clock: None
) -> None:
    job = tune_job(tmp_path, threads_only=True)
    events = turns_of(replace(job, recipe=replace(job.recipe, threads=2)), 5)
    waits = [one for one in standings(events) if one.doing == "wait"]
    assert [one.rate > 0 for one in waits] == [False, *[True] * 5]
    # 8 samples a step of 1 ms / 1.5 with two threads: a call's own cost is beside it
    assert all(8 * 1500 * 0.9 < one.rate < 8 * 1500 for one in waits[1:])
    assert isinstance(events[-1], Finished)
    (view,) = (event.record for event in events if isinstance(event, Answer))
    assert isinstance(view, TuneView)
    assert (view.rows, view.early) == ((), False)


def test_that_the_first_process_stays_for_turns_with_what_it_would_take(tmp_path: Path, clock: None) -> None:
    events = turns_of(tune_job(tmp_path, stays=True), 3)
    waits = [one for one in standings(events) if one.doing == "wait"]
    view = waits[0].view
    assert view.chosen["run_mode"] == "quick"
    assert view.elsewhere
    assert all(one.view.rows == view.rows for one in waits)
    assert all(one.rate > 0.9 * view.after for one in waits[1:])
    assert [type(event) for event in events[-2:]] == [Answer, Finished]
    assert not any(one.doing == "wait" for one in standings(events_of(tune_job(tmp_path, stays=True))))


def test_that_told_to_discard_while_it_waits_it_leaves_nothing(tmp_path: Path, clock: None) -> None:
    events = turns_of(tune_job(tmp_path, threads_only=True), 2, keep=False)
    assert not any(isinstance(event, Answer) for event in events)
    assert events[-1] == Stopped(step=0, kept=False)


def test_that_a_row_says_how_much_faster_it_is_and_the_noise_of_that(tmp_path: Path, clock: None) -> None:
    view = view_of(tune_job(tmp_path))
    plain, quick, _ = stage(view, "way")
    assert (plain.gain, plain.noise) == (0.0, 0.0)
    assert 1.5 < quick.gain < 2.0
    assert quick.noise < 0.01
    assert quick.is_told_apart


def test_that_a_gain_within_the_noise_is_not_taken(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    random = np.random.default_rng(0)

    class Noisy(ClockTrainer):
        """Its speed changes from call to call, which hides a gain of a tenth."""

        quick = 0.9

        def run_chunk(self, first_step: int, batches: Any, rates: Any) -> dict[str, npt.NDArray[np.float32]]:
            before = Noisy.clock.now
            found = super().run_chunk(first_step, batches, rates)
            Noisy.clock.now += (Noisy.clock.now - before) * random.uniform(0.0, 2.0) ** 2
            return found

    monkeypatch.setattr(module, "free_cores", lambda: 1)
    events = list(tune(tune_job(tmp_path), ControlFlags(), "clock", Noisy, ABILITIES, Noisy.clock))
    (view,) = (event.record for event in events if isinstance(event, Answer))
    assert isinstance(view, TuneView)
    assert "run_mode" not in view.chosen
    quick = stage(view, "way")[1]
    assert quick.noise > 0.05
    assert not quick.is_told_apart


def standings(events: Sequence[Event]) -> list[Tuning]:
    return [event for event in events if isinstance(event, Tuning)]


def test_that_it_tells_how_far_it_is_what_is_in_hand_and_how_long_it_takes(
    tmp_path: Path, clock: None
) -> None:
    events = events_of(tune_job(tmp_path))
    told = standings(events)
    shares = [one.share for one in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.1
    assert 0.9 < shares[-1] <= 1
    assert all(one.share <= one.next_share <= 1 for one in told)
    assert {one.doing for one in told} == {"compile", "measure", "check"}
    compiled = [one for one in told if one.doing == "compile"]
    assert [one.settings["run_mode"] for one in compiled] == ["quick", "broken"]
    assert (compiled[0].takes, compiled[1].takes) == (2.0, 2.0)
    assert isinstance(events[-1], Finished)


def test_that_rows_come_one_by_one_and_are_never_taken_back(tmp_path: Path, clock: None) -> None:
    told = standings(events_of(tune_job(tmp_path)))
    counts = [len(one.view.rows) for one in told]
    assert counts[0] == 0
    assert max(after - before for before, after in pairwise(counts)) == 1
    before_compiling = next(one.view for one in told if one.doing == "compile")
    assert {row.stage for row in before_compiling.rows} == {"threads", "batch_size", "chunk_steps"}
    assert before_compiling.chosen["threads"] == 4
    assert before_compiling.after > before_compiling.before > 0  # it was checked before the compiler's turn


def stopped_at(job: TuneJob, when: str, keep: bool) -> list[Event]:
    flags, events = ControlFlags(), list[Event]()
    for event in tune(job, flags, "clock", ClockTrainer, ABILITIES, ClockTrainer.clock):
        events.append(event)
        if isinstance(event, Tuning) and event.doing == when:
            flags.stop(keep=keep)
    return events


def test_that_a_stop_keeps_what_was_measured_and_takes_the_best_so_far(tmp_path: Path, clock: None) -> None:
    *_, answer, last = stopped_at(tune_job(tmp_path), "compile", keep=True)
    assert isinstance(answer, Answer)
    assert isinstance(answer.record, TuneView)
    assert answer.record.early
    assert answer.record.chosen["threads"] == 4
    assert answer.record.rows
    assert last == Stopped(step=0, kept=True)


def test_that_a_stop_that_discards_leaves_nothing(tmp_path: Path, clock: None) -> None:
    events = stopped_at(tune_job(tmp_path), "measure", keep=False)
    assert not any(isinstance(event, Answer) for event in events)
    assert events[-1] == Stopped(step=0, kept=False)


def test_that_another_batch_size_is_left_out_where_compiling_it_takes_too_long(
    tmp_path: Path, clock: None
) -> None:
    slow = replace(ABILITIES, modes=("quick",))
    job = tune_job(tmp_path, seconds=1.0)
    job = replace(job, recipe=replace(job.recipe, run_mode="quick"))
    view = view_of(job, slow)
    own, *larger = stage(view, "batch_size")
    assert own.samples_per_second > 0
    assert [row.code for row in larger] == ["tune_no_time"] * 2
    assert all(row.facts["seconds"] == 3 for row in larger)
    patient = view_of(replace(job, seconds=9.0), slow)
    assert all(row.samples_per_second > 0 for row in stage(patient, "batch_size"))


def test_that_a_busy_moment_falls_on_all_ways_alike(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ClockTrainer, "jumps", {30: 3.0, 55: 1.0, 60: 8.0, 75: 1.5})
    view = view_of(tune_job(tmp_path))
    assert view.chosen["run_mode"] == "quick"
    assert view.chosen["threads"] == 4
    assert "batch_size" not in view.chosen


def test_that_a_recipe_whose_mode_does_not_compile_is_tuned_as_it_runs(tmp_path: Path, clock: None) -> None:
    job = tune_job(tmp_path)
    view = view_of(replace(job, recipe=replace(job.recipe, run_mode="broken")))
    assert view.chosen["run_mode"] == "quick"
    assert [row.code for row in stage(view, "way")] == ["", "", "compile_failed"]


def test_that_an_unknown_device_is_told_before_anything_is_measured(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Any, job: TrainJob, shards: Shards) -> None:
        raise WorkbenchError(ErrorCode.DEVICE_UNKNOWN, device=job.device, known="cpu")

    monkeypatch.setattr(ClockTrainer, "__init__", refuse)
    with pytest.raises(WorkbenchError) as caught:
        events_of(tune_job(tmp_path, device="cuda:9"))
    assert caught.value.code is ErrorCode.DEVICE_UNKNOWN
