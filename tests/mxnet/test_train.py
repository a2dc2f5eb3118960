"""What is MXNet's own in training: modes that agree, what it has none of, lack of memory, its faults.

``tests/conformance/test_runs.py`` holds what every engine's runs have to be.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Crashed, Failed
from engines.contract.jobs import EngineJob, LowerJob, ProbeJob, SaveJob
from engines.design.catalogue import CATALOGUE
from tests.helpers.real_runs import (
    Ask,
    Digits,
    check_alike,
    events_of,
    finished,
    host_of,
    losses_of,
    noisy_job,
    run_until_killed,
    standing,
    template_job,
)
from tests.mxnet.nets import sequential

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def do() -> Iterator[Ask]:
    """Does jobs that leave nothing behind, in one process for all."""
    with standing("mxnet") as found:
        yield found


CONVOLUTIONS = sequential(
    ("conv2d", {"filters": 8, "bias": False}),
    ("batch_norm", {}),
    ("relu", {}),
    ("conv2d", {"filters": 16, "kernel": (2, 2), "bias": False}),
    ("batch_norm", {}),
    ("average_pool2d", {}),
)


def test_that_a_convolutional_template_learns_the_digits(tmp_path: Path, digits: Digits, do: Ask) -> None:
    last = finished(do, template_job("digits-cnn", tmp_path / "run", digits))
    assert float(last.summary["test_accuracy"]) >= 0.97


def test_that_what_runs_hybridized_runs_imperatively_bit_for_bit(
    tmp_path: Path, digits: Digits, do: Ask
) -> None:
    runs = [tmp_path / mode for mode in ("hybridized", "imperative")]
    for run in runs:
        finished(do, noisy_job(run, digits, epochs=2, run_mode=run.name))
    check_alike(*runs)


def test_that_validating_changes_nothing_of_the_training(tmp_path: Path, digits: Digits, do: Ask) -> None:
    # MXNet turns a convolution's weights in place where it answers, whoever trains them meanwhile.
    runs = [tmp_path / "often", tmp_path / "never"]
    for run, every in zip(runs, (1, 0)):
        changes: dict[str, Any] = {"validate_every": every, "monitor": "validation_loss"}
        finished(do, noisy_job(run, digits, spec=CONVOLUTIONS, **changes))
    np.testing.assert_array_equal(losses_of(runs[0]), losses_of(runs[1]))


def test_that_the_probe_names_version_devices_and_modes(do: Ask) -> None:
    report = next(event.record for event in do(ProbeJob()) if isinstance(event, Answer))
    assert report.version == "1.9.1"
    assert report.python.startswith("3.")
    assert report.modes == ("hybridized", "imperative")
    assert report.precisions == ("fp32", "fp64")
    assert set(report.layers) == set(CATALOGUE)


REFUSALS: list[tuple[dict[str, Any], ErrorCode]] = [
    ({"run_mode": "xla"}, ErrorCode.RUN_MODE_MISSING),
    ({"precision": "bf16"}, ErrorCode.PRECISION_MISSING),
    ({"memory_layout": "channels_last"}, ErrorCode.LAYOUT_MISSING),
]


def test_that_what_does_not_go_is_told_by_code_and_leaves_no_run(
    tmp_path: Path, digits: Digits, do: Ask
) -> None:
    run = tmp_path / "run"
    jobs: list[EngineJob] = [noisy_job(run, digits, **changes) for changes, _ in REFUSALS]
    where = str(tmp_path)
    jobs += [LowerJob(where, where), SaveJob(where, where, str(run), "params")]
    ends = [do(job)[-1] for job in jobs]
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
    one = host_of("mxnet", memory_bytes=4 << 30)
    try:
        last = list(one.run(noisy_job(tmp_path / "run", digits, spec=big)))[-1]
    finally:
        one.close()
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.DEVICE_MEMORY.value
    assert last.facts == {"device": "cpu", "batch_size": 32, "why": "Failed to allocate CPU Memory"}


@pytest.mark.skipif(os.name == "nt", reason="there are no signals")
def test_that_a_segmentation_fault_is_told_as_the_signal_it_is(tmp_path: Path, digits: Digits) -> None:
    # MXNet's own handler would end the process by exit.
    last = run_until_killed("mxnet", noisy_job(tmp_path / "run", digits), 5, signal.SIGSEGV)
    assert isinstance(last, Crashed)
    assert last.signal == signal.SIGSEGV


def test_that_a_training_gone_to_pieces_is_told_where_its_relus_answer_nan_by_zero(
    tmp_path: Path, digits: Digits
) -> None:
    spec = sequential(("conv2d", {"filters": 8}), ("relu", {}), ("conv2d", {"filters": 8}), ("relu", {}))
    job = noisy_job(tmp_path / "run", digits, spec=spec, optimizer="sgd", learning_rate=1e30)
    last = list(events_of("mxnet", job))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.LOSS_NOT_FINITE.value
    assert int(last.facts["step"]) <= 3


def test_that_the_quick_relus_of_training_learn_what_the_plain_ones_do(
    tmp_path: Path, digits: Digits, do: Ask
) -> None:
    # FP64 has the plain ones throughout.
    spec = sequential(("conv2d", {"filters": 8}), ("relu", {}), ("conv2d", {"filters": 8}), ("relu", {}))
    runs = [tmp_path / "fp32", tmp_path / "fp64"]
    for run in runs:
        finished(do, noisy_job(run, digits, spec=spec, epochs=1, precision=run.name))
    np.testing.assert_allclose(*map(losses_of, runs), rtol=1e-5)
