"""Whole runs on an engine's first accelerator: learned, killed and gone on with, evaluated, exported."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engines.contract.capabilities import DeviceView
from engines.contract.events import Answer, Crashed, Finished, Metrics
from engines.contract.jobs import EvaluateJob, ExportJob, ProbeJob, TrainJob
from engines.registry import engine as row_of
from engines.training.run_folder import read_run
from tests.conformance.engine import NAMES
from tests.helpers.real_runs import (
    Digits,
    check_alike,
    events_of,
    finished,
    losses_of,
    noisy_job,
    run_until_killed,
    template_job,
)

pytestmark = [pytest.mark.framework, pytest.mark.gpu, pytest.mark.parametrize("name", NAMES)]


@cache
def accelerators(name: str) -> list[DeviceView]:
    """Return what the engine lists beside the CPU."""
    report = next(event.record for event in events_of(name, ProbeJob()) if isinstance(event, Answer))
    return [device for device in report.devices if device.name != "cpu"]


@pytest.fixture
def device(name: str) -> DeviceView:
    """The first accelerator of the engine's own list."""
    row = row_of(name)
    assert row is not None
    if not accelerators(name):
        pytest.skip(f"{row.title} lists no accelerator on this machine")
    return accelerators(name)[0]


def on(device: DeviceView, job: TrainJob) -> TrainJob:
    return dataclasses.replace(job, device=device.name)


def test_that_the_probe_tells_the_device_by_name_and_memory(name: str, device: DeviceView) -> None:
    assert device.title
    assert device.name.startswith(("cuda:", "tpu:"))
    if name in ("torch", "jax", "mxnet"):  # TensorFlow tells no memory but its own share
        assert device.memory_bytes > 1 << 30


def test_that_a_run_there_has_the_losses_of_the_cpu_and_is_evaluated_and_exported(
    tmp_path: Path, digits: Digits, name: str, device: DeviceView
) -> None:
    job = template_job("digits-mlp", tmp_path / "there", digits)
    last = finished(name, on(device, job))
    finished(name, dataclasses.replace(job, run=str(tmp_path / "here")))
    theirs, ours = losses_of(tmp_path / "here"), losses_of(tmp_path / "there")
    np.testing.assert_allclose(ours[:100], theirs[:100], rtol=1e-4, atol=1e-5)
    assert read_run(tmp_path / "there").device == device.name
    assert float(last.summary["test_accuracy"]) >= 0.95
    for place in ("cpu", device.name):
        evaluate = EvaluateJob(job.run, str(digits[0]), device=place)
        found = next(event.record for event in events_of(name, evaluate) if isinstance(event, Answer))
        assert found.values["accuracy"] == pytest.approx(float(last.summary["test_accuracy"]), abs=0.01)
    target, reference = tmp_path / "model.onnx", tmp_path / "reference.npz"
    finished(name, ExportJob(job.run, str(digits[0]), str(target), str(reference)))
    assert target.stat().st_size > 10_000


def test_that_a_run_killed_there_goes_on_bit_for_bit(
    tmp_path: Path, digits: Digits, name: str, device: DeviceView
) -> None:
    calm, run = (on(device, noisy_job(tmp_path / part, digits, epochs=30)) for part in ("calm", "run"))
    finished(name, calm)
    assert isinstance(run_until_killed(name, run, 60), Crashed)
    events = list(events_of(name, dataclasses.replace(run, resume=True)))
    assert isinstance(events[-1], Finished), events[-1]
    assert next(event.first_step for event in events if isinstance(event, Metrics)) > 0
    check_alike(tmp_path / "run", tmp_path / "calm")
