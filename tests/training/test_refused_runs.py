"""Runs that cannot begin or that fail: what is told, what is recorded, what is left behind."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    Failed,
    Finished,
)
from engines.training.checkpoints import latest_valid
from engines.training.manifest import changing
from engines.training.run_folder import RUN, read_run, write_record
from tests.helpers.small_training import (
    NumpyTrainer,
    logged,
    run_small,
    small_data,
    small_job,
)

pytestmark = pytest.mark.usefixtures("every_epoch_is_saved")


class DivergingTrainer(NumpyTrainer):
    bad_at = 16


def test_that_a_fault_before_the_first_step_leaves_no_half_run(tmp_path: Path) -> None:
    class UnknownDevice(NumpyTrainer):
        def __init__(self, *given: Any) -> None:
            raise WorkbenchError(ErrorCode.DEVICE_UNKNOWN, device="abacus", known="cpu")

    (last,) = run_small(small_job(tmp_path), make=UnknownDevice)
    assert isinstance(last, Failed)
    assert not (tmp_path / "run").exists()
    assert isinstance(list(run_small(small_job(tmp_path)))[-1], Finished)


def test_that_a_nan_loss_ends_the_run_names_the_step_and_keeps_the_checkpoint_before(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path), make=DivergingTrainer))
    last = events[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.LOSS_NOT_FINITE.value
    assert last.facts["step"] == 16
    assert math.isnan(logged(tmp_path, "loss")[16])
    checkpoint, _ = latest_valid(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.record.step == 14
    record = read_run(tmp_path / "run")
    assert (record.state, record.code) == ("failed", ErrorCode.LOSS_NOT_FINITE.value)


def test_that_a_design_for_other_inputs_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    first = dataclasses.replace(job.spec.layers[0], output_shape=(99,))
    spec = dataclasses.replace(job.spec, layers=(first, *job.spec.layers[1:]))
    with pytest.raises(WorkbenchError) as caught:
        list(run_small(dataclasses.replace(job, spec=spec)))
    assert caught.value.code is ErrorCode.DESIGN_DATA_INPUT
    assert caught.value.facts["node"] == "input"
    assert not (tmp_path / "run").exists()


def test_that_an_empty_training_split_is_refused(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    small_data(tmp_path / "data", samples=40, validation=20, test=20)
    with pytest.raises(WorkbenchError) as caught:
        list(run_small(job))
    assert caught.value.code is ErrorCode.DATA_SAMPLES_FEW


def test_that_a_run_is_never_overwritten_by_another(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    with pytest.raises(WorkbenchError) as caught:
        list(run_small(small_job(tmp_path)))
    assert caught.value.code is ErrorCode.RUN_EXISTS


def test_that_an_unknown_fault_is_recorded_and_raised(tmp_path: Path) -> None:
    class BrokenTrainer(NumpyTrainer):
        def run_chunk(self, *given: Any) -> Any:
            raise KeyError("inside")

    with pytest.raises(KeyError):
        list(run_small(small_job(tmp_path), make=BrokenTrainer))
    assert read_run(tmp_path / "run").code == ErrorCode.UNEXPECTED.value


def test_that_the_record_of_a_failed_run_says_what_its_last_event_says(tmp_path: Path) -> None:
    class Greedy(NumpyTrainer):
        def run_chunk(self, *given: Any) -> Any:
            raise MemoryError

    with pytest.raises(MemoryError):
        list(run_small(small_job(tmp_path), make=Greedy))
    record = read_run(tmp_path / "run")
    assert (record.state, record.code) == ("failed", ErrorCode.OUT_OF_MEMORY.value)


class WithoutDevice(NumpyTrainer):
    def __init__(self, *given: Any) -> None:
        raise WorkbenchError(ErrorCode.DEVICE_UNKNOWN, device="abacus", known="cpu")


def test_that_a_run_whose_resuming_is_refused_stays_what_it_was(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    before = {path: path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file()}
    longer = dataclasses.replace(small_job(tmp_path).recipe, epochs=9)
    job = dataclasses.replace(small_job(tmp_path), resume=True, recipe=longer)
    (last,) = run_small(job, make=WithoutDevice)
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.DEVICE_UNKNOWN.value
    assert {path: path.read_bytes() for path in before} == before
    assert read_run(tmp_path / "run").state == "finished"
    assert isinstance(list(run_small(job))[-1], Finished)


def test_that_a_run_that_goes_on_elsewhere_says_where_and_measures_its_threads_there(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    folder = tmp_path / "run"
    with changing(folder, RUN):
        write_record(folder / RUN, dataclasses.replace(read_run(folder), device="cuda:0", threads=64))
    longer = dataclasses.replace(small_job(tmp_path).recipe, epochs=9)
    job = dataclasses.replace(small_job(tmp_path), resume=True, recipe=longer)
    assert isinstance(list(run_small(job))[-1], Finished)
    record = read_run(folder)
    assert record.device == job.device
    assert record.threads != 64
