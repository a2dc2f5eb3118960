"""Training with MXNet in its own interpreter: accuracy, kills, modes, precision, silence, faults."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Crashed, Failed, Finished, Metrics
from engines.contract.jobs import EngineJob, EvaluateJob, LowerJob, ProbeJob, SaveJob, TrainJob
from engines.design.catalogue import CATALOGUE
from engines.runs.verify import verify
from engines.training.checkpoints import latest_valid
from engines.training.run_folder import read_run
from tests.mxnet.runs import Digits, events_of, host, job_of, resumed, run_until_killed, said, sequential
from tests.torch.test_train import losses_of, template_job

pytestmark = pytest.mark.framework

CONVOLUTIONS = sequential(
    ("conv2d", {"filters": 8, "bias": False}),
    ("batch_norm", {}),
    ("relu", {}),
    ("conv2d", {"filters": 16, "kernel": (2, 2), "bias": False}),
    ("batch_norm", {}),
    ("average_pool2d", {}),
)


def arrays_of(run: Path) -> Any:
    checkpoint, _ = latest_valid(run / "checkpoints")
    assert checkpoint is not None
    return checkpoint.arrays


def check_alike(first: Path, second: Path) -> None:
    np.testing.assert_array_equal(losses_of(first), losses_of(second))
    ours, theirs = arrays_of(first), arrays_of(second)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def trained(job: Any) -> Finished:
    events = list(events_of(job))
    last = events[-1]
    assert isinstance(last, Finished), last
    assert said(events) == []
    return last


def test_that_a_template_learns_the_digits_and_says_nothing_of_its_own(
    tmp_path: Path, digits: Digits
) -> None:
    run = tmp_path / "run"
    events = list(events_of(template_job("digits-cnn", run, digits), warm=True))
    last = events[-1]
    assert isinstance(last, Finished), last
    assert said(events) == []
    assert float(last.summary["test_accuracy"]) >= 0.97
    assert verify(run) == ()
    evaluated = list(events_of(EvaluateJob(str(run), str(digits[0]))))
    record = next(event.record for event in evaluated if isinstance(event, Answer))
    assert said(evaluated) == []
    assert record.values["accuracy"] == last.summary["test_accuracy"]
    assert record.values["loss"] == pytest.approx(float(last.summary["test_loss"]))


def test_that_a_kill_changes_no_bit(tmp_path: Path, digits: Digits) -> None:
    calm, run = tmp_path / "calm", tmp_path / "run"
    trained(job_of(calm, digits))
    job = job_of(run, digits)
    step = int.from_bytes(os.urandom(1), "little") % (read_run(calm).total_steps - 30)
    last = run_until_killed(job, step)
    assert isinstance(last, Crashed)
    trained(resumed(job))
    check_alike(run, calm)


def test_that_what_runs_hybridized_runs_imperatively_bit_for_bit(tmp_path: Path, digits: Digits) -> None:
    runs = [tmp_path / mode for mode in ("hybridized", "imperative")]
    for run in runs:
        trained(job_of(run, digits, epochs=2, run_mode=run.name))
    check_alike(*runs)


def test_that_validating_changes_nothing_of_the_training(tmp_path: Path, digits: Digits) -> None:
    # MXNet turns a convolution's weights in place where it answers, whoever trains them meanwhile.
    runs = [tmp_path / "often", tmp_path / "never"]
    for run, every in zip(runs, (1, 0)):
        changes: dict[str, Any] = {"validate_every": every, "monitor": "validation_loss"}
        trained(job_of(run, digits, CONVOLUTIONS, **changes))
    np.testing.assert_array_equal(losses_of(runs[0]), losses_of(runs[1]))


def test_that_double_precision_is_kept_in_the_checkpoint(tmp_path: Path, digits: Digits) -> None:
    run = tmp_path / "run"
    events = list(events_of(job_of(run, digits, epochs=1, precision="fp64", chunk_steps=0)))
    assert isinstance(events[-1], Finished), events[-1]
    assert any(isinstance(event, Metrics) for event in events)
    assert {array.dtype for array in arrays_of(run).values()} == {np.dtype("float64")}


def test_that_the_probe_names_version_devices_and_modes() -> None:
    events = list(events_of(ProbeJob()))
    report = next(event.record for event in events if isinstance(event, Answer))
    assert said(events) == []
    assert report.version == "1.9.1"
    assert report.python.startswith("3.")
    assert report.devices[0].name == "cpu"
    assert report.modes == ("hybridized", "imperative")
    assert report.precisions == ("fp32", "fp64")
    assert set(report.layers) == set(CATALOGUE)


REFUSALS: list[tuple[dict[str, Any], ErrorCode]] = [
    ({"device": "cuda:99"}, ErrorCode.DEVICE_UNKNOWN),
    ({"layer": "magic"}, ErrorCode.LAYER_UNSUPPORTED),
    ({"run_mode": "xla"}, ErrorCode.RUN_MODE_MISSING),
    ({"precision": "bf16"}, ErrorCode.PRECISION_MISSING),
    ({"memory_layout": "channels_last"}, ErrorCode.LAYOUT_MISSING),
]


def refused(run: Path, digits: Digits, device: str = "cpu", layer: str = "", **recipe: Any) -> TrainJob:
    job = dataclasses.replace(job_of(run, digits, **recipe), device=device)
    if not layer:
        return job
    first, *others = job.spec.layers
    layers = (first, *(dataclasses.replace(other, layer=layer) for other in others))
    return dataclasses.replace(job, spec=dataclasses.replace(job.spec, layers=layers))


def test_that_what_does_not_go_is_told_by_code_and_leaves_no_run(tmp_path: Path, digits: Digits) -> None:
    one, run = host(reusable=True), tmp_path / "run"
    jobs: list[EngineJob] = [refused(run, digits, **changes) for changes, _ in REFUSALS]
    where = str(tmp_path)
    jobs += [LowerJob(where, where), SaveJob(where, where, str(run), "params")]
    try:
        ends = [list(one.run(job))[-1] for job in jobs]
    finally:
        one.close()
    codes = [end.code if isinstance(end, Failed) else end for end in ends]
    assert codes == [*(code.value for _, code in REFUSALS), *2 * [ErrorCode.JOB_UNSUPPORTED.value]]
    assert not run.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the cap is Linux's")
def test_that_a_lack_of_memory_is_told_with_the_batch_and_what_mxnet_says(
    tmp_path: Path, digits: Digits
) -> None:
    big = sequential(
        ("upsample2d", {"factor": (256, 256)}), ("conv2d", {"filters": 16}), ("global_average_pool", {})
    )
    one = host(memory_bytes=4 << 30)
    try:
        last = list(one.run(job_of(tmp_path / "run", digits, big)))[-1]
    finally:
        one.close()
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.DEVICE_MEMORY.value
    assert last.facts == {"device": "cpu", "batch_size": 32, "why": "Failed to allocate CPU Memory"}


@pytest.mark.skipif(os.name == "nt", reason="there are no signals")
def test_that_a_segmentation_fault_is_told_as_the_signal_it_is(tmp_path: Path, digits: Digits) -> None:
    # MXNet's own handler would end the process by exit.
    last = run_until_killed(job_of(tmp_path / "run", digits), 5, signal.SIGSEGV)
    assert isinstance(last, Crashed)
    assert last.signal == signal.SIGSEGV
