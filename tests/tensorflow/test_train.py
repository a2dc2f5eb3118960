"""Training with TensorFlow in its own process: accuracy, a kill, precision, silence, faults."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Crashed, Event, Failed, Finished, Log, Metrics
from engines.contract.jobs import EngineJob, EvaluateJob, ExportJob, ProbeJob, ReferenceJob, TrainJob
from engines.contract.spec import DataManifest, Recipe
from engines.host.process import ProcessHost
from engines.runs.verify import verify
from engines.training.checkpoints import latest_valid
from engines.training.run_folder import read_run
from tests.conformance.data import digits_in
from tests.torch.cases import noisy_model
from tests.torch.test_train import losses_of, template_job

pytestmark = pytest.mark.framework

Digits = tuple[Path, DataManifest]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return digits_in(tmp_path_factory.mktemp("data"))


def events_of(job: EngineJob, warm: bool = False) -> Iterator[Event]:
    """Run a job in a child of its own."""
    host = ProcessHost("tensorflow")
    try:
        if warm:
            host.warm()
        yield from host.run(job)
    finally:
        host.close()


def noisy_job(run: Path, digits: Digits, resume: bool = False, **changes: Any) -> TrainJob:
    values = {"epochs": 6, "batch_size": 32, "threads": 1, "chunk_steps": 5, **changes}
    recipe = Recipe(**values)
    return TrainJob(str(run), noisy_model(), recipe, str(digits[0]), digits[1], resume=resume)


def said(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Log)]


def test_that_a_template_learns_the_digits_and_says_nothing_of_its_own(
    tmp_path: Path, digits: Digits
) -> None:
    run = tmp_path / "run"
    events = list(events_of(template_job("digits-mlp", run, digits), warm=True))
    last = events[-1]
    assert isinstance(last, Finished), last
    assert said(events) == []
    assert float(last.summary["test_accuracy"]) >= 0.95
    assert verify(run) == ()
    evaluated = list(events_of(EvaluateJob(str(run), str(digits[0]))))
    record = next(event.record for event in evaluated if isinstance(event, Answer))
    assert said(evaluated) == []
    assert record.values["accuracy"] == last.summary["test_accuracy"]
    assert record.values["loss"] == pytest.approx(float(last.summary["test_loss"]))
    check_export(run, digits, tmp_path)


def check_export(run: Path, digits: Digits, folder: Path) -> None:
    target, both = folder / "model.onnx", [folder / "first.npz", folder / "second.npz"]
    data = str(digits[0])
    exported = list(events_of(ExportJob(str(run), data, str(target), str(both[0]))))
    assert isinstance(exported[-1], Finished), exported[-1]
    assert said(exported) == []
    view = next(event.record for event in exported if isinstance(event, Answer))
    assert view.bytes == target.stat().st_size
    again = list(events_of(ReferenceJob(str(run), data, str(both[1]))))
    assert isinstance(again[-1], Finished), again[-1]
    first, second = (np.load(path) for path in both)
    assert set(first) == set(second) > {"inputs", "outputs", "outputs_1", "outputs_17"}
    assert len(first["outputs"]) == digits[1].splits["test"]
    for name in first:
        np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def run_until_killed(job: TrainJob, step: int) -> Event:
    """Run a job; after ``step`` steps were seen, kill its process as the system would."""
    host, last = ProcessHost("tensorflow"), None
    try:
        for event in host.run(job):
            last = event
            seen = event.first_step + len(event.values["loss"]) if isinstance(event, Metrics) else 0
            if seen > step and host.pid:
                os.kill(host.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
                step = 1 << 60
    finally:
        host.close()
    assert last is not None
    return last


def test_that_a_kill_changes_no_bit(tmp_path: Path, digits: Digits) -> None:
    calm, run = tmp_path / "calm", tmp_path / "run"
    assert isinstance(list(events_of(noisy_job(calm, digits)))[-1], Finished)
    step = int.from_bytes(os.urandom(1), "little") % (read_run(calm).total_steps - 30)
    assert isinstance(run_until_killed(noisy_job(run, digits), step), Crashed)
    assert isinstance(list(events_of(noisy_job(run, digits, resume=True)))[-1], Finished)
    np.testing.assert_array_equal(losses_of(run), losses_of(calm))
    ours, theirs = (latest_valid(folder / "checkpoints")[0] for folder in (run, calm))
    assert ours is not None
    assert theirs is not None
    assert ours.arrays.keys() == theirs.arrays.keys()
    for name, array in ours.arrays.items():
        np.testing.assert_array_equal(array, theirs.arrays[name], err_msg=name)


def test_that_double_precision_is_kept_in_the_checkpoint(tmp_path: Path, digits: Digits) -> None:
    run = tmp_path / "run"
    events = list(events_of(noisy_job(run, digits, epochs=1, precision="fp64", chunk_steps=0)))
    assert isinstance(events[-1], Finished), events[-1]
    assert {event.values["loss"].dtype for event in events if isinstance(event, Metrics)} == {
        np.dtype("float32")
    }
    checkpoint, _ = latest_valid(run / "checkpoints")
    assert checkpoint is not None
    assert {array.dtype for array in checkpoint.arrays.values()} == {np.dtype("float64")}


def test_that_the_probe_names_version_and_devices() -> None:
    events = list(events_of(ProbeJob()))
    report = next(event.record for event in events if isinstance(event, Answer))
    assert said(events) == []
    assert report.version[0].isdigit()
    assert report.facts["keras"][0].isdigit()
    assert report.devices[0].name == "cpu"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"device": "cuda:99"}, ErrorCode.DEVICE_UNKNOWN),
        ({"spec": "magic"}, ErrorCode.LAYER_UNSUPPORTED),
    ],
)
def test_that_a_fault_is_told_by_code_and_leaves_no_run(
    tmp_path: Path, digits: Digits, changes: dict[str, Any], code: ErrorCode
) -> None:
    job = noisy_job(tmp_path / "run", digits)
    if "spec" in changes:
        layers = [dataclasses.replace(layer, layer="magic") for layer in job.spec.layers[1:]]
        changes = {"spec": dataclasses.replace(job.spec, layers=(job.spec.layers[0], *layers))}
    last = list(events_of(dataclasses.replace(job, **changes)))[-1]
    assert isinstance(last, Failed)
    assert last.code == code.value
    assert not (tmp_path / "run").exists()
