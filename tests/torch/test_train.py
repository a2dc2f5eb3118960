"""Training with PyTorch in its own process: parity, kills, accuracies, faults."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Crashed, Event, Failed, Finished, Metrics
from engines.contract.jobs import EngineJob, EvaluateJob, ProbeJob, TrainJob
from engines.contract.records import to_plain
from engines.contract.spec import DataManifest, Recipe
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from engines.host.process import ProcessHost
from engines.runs.history import RunHistory
from engines.runs.verify import verify
from engines.training.checkpoints import latest_valid
from engines.training.run_folder import read_run
from tests.torch.cases import noisy_model
from tests.torch.conftest import Ask

pytestmark = pytest.mark.framework

Digits = tuple[Path, DataManifest]


def events_of(job: EngineJob) -> Iterator[Event]:
    """Run a job in a child of its own."""
    host = ProcessHost("torch")
    try:
        yield from host.run(job)
    finally:
        host.close()


def template_job(name: str, run: Path, digits: Digits, **changes: Any) -> TrainJob:
    template = TEMPLATES[name]
    recipe = dataclasses.replace(template.recipe, threads=1, **changes)
    return TrainJob(str(run), freeze(template.design()), recipe, str(digits[0]), digits[1])


def losses_of(run: Path) -> Any:
    history = RunHistory(run)
    history.refresh()
    return history.series("loss")[1].copy()


LEARNED = [
    *[("digits-mlp", 0.95), ("digits-cnn", 0.97), ("digits-resnet", 0.97)],
    *[("digits-lstm", 0.95), ("digits-gru", 0.96), ("digits-transformer", 0.95)],
]


@pytest.mark.parametrize(("name", "wanted"), LEARNED)
def test_that_the_templates_learn_the_digits(
    tmp_path: Path, digits: Digits, name: str, wanted: float
) -> None:
    job = template_job(name, tmp_path / "run", digits)
    last = list(events_of(job))[-1]
    assert isinstance(last, Finished), last
    assert float(last.summary["test_accuracy"]) >= wanted
    assert verify(tmp_path / "run") == ()
    evaluated = list(events_of(EvaluateJob(str(tmp_path / "run"), str(digits[0]))))
    record = next(event.record for event in evaluated if isinstance(event, Answer))
    assert record.values["accuracy"] == last.summary["test_accuracy"]
    assert record.values["loss"] == pytest.approx(float(last.summary["test_loss"]))
    assert record.samples == digits[1].splits["test"]
    assert sum(map(sum, record.confusion)) == record.samples


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_that_losses_are_those_of_a_plain_loop_by_hand(
    tmp_path: Path, digits: Digits, ask: Ask, optimizer: str
) -> None:
    run = tmp_path / "run"
    changes = {"optimizer": optimizer, "epochs": 2, "weight_decay": 0.01, "schedule": "constant"}
    job = template_job("digits-mlp", run, digits, **changes, warmup_steps=0)
    assert isinstance(list(events_of(job))[-1], Finished)
    by_hand = ask("losses_of_a_plain_loop", folder=str(digits[0]), run=str(run), epochs=2)
    # Fused kernels round differently; growth over 70 steps stays this small.
    np.testing.assert_allclose(losses_of(run), np.array(by_hand), rtol=2e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_that_another_trainer_goes_on_bit_for_bit_from_the_canonical_state(
    digits: Digits, ask: Ask, optimizer: str
) -> None:
    assert ask("hand_over_the_state", folder=str(digits[0]), optimizer=optimizer) == []


def test_that_data_too_large_for_the_device_train_alike(digits: Digits, ask: Ask) -> None:
    assert ask("gather_chunk_by_chunk", folder=str(digits[0]))


def test_that_a_split_without_samples_cannot_be_evaluated(tmp_path: Path, calm: Path, digits: Digits) -> None:
    last = list(events_of(EvaluateJob(str(calm), str(digits[0]), split="holiday")))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.DATA_SAMPLES_FEW.value


def test_that_what_is_no_run_cannot_be_evaluated(tmp_path: Path, digits: Digits) -> None:
    last = list(events_of(EvaluateJob(str(tmp_path), str(digits[0]))))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.NOT_A_RUN.value


def noisy_job(run: Path, digits: Digits, resume: bool = False) -> TrainJob:
    recipe = Recipe(epochs=12, batch_size=16, threads=1, chunk_steps=7, schedule="cosine", seed=3)
    return TrainJob(str(run), noisy_model(), recipe, str(digits[0]), digits[1], resume=resume)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, digits: Digits) -> Path:
    """An undisturbed run."""
    run = tmp_path_factory.mktemp("calm") / "run"
    assert isinstance(list(events_of(noisy_job(run, digits)))[-1], Finished)
    return run


def run_until_killed(job: TrainJob, step: int) -> Event:
    """Train until ``step`` was seen, then kill the process as the system would."""
    host, last = ProcessHost("torch"), None
    try:
        for event in host.run(job):
            last = event
            if isinstance(event, Metrics) and event.first_step + len(event.values["loss"]) > step:
                if host.pid:
                    os.kill(host.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
                step = 1 << 60
    finally:
        host.close()
    assert last is not None
    return last


def check_kills(calm: Path, run: Path, digits: Digits, kills: int, seed: int) -> None:
    total = read_run(calm).total_steps
    steps = sorted(np.random.default_rng(seed).integers(1, total - 20, kills).tolist())
    for number, step in enumerate(steps):
        last = run_until_killed(noisy_job(run, digits, resume=number > 0), step)
        assert isinstance(last, Crashed), last
    assert isinstance(list(events_of(noisy_job(run, digits, resume=True)))[-1], Finished)
    np.testing.assert_array_equal(losses_of(run), losses_of(calm))
    ours, theirs = (latest_valid(folder / "checkpoints")[0] for folder in (run, calm))
    assert ours is not None
    assert theirs is not None
    assert ours.arrays.keys() == theirs.arrays.keys()
    for name, array in ours.arrays.items():
        np.testing.assert_array_equal(array, theirs.arrays[name], err_msg=name)


def test_that_three_kills_at_random_steps_change_no_bit(tmp_path: Path, calm: Path, digits: Digits) -> None:
    check_kills(calm, tmp_path / "run", digits, kills=3, seed=int.from_bytes(os.urandom(4), "little"))


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_that_twenty_kills_at_random_steps_change_no_bit(tmp_path: Path, calm: Path, digits: Digits) -> None:
    check_kills(calm, tmp_path / "run", digits, kills=20, seed=int.from_bytes(os.urandom(4), "little"))


def test_that_measuring_threads_changes_no_number(tmp_path: Path, calm: Path, digits: Digits) -> None:
    job = noisy_job(tmp_path / "run", digits)
    measured = dataclasses.replace(job, recipe=dataclasses.replace(job.recipe, chunk_steps=0))
    assert isinstance(list(events_of(measured))[-1], Finished)
    np.testing.assert_array_equal(losses_of(tmp_path / "run"), losses_of(calm))


def test_that_a_diverging_run_fails_with_its_step(tmp_path: Path, digits: Digits) -> None:
    changes = {"loss": "mean_squared_error", "metrics": ("mae",), "optimizer": "sgd", "learning_rate": 1e6}
    template, manifest = TEMPLATES["diabetes"], digits[1]
    other = tmp_path / "data"
    other.mkdir()
    spec = freeze(template.design())
    features = spec.inputs[0].output_shape
    random = np.random.default_rng(0)
    made = dataclasses.replace(
        manifest, task="regression", input_shape=features, target_shape=(1,), samples=60, classes=()
    )
    np.save(other / "inputs.npy", random.normal(size=(60, *features)).astype(np.float32))
    np.save(other / "targets.npy", random.normal(size=(60, 1)).astype(np.float32))
    for name, rows in (("train", range(40)), ("validation", range(40, 50)), ("test", range(50, 60))):
        np.save(other / f"{name}.npy", np.array(rows))
    made = dataclasses.replace(made, splits={"train": 40, "validation": 10, "test": 10})
    (other / "manifest.json").write_text(json.dumps(to_plain(made)))
    recipe = dataclasses.replace(template.recipe, threads=1, monitor="validation_loss", **changes)
    last = list(events_of(TrainJob(str(tmp_path / "run"), spec, recipe, str(other), made)))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.LOSS_NOT_FINITE.value
    assert 0 <= int(last.facts["step"]) < 100


def test_that_the_probe_names_version_and_devices() -> None:
    events = list(events_of(ProbeJob()))
    report = next(event.record for event in events if isinstance(event, Answer))
    assert report.engine == "torch"
    assert report.version[0].isdigit()
    assert report.devices[0].name == "cpu"
    assert "conv2d" in report.layers
    assert isinstance(events[-1], Finished)


@pytest.mark.parametrize(
    ("case", "code", "fact"),
    [
        ("device", ErrorCode.DEVICE_UNKNOWN, ("device", "cuda:99")),
        ("layer", ErrorCode.LAYER_UNSUPPORTED, ("layer", "magic")),
        ("weights", ErrorCode.CHECKPOINT_UNFIT, ("array", "head/bias")),
        ("memory", ErrorCode.DEVICE_MEMORY, ("batch_size", 16)),
    ],
)
def test_that_a_fault_is_told_by_code_and_facts(
    digits: Digits, ask: Ask, case: str, code: ErrorCode, fact: tuple[str, Any]
) -> None:
    answer = ask("refuse", case=case, folder=str(digits[0]))
    assert answer["code"] == code.value
    assert answer[fact[0]] == fact[1]
