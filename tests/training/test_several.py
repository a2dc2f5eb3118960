"""Epochs much shorter than a chunk: trained several at once, judged as if each had come alone."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.events import Control, Event, Failed, Finished, Metrics, Stopped, Validated
from engines.contract.spec import Recipe
from engines.training import loop
from engines.training.checkpoints import latest_valid
from engines.training.control import ControlFlags
from engines.training.early_stopping import EarlyStopping
from engines.training.several import MOST_EPOCHS, epochs_at_once
from tests.helpers.small_training import NumpyTrainer, run_small, small_job

EPOCHS, STEPS = 40, 7


@pytest.fixture
def short_epochs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let the loop find each epoch so short that as many as may come at once do; return how many did."""
    counts: list[int] = []

    def at_once(seconds: float, *rest: Any) -> int:
        counts.append(epochs_at_once(1e-6, *rest))
        return counts[-1]

    monkeypatch.setattr(loop, "epochs_at_once", at_once)
    return counts


def run(
    home: Path, flags: ControlFlags | None = None, make: Any = NumpyTrainer, **changes: Any
) -> list[Event]:
    """Train in epochs of 7 steps whose chunks nobody has chosen."""
    changes = {"epochs": EPOCHS, "threads": 2, "chunk_steps": 0, "patience": 0, **changes}
    return list(run_small(small_job(home, **changes), flags, make))


def validated(events: list[Event]) -> list[tuple[int, int, dict[str, float]]]:
    return [(e.step, e.epoch, dict(e.values)) for e in events if isinstance(e, Validated)]


def weights(home: Path) -> dict[str, Any]:
    checkpoint, _ = latest_valid(home / "run" / "checkpoints")
    assert checkpoint is not None
    return dict(checkpoint.arrays)


def values(events: list[Event], name: str) -> Any:
    return np.concatenate([event.values[name] for event in events if isinstance(event, Metrics)])


@pytest.mark.parametrize(
    "changes", [{}, {"patience": 2}, {"checkpoint_every": 3}, {"validate_every": 4}, {"schedule": "cosine"}]
)
def test_that_epochs_trained_at_once_tell_what_epochs_one_by_one_tell(
    tmp_path: Path, short_epochs: list[int], changes: dict[str, Any]
) -> None:
    single, several = tmp_path / "single", tmp_path / "several"
    alone = run(single, **{**changes, "chunk_steps": STEPS})
    assert max(short_epochs) == 1
    together = run(several, **changes)
    assert max(short_epochs) > 1
    assert validated(together) == validated(alone)
    for name in ("loss", "accuracy", "learning_rate"):
        np.testing.assert_array_equal(values(together, name), values(alone, name))
    ours, theirs = weights(several), weights(single)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)
    assert isinstance(together[-1], Finished)
    assert isinstance(alone[-1], Finished)
    same = ("step", "best_step", "best_validation_loss", "test_loss", "ended")
    assert [together[-1].summary.get(key) for key in same] == [alone[-1].summary.get(key) for key in same]


def test_that_fewer_messages_are_sent_and_each_validation_is_in_the_log(
    tmp_path: Path, short_epochs: list[int]
) -> None:
    events = run(tmp_path)
    assert sum(isinstance(event, Metrics) for event in events) < EPOCHS
    assert sum(isinstance(event, Validated) for event in events) == EPOCHS
    lines = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "validated"] == [
        STEPS * n for n in range(1, EPOCHS + 1)
    ]


@pytest.mark.parametrize("at", range(2, 60, 9))
def test_that_a_run_killed_among_such_epochs_goes_on_bit_for_bit(
    tmp_path: Path, short_epochs: list[int], at: int
) -> None:
    calm, torn = tmp_path / "calm", tmp_path / "torn"
    run(calm)
    job = small_job(torn, epochs=EPOCHS, threads=2, chunk_steps=0, patience=0)
    interrupted = run_small(job)
    list(itertools.islice(interrupted, at))
    assert isinstance(interrupted, Generator)
    interrupted.close()
    assert isinstance(run(torn, resume=True)[-1], Finished)
    ours, theirs = weights(torn), weights(calm)
    assert all(np.array_equal(ours[name], theirs[name]) for name in theirs)


def test_that_a_loss_that_grows_without_bound_is_told_at_its_step_after_all_before_it(
    tmp_path: Path, short_epochs: list[int]
) -> None:
    class Diverging(NumpyTrainer):
        def run_chunk(self, first_step: int, batches: Any, rates: Any) -> Any:
            found = super().run_chunk(first_step, batches, rates)
            found["loss"][first_step + np.arange(len(batches)) >= 24] = math.inf
            return found

    events = run(tmp_path, make=Diverging)
    failed = events[-1]
    assert isinstance(failed, Failed)
    assert (failed.code, failed.facts["step"]) == ("loss_not_finite", 24)
    assert [step for step, _, _ in validated(events)] == [7, 14, 21]


def test_that_a_stop_is_obeyed_after_the_epochs_under_way(tmp_path: Path, short_epochs: list[int]) -> None:
    flags = ControlFlags()
    job = small_job(tmp_path, epochs=10 * MOST_EPOCHS, threads=2, chunk_steps=0, patience=0)
    events = []
    for event in run_small(job, flags):
        events.append(event)
        if isinstance(event, Validated):
            flags.apply(Control("stop_keep"))
    assert isinstance(events[-1], Stopped)
    assert events[-1].step == validated(events)[-1][0] <= MOST_EPOCHS * STEPS
    checkpoint, _ = latest_valid(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.record.step == events[-1].step


@given(
    seconds=st.floats(0, 10),
    epoch=st.integers(0, 1000),
    waited=st.integers(0, 9),
    every=st.integers(0, 20),
    save=st.booleans(),
)
def test_that_nobody_has_to_look_before_the_last_epoch_at_once(
    seconds: float, epoch: int, waited: int, every: int, save: bool
) -> None:
    recipe = dataclasses.replace(Recipe(), patience=10, checkpoint_every=every, chunk_steps=0)
    count = epochs_at_once(seconds, recipe, epoch, EarlyStopping(0.0, 1, waited), save)
    assert 1 <= count <= min(MOST_EPOCHS, 10 - waited)
    assert count == 1 or count * seconds <= 1.5 * 0.05
    if save and every:
        assert epoch // every == (epoch + count - 1) // every


def test_that_chunks_whose_length_a_person_chose_are_kept() -> None:
    recipe = dataclasses.replace(Recipe(), chunk_steps=7, patience=0)
    assert epochs_at_once(1e-6, recipe, 3, EarlyStopping(), False) == 1
