"""A new run that goes on from another one's checkpoint: the same curve, the parent named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Finished, Started, Stopped
from engines.contract.jobs import TrainJob
from engines.runs.history import whole_history
from engines.runs.verify import verify
from engines.training.checkpoints import latest_valid, load_checkpoint
from engines.training.control import ControlFlags
from engines.training.memory import peak_memory_bytes
from engines.training.run_folder import read_recipe, read_run
from tests.helpers.small_training import run_small, small_job

PER_EPOCH = 7


def branch(job: TrainJob, name: str, **changes: Any) -> TrainJob:
    """Return the job that goes on from ``job``'s run in a folder ``name`` beside it."""
    options = {key: changes.pop(key) for key in ("checkpoint",) if key in changes}
    recipe = replace(job.recipe, **changes)
    return replace(job, run=str(Path(job.run).with_name(name)), parent=job.run, recipe=recipe, **options)


@pytest.fixture
def half(tmp_path: Path) -> TrainJob:
    """A run of three epochs, finished."""
    job = small_job(tmp_path, epochs=3)
    list(run_small(job))
    return job


def test_that_half_and_half_are_the_whole_bit_for_bit(half: TrainJob, tmp_path: Path) -> None:
    whole = small_job(tmp_path / "whole", epochs=6)
    list(run_small(whole))
    rest = branch(half, "rest", epochs=6)
    events = list(run_small(rest))
    assert isinstance(events[-1], Finished)
    started = next(event for event in events if isinstance(event, Started))
    assert started.first_step == 3 * PER_EPOCH
    wanted, found = whole_history(whole.run), whole_history(rest.run)
    np.testing.assert_array_equal(found.series("loss")[1], wanted.series("loss")[1])
    for mine, theirs in zip(found.validations("loss"), wanted.validations("loss")):
        np.testing.assert_array_equal(mine, theirs)


def test_that_the_new_run_names_its_parent_and_leaves_it_as_it_was(half: TrainJob) -> None:
    before = {path: path.read_bytes() for path in Path(half.run).rglob("*") if path.is_file()}
    rest = branch(half, "rest", epochs=4)
    list(run_small(rest))
    record = read_run(Path(rest.run))
    assert (record.parent, record.parent_step, record.parent_engine) == ("run", 3 * PER_EPOCH, "numpy")
    assert record.state == "finished"
    assert verify(Path(rest.run)) == ()
    assert {path: path.read_bytes() for path in before} == before


def test_that_the_best_weights_alone_go_on_with_a_fresh_optimizer(half: TrainJob) -> None:
    rest = branch(half, "rest", epochs=5, checkpoint="best")
    list(run_small(rest))
    best = read_run(Path(half.run)).summary["best_step"]
    record = read_run(Path(rest.run))
    assert record.parent_step == best
    assert len(whole_history(rest.run).series("loss")[0]) == 5 * PER_EPOCH


def test_that_a_run_that_lost_its_patience_trains_on(tmp_path: Path) -> None:
    job = small_job(tmp_path, epochs=40, patience=1, learning_rate=2.0)
    list(run_small(job))
    stopped = read_run(Path(job.run))
    assert stopped.step < 40 * PER_EPOCH
    rest = branch(job, "rest", epochs=stopped.step // PER_EPOCH + 2, patience=9)
    list(run_small(rest))
    assert read_run(Path(rest.run)).step == stopped.step + 2 * PER_EPOCH


def test_that_a_new_run_that_is_killed_resumes_at_the_handover(half: TrainJob) -> None:
    rest = branch(half, "rest", epochs=6)
    for event in run_small(rest):
        if isinstance(event, Started):
            break
    found, _ = latest_valid(Path(rest.run) / "checkpoints")
    assert found is not None
    assert found.record.step == 3 * PER_EPOCH
    again = replace(rest, parent="", resume=True)
    events = list(run_small(again))
    assert next(event for event in events if isinstance(event, Started)).first_step == 3 * PER_EPOCH
    assert len(whole_history(rest.run).series("loss")[0]) == 6 * PER_EPOCH


def test_that_a_discarded_new_run_leaves_no_trace(half: TrainJob) -> None:
    flags = ControlFlags()
    flags.stop(keep=False)
    rest = branch(half, "rest", epochs=6)
    assert isinstance(list(run_small(rest, flags))[-1], Stopped)
    assert not Path(rest.run).exists()


def test_that_other_data_and_a_run_without_a_checkpoint_are_refused(half: TrainJob, tmp_path: Path) -> None:
    other = replace(branch(half, "rest"), manifest=replace(half.manifest, digest="1" * 64))
    assert code_of(other) == "data_changed"
    for path in (Path(half.run) / "checkpoints").iterdir():
        path.unlink()
    assert code_of(branch(half, "rest")) == "checkpoint_none"
    assert code_of(replace(half, run=str(tmp_path / "x"), parent=str(tmp_path / "nowhere"))) == "not_a_run"
    assert not (tmp_path / "rest").exists()


def code_of(job: TrainJob) -> str:
    try:
        last = list(run_small(job))[-1]
    except WorkbenchError as fault:
        return str(fault.code.value)
    return str(getattr(last, "code", ""))


def test_that_a_steered_learning_rate_stays_in_force(tmp_path: Path) -> None:
    flags = ControlFlags()
    flags.set_values({"learning_rate": 0.01})
    job = small_job(tmp_path, epochs=2)
    list(run_small(job, flags))
    list(run_small(branch(job, "same", epochs=3)))
    list(run_small(branch(job, "other", epochs=3, learning_rate=0.002)))
    rates = [
        float(whole_history(tmp_path / name).series("learning_rate")[1][-1]) for name in ("same", "other")
    ]
    assert rates == pytest.approx([0.01, 0.002])


def test_that_a_run_ends_after_its_recipes_steps_in_mid_epoch_and_validates_there(tmp_path: Path) -> None:
    job = small_job(tmp_path, epochs=6, steps=17)
    events = list(run_small(job))
    assert isinstance(events[-1], Finished)
    history = whole_history(job.run)
    assert len(history.series("loss")[0]) == 17
    assert history.validations("loss")[0].tolist() == [7, 14, 17]
    record = read_run(Path(job.run))
    assert (record.step, record.total_steps, record.summary["ended"]) == (17, 17, "steps")
    whole = small_job(tmp_path / "whole", epochs=6)
    list(run_small(whole))
    np.testing.assert_array_equal(history.series("loss")[1], whole_history(whole.run).series("loss")[1][:17])


def test_that_losses_in_double_precision_are_kept_to_the_last_digit(tmp_path: Path) -> None:
    job = small_job(tmp_path, epochs=2, precision="fp64")
    list(run_small(job))
    steps, values = whole_history(job.run).series("learning_rate")
    assert values.dtype == np.float64
    assert values[0] == 0.05  # as float32 it would be 0.05000000074505806
    assert len(steps) == 2 * PER_EPOCH
    list(run_small(replace(job, resume=True, recipe=replace(read_recipe(Path(job.run)), epochs=3))))
    assert whole_history(job.run).series("loss")[1].dtype == np.float64
    assert len(whole_history(job.run).series("loss")[0]) == 3 * PER_EPOCH


def test_that_a_run_tells_the_most_memory_its_process_held(half: TrainJob) -> None:
    told = read_run(Path(half.run)).summary["peak_memory_bytes"]
    assert isinstance(told, float)
    assert 10e6 < told <= 1.02 * peak_memory_bytes()  # the system counts in batches


def test_that_what_is_held_for_a_moment_counts_as_peak() -> None:
    before = peak_memory_bytes()
    block = np.ones(40_000_000 // 8)
    held = peak_memory_bytes()
    assert held >= max(0.98 * before, block.nbytes)
    del block
    assert peak_memory_bytes() >= 0.98 * held  # the system counts in batches


def test_that_a_damaged_checkpoint_of_the_parent_is_passed_over(half: TrainJob) -> None:
    newest = latest_valid(Path(half.run) / "checkpoints")[0]
    assert newest is not None
    data = bytearray(newest.path.read_bytes())
    data[-1] ^= 1
    newest.path.write_bytes(data)
    with pytest.raises(WorkbenchError) as told:
        load_checkpoint(newest.path)
    assert told.value.code is ErrorCode.FILE_DAMAGED
    rest = branch(half, "rest", epochs=4)
    events = list(run_small(rest))
    assert isinstance(events[-1], Finished)
    assert read_run(Path(rest.run)).parent_step < newest.record.step


def test_that_another_monitor_has_no_best_value_from_the_parent(tmp_path: Path) -> None:
    # So slow that no loss comes below the parent's best accuracy.
    job = small_job(tmp_path, epochs=1, learning_rate=1e-6, monitor="validation_accuracy")
    list(run_small(job))
    rest = branch(job, "rest", epochs=3, monitor="validation_loss")
    list(run_small(rest))
    steps, values = whole_history(rest.run).validations("loss")
    summary = read_run(Path(rest.run)).summary
    assert float(summary["best_validation_loss"]) == values[steps > PER_EPOCH].min()
    assert values.min() > read_run(Path(job.run)).summary["best_validation_accuracy"]


def test_that_damaged_best_weights_of_the_parent_do_not_end_the_new_run(half: TrainJob) -> None:
    for best in (Path(half.run) / "checkpoints").glob("best-*.safetensors"):
        best.write_bytes(best.read_bytes()[:-1])
    events = list(run_small(branch(half, "rest", epochs=4)))
    assert isinstance(events[-1], Finished)
