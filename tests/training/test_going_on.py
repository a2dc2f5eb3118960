"""Going on with a run: what is saved when, what a kill costs, what may be changed, what is refused."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    CheckpointSaved,
    Control,
    Failed,
    Finished,
    Log,
    Metrics,
    Started,
)
from engines.runs.history import whole_history
from engines.runs.verify import verify
from engines.training import loop
from engines.training.checkpoints import list_checkpoints, load_checkpoint
from engines.training.control import ControlFlags
from engines.training.run_folder import read_recipe, read_run
from tests.helpers.small_training import (
    logged,
    run_small,
    small_job,
    stop_at,
    weights_of,
)

pytestmark = pytest.mark.usefixtures("every_epoch_is_saved")


@pytest.mark.parametrize("at", range(1, 20, 3))
def test_that_a_killed_run_goes_on_bit_for_bit(tmp_path: Path, at: int) -> None:
    calm, torn = tmp_path / "calm", tmp_path / "torn"
    list(run_small(small_job(calm)))
    # Closing the generator at any event leaves the folder as a kill would: no end is recorded.
    interrupted = run_small(small_job(torn))
    list(itertools.islice(interrupted, at))
    interrupted.close()
    assert read_run(torn / "run").state == "running"
    events = list(run_small(small_job(torn, resume=True)))
    assert isinstance(events[-1], Finished)
    np.testing.assert_array_equal(logged(torn, "loss"), logged(calm, "loss"))
    ours, theirs = weights_of(torn), weights_of(calm)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
    same = ("best_step", "test_loss", "test_accuracy", "best_validation_loss")
    mine, other = read_run(torn / "run").summary, read_run(calm / "run").summary
    assert [mine[key] for key in same] == [other[key] for key in same]


def test_that_old_checkpoints_go_but_the_best_one_spoken_of_stays(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path, epochs=12)))
    folder = tmp_path / "run" / "checkpoints"
    steps = list_checkpoints(folder)
    assert len(steps) == 2
    for path in steps:
        best = load_checkpoint(path).record.early_stopping.best_step
        assert (folder / f"best-{best:09d}.safetensors").exists()


def test_that_checkpoints_of_tiny_epochs_are_spaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "SAVING_SHARE", 1_000_000)
    events = list(run_small(small_job(tmp_path)))
    saved = [event.step for event in events if isinstance(event, CheckpointSaved) and not event.best]
    assert saved == [7, 6 * 7]


def test_that_long_epochs_are_saved_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "LONGEST_GAP", -1.0)
    events = list(run_small(small_job(tmp_path, epochs=1)))
    saved = [event.step for event in events if isinstance(event, CheckpointSaved) and not event.best]
    assert saved == [3, 6, 7]


def test_that_a_damaged_checkpoint_is_passed_over_with_a_note(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    calm = logged(tmp_path, "loss")
    newest = list_checkpoints(tmp_path / "run" / "checkpoints")[-1]
    data = bytearray(newest.read_bytes())
    data[-5] ^= 1
    newest.write_bytes(data)
    events = list(run_small(small_job(tmp_path, resume=True)))
    notes = [event.text for event in events if isinstance(event, Log)]
    assert any(newest.name in note for note in notes)
    started = next(event for event in events if isinstance(event, Started))
    assert started.first_step == 35
    np.testing.assert_array_equal(logged(tmp_path, "loss"), calm)


def test_that_a_run_without_any_whole_checkpoint_is_refused_not_begun_anew(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    for path in list_checkpoints(tmp_path / "run" / "checkpoints"):
        path.write_bytes(b"rubbish")
    last = list(run_small(small_job(tmp_path, resume=True)))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.CHECKPOINT_NONE.value


def test_that_other_data_are_refused_on_resume(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    job = small_job(tmp_path, resume=True)
    other = dataclasses.replace(job, manifest=dataclasses.replace(job.manifest, digest="f" * 64))
    last = list(run_small(other))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.DATA_CHANGED.value


def test_that_two_writers_cannot_share_a_run(tmp_path: Path) -> None:
    first = run_small(small_job(tmp_path))
    next(first)
    with pytest.raises(WorkbenchError) as caught:
        next(run_small(small_job(tmp_path, resume=True)))
    assert caught.value.code is ErrorCode.RUN_BUSY
    first.close()


def test_that_a_setting_given_at_a_resume_is_in_force_and_stays_so(tmp_path: Path) -> None:
    flags = ControlFlags()
    stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_keep")))
    changed = small_job(tmp_path, resume=True, learning_rate=0.003, epochs=8)
    seen = run_small(changed)
    next(event for event in seen if isinstance(event, Metrics))
    seen.close()  # killed before its next checkpoint
    assert read_recipe(tmp_path / "run") == changed.recipe
    assert verify(tmp_path / "run") == ()
    last = list(run_small(changed))[-1]
    assert isinstance(last, Finished)
    assert last.summary["step"] == 8 * 7
    assert set(logged(tmp_path, "learning_rate")[13:]) == {np.float32(0.003)}


def test_that_another_monitor_begins_with_no_best_value(tmp_path: Path) -> None:
    flags = ControlFlags()
    stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_keep")))
    changed = {"metrics": ("accuracy", "f1"), "monitor": "validation_f1"}
    last = list(run_small(small_job(tmp_path, resume=True, **changed)))[-1]
    assert isinstance(last, Finished)
    history = whole_history(tmp_path / "run")
    assert last.summary["best_validation_f1"] == history.validations("f1")[1].max()


def test_that_a_run_killed_when_its_patience_was_over_trains_no_further(tmp_path: Path) -> None:
    job = small_job(tmp_path, epochs=200, patience=2, learning_rate=1.0)
    calm = [*run_small(dataclasses.replace(job, run=str(tmp_path / "calm")))][-1]
    assert isinstance(calm, Finished)
    killed = run_small(job)
    ended = 0
    for event in killed:
        ended = event.step if isinstance(event, CheckpointSaved) and not event.best else ended
        if ended == calm.summary["step"]:
            break
    killed.close()
    last = [*run_small(dataclasses.replace(job, resume=True))][-1]
    assert isinstance(last, Finished)
    for name in ("step", "best_step", "ended", "test_loss"):
        assert last.summary[name] == calm.summary[name]


def test_that_patience_lost_before_any_best_value_is_not_given_back_by_a_resume(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "figures", lambda *_: {"loss": float("nan"), "accuracy": 0.5})
    job = small_job(tmp_path, epochs=20, patience=4)
    killed = run_small(job)
    next(event for event in killed if isinstance(event, CheckpointSaved) and event.step == 3 * 7)
    killed.close()
    last = [*run_small(dataclasses.replace(job, resume=True))][-1]
    assert isinstance(last, Finished)
    assert (last.summary["ended"], last.summary["step"]) == ("patience", 4 * 7)


def test_that_a_line_cut_short_costs_no_later_event(tmp_path: Path) -> None:
    flags = ControlFlags()
    stop_at(tmp_path, 10, flags, lambda: flags.apply(Control("stop_keep")))
    with (tmp_path / "run" / "events.jsonl").open("ab") as file:
        file.write(b'{"kind": "validated", "st')
    list(run_small(small_job(tmp_path, resume=True)))
    history = whole_history(tmp_path / "run")
    assert [event.kind for event in history.events].count("started") == 2
