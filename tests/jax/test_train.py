"""Training with JAX in its own process: accuracy, a kill, precisions, recipes, silence, faults."""

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
from tests.conformance.nets import mlp
from tests.torch.cases import noisy_model
from tests.torch.test_train import losses_of, template_job

pytestmark = pytest.mark.framework

Digits = tuple[Path, DataManifest]


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return digits_in(tmp_path_factory.mktemp("data"))


def events_of(job: EngineJob, warm: bool = False) -> Iterator[Event]:
    """Run a job in a child of its own."""
    host = ProcessHost("jax")
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


def plain_job(run: Path, digits: Digits, **changes: Any) -> TrainJob:
    """A job whose net has neither batch norm nor dropout."""
    values = {"epochs": 2, "batch_size": 32, "threads": 1, "chunk_steps": 5, **changes}
    return TrainJob(str(run), mlp(), Recipe(**values), str(digits[0]), digits[1])


def said(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Log)]


def finished(job: EngineJob) -> Finished:
    last = list(events_of(job))[-1]
    assert isinstance(last, Finished), last
    return last


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
    host, last = ProcessHost("jax"), None
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


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_that_a_kill_changes_no_bit(tmp_path: Path, digits: Digits, precision: str) -> None:
    calm, run = tmp_path / "calm", tmp_path / "run"
    changes = {"precision": precision, "epochs": 30 if precision == "fp32" else 20}
    finished(noisy_job(calm, digits, **changes))
    step = int.from_bytes(os.urandom(2), "little") % (read_run(calm).total_steps // 2)
    assert isinstance(run_until_killed(noisy_job(run, digits, **changes), step), Crashed)
    finished(noisy_job(run, digits, resume=True, **changes))
    np.testing.assert_array_equal(losses_of(run), losses_of(calm))
    assert_same_state(run, calm)


def assert_same_state(run: Path, other: Path) -> None:
    ours, theirs = (latest_valid(folder / "checkpoints")[0] for folder in (run, other))
    assert ours is not None
    assert theirs is not None
    assert ours.arrays.keys() == theirs.arrays.keys()
    for name, array in ours.arrays.items():
        np.testing.assert_array_equal(array, theirs.arrays[name], err_msg=name)


def test_that_the_length_of_a_chunk_changes_no_bit(tmp_path: Path, digits: Digits) -> None:
    for steps in (1, 7, 1000):
        finished(noisy_job(tmp_path / str(steps), digits, epochs=2, chunk_steps=steps))
    assert_same_state(tmp_path / "1", tmp_path / "7")
    assert_same_state(tmp_path / "1", tmp_path / "1000")


def test_that_double_precision_is_kept_in_the_checkpoint(tmp_path: Path, digits: Digits) -> None:
    run = tmp_path / "run"
    finished(noisy_job(run, digits, epochs=1, precision="fp64", chunk_steps=0))
    checkpoint, _ = latest_valid(run / "checkpoints")
    assert checkpoint is not None
    assert {array.dtype for array in checkpoint.arrays.values()} == {np.dtype("float64")}


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_that_half_precision_learns_like_single(tmp_path: Path, digits: Digits, precision: str) -> None:
    runs = {name: tmp_path / name for name in (precision, "fp32")}
    ends = {name: finished(noisy_job(run, digits, precision=name)) for name, run in runs.items()}
    half, single = (float(end.summary["test_loss"]) for end in ends.values())
    assert half == pytest.approx(single, rel=0.2)
    checkpoint, _ = latest_valid(runs[precision] / "checkpoints")
    assert checkpoint is not None
    weights = {array.dtype for name, array in checkpoint.arrays.items() if name.startswith("model/")}
    assert weights == {np.dtype("float32")}
    assert ("engine/loss_scale" in checkpoint.arrays) == (precision == "fp16")


def test_that_a_batch_in_parts_is_the_whole_batch(tmp_path: Path, digits: Digits) -> None:
    for parts in (1, 4):
        job = plain_job(tmp_path / str(parts), digits, accumulate=parts, precision="fp64")
        finished(job)
    whole, parted = (losses_of(tmp_path / name) for name in ("1", "4"))
    np.testing.assert_allclose(parted, whole, rtol=1e-6)


def test_that_gradients_are_cut_to_their_joint_norm(tmp_path: Path, digits: Digits) -> None:
    """With plain SGD the weights then move by the rate times the norm, at most, in one step."""
    from engines.training.initial_weights import initial_weights

    changes = {"optimizer": "sgd", "momentum": 0.0, "learning_rate": 0.5, "epochs": 1}
    job = plain_job(tmp_path / "run", digits, clip_norm=0.01, batch_size=1150, **changes)
    finished(job)
    before = initial_weights(job.spec, 0)
    checkpoint, _ = latest_valid(tmp_path / "run" / "checkpoints")
    assert checkpoint is not None
    moved = np.sqrt(
        sum(((checkpoint.arrays[f"model/{name}"] - array) ** 2).sum() for name, array in before.items())
    )
    steps = len(losses_of(tmp_path / "run"))
    assert moved == pytest.approx(0.5 * 0.01 * steps, rel=1e-2)


def test_that_the_probe_names_version_devices_and_what_does_not_go() -> None:
    events = list(events_of(ProbeJob()))
    report = next(event.record for event in events if isinstance(event, Answer))
    assert said(events) == []
    assert report.version[0].isdigit()
    assert report.facts["flax"][0].isdigit()
    assert report.devices[0].name == "cpu"
    assert report.modes == ("jit",)
    on_gpu = any(device.name.startswith("cuda") for device in report.devices)
    assert ("tf32" in report.precisions) == on_gpu
    assert on_gpu or report.refusals == {"precision/tf32": "no_gpu"}


def test_that_what_was_compiled_lies_beside_the_data_and_a_broken_file_there_breaks_nothing(
    tmp_path: Path, digits: Digits
) -> None:
    job = noisy_job(tmp_path / "first", digits, epochs=1)
    finished(job)
    kept = list((digits[0].parent / "compiled-jax").iterdir())
    assert kept
    for path in kept:
        path.write_bytes(path.read_bytes()[:50])
    again = list(events_of(dataclasses.replace(job, run=str(tmp_path / "second"))))
    assert isinstance(again[-1], Finished), again[-1]
    assert said(again) == []
    np.testing.assert_array_equal(losses_of(tmp_path / "first"), losses_of(tmp_path / "second"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"device": "cuda:99"}, ErrorCode.DEVICE_UNKNOWN),
        ({"spec": "magic"}, ErrorCode.LAYER_UNSUPPORTED),
        ({"recipe": {"precision": "tf32"}}, ErrorCode.PRECISION_MISSING),
        ({"recipe": {"run_mode": "eager"}}, ErrorCode.RUN_MODE_MISSING),
        ({"recipe": {"memory_layout": "channels_first"}}, ErrorCode.LAYOUT_MISSING),
    ],
)
def test_that_a_fault_is_told_by_code_and_leaves_no_run(
    tmp_path: Path, digits: Digits, changes: dict[str, Any], code: ErrorCode
) -> None:
    job = noisy_job(tmp_path / "run", digits, **changes.pop("recipe", {}))
    if "spec" in changes:
        layers = [dataclasses.replace(layer, layer="magic") for layer in job.spec.layers[1:]]
        changes = {"spec": dataclasses.replace(job.spec, layers=(job.spec.layers[0], *layers))}
    last = list(events_of(dataclasses.replace(job, **changes)))[-1]
    assert isinstance(last, Failed)
    assert last.code == code.value
    assert not (tmp_path / "run").exists()
