"""Training on a CUDA device: the same curve as on the CPU, up to rounding."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from engines.contract.events import Answer, Crashed, Finished, Metrics
from engines.contract.jobs import EvaluateJob, ProbeJob
from tests.helpers.real_runs import Digits, events_of, losses_of, run_until_killed, template_job

pytestmark = [pytest.mark.framework, pytest.mark.gpu]


def test_that_the_probe_finds_the_device_and_its_memory() -> None:
    report = next(event.record for event in events_of("torch", ProbeJob()) if isinstance(event, Answer))
    assert report.devices[1].name == "cuda:0"
    assert report.devices[1].memory_bytes > 1 << 30


def test_that_the_losses_are_those_of_the_cpu(tmp_path: Path, digits: Digits) -> None:
    for device in ("cpu", "cuda:0"):
        job = template_job("digits-cnn", tmp_path / device.replace(":", ""), digits, epochs=2)
        last = list(events_of("torch", dataclasses.replace(job, device=device)))[-1]
        assert isinstance(last, Finished), last
    ours, theirs = losses_of(tmp_path / "cuda0"), losses_of(tmp_path / "cpu")
    np.testing.assert_allclose(ours[:10], theirs[:10], rtol=1e-4)
    np.testing.assert_allclose(ours, theirs, rtol=2e-2, atol=1e-3)


def test_that_a_run_killed_on_the_device_goes_on_and_is_evaluated_there(
    tmp_path: Path, digits: Digits
) -> None:
    run = tmp_path / "run"
    job = dataclasses.replace(template_job("digits-cnn", run, digits, epochs=20), device="cuda:0")
    assert isinstance(run_until_killed("torch", job, 60), Crashed)
    events = list(events_of("torch", dataclasses.replace(job, resume=True)))
    last = events[-1]
    assert isinstance(last, Finished), last
    assert next(event.first_step for event in events if isinstance(event, Metrics)) > 0
    evaluate = EvaluateJob(str(run), str(digits[0]), device="cuda:0")
    record = next(event.record for event in events_of("torch", evaluate) if isinstance(event, Answer))
    assert record.values["accuracy"] == pytest.approx(float(last.summary["test_accuracy"]), abs=0.01)
