"""What is PyTorch's own in training: a loop by hand, every template, threads, faults.

``tests/conformance/test_runs.py`` holds what every engine's runs have to be.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Failed, Finished
from engines.contract.jobs import EvaluateJob, TrainJob
from engines.contract.records import to_plain
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from engines.runs.verify import verify
from tests.helpers.real_runs import Digits, finished, losses_of, noisy_job, template_job
from tests.torch.conftest import Ask

pytestmark = pytest.mark.framework

LEARNED = [
    *[("digits-mlp", 0.95), ("digits-cnn", 0.97), ("digits-resnet", 0.97)],
    *[("digits-lstm", 0.95), ("digits-gru", 0.96), ("digits-transformer", 0.95)],
]


@pytest.mark.parametrize(("name", "wanted"), LEARNED)
def test_that_the_templates_learn_the_digits(
    tmp_path: Path, digits: Digits, do: Ask, name: str, wanted: float
) -> None:
    last = do(template_job(name, tmp_path / "run", digits))[-1]
    assert isinstance(last, Finished), last
    assert float(last.summary["test_accuracy"]) >= wanted
    assert verify(tmp_path / "run") == ()
    evaluated = do(EvaluateJob(str(tmp_path / "run"), str(digits[0])))
    record = next(event.record for event in evaluated if isinstance(event, Answer))
    assert record.values["accuracy"] == last.summary["test_accuracy"]
    assert record.values["loss"] == pytest.approx(float(last.summary["test_loss"]))
    assert record.samples == digits[1].splits["test"]
    assert sum(map(sum, record.confusion)) == record.samples


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw", "rmsprop"])
def test_that_losses_are_those_of_a_plain_loop_by_hand(
    tmp_path: Path, digits: Digits, ask: Ask, do: Ask, optimizer: str
) -> None:
    run = tmp_path / "run"
    changes = {"optimizer": optimizer, "epochs": 2, "weight_decay": 0.01, "schedule": "constant"}
    job = template_job("digits-mlp", run, digits, **changes, warmup_steps=0)
    assert isinstance(do(job)[-1], Finished)
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


def test_that_a_split_without_samples_cannot_be_evaluated(calm: Path, digits: Digits, do: Ask) -> None:
    last = do(EvaluateJob(str(calm), str(digits[0]), split="holiday"))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.DATA_SAMPLES_FEW.value


def test_that_what_is_no_run_cannot_be_evaluated(tmp_path: Path, digits: Digits, do: Ask) -> None:
    last = do(EvaluateJob(str(tmp_path), str(digits[0])))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.NOT_A_RUN.value


def measured_job(run: Path, digits: Digits, chunk_steps: int) -> TrainJob:
    changes = {"epochs": 12, "batch_size": 16, "schedule": "cosine", "seed": 3}
    return noisy_job(run, digits, chunk_steps=chunk_steps, **changes)


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory, digits: Digits, do: Ask) -> Path:
    """An undisturbed run."""
    run = tmp_path_factory.mktemp("calm") / "run"
    finished(do, measured_job(run, digits, chunk_steps=7))
    return run


def test_that_measuring_threads_changes_no_number(tmp_path: Path, calm: Path, digits: Digits) -> None:
    finished("torch", measured_job(tmp_path / "run", digits, chunk_steps=0))
    np.testing.assert_array_equal(losses_of(tmp_path / "run"), losses_of(calm))


def test_that_a_diverging_run_fails_with_its_step(tmp_path: Path, digits: Digits, do: Ask) -> None:
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
    last = do(TrainJob(str(tmp_path / "run"), spec, recipe, str(other), made))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.LOSS_NOT_FINITE.value
    assert 0 <= int(last.facts["step"]) < 100


@pytest.mark.parametrize(
    ("case", "code", "fact"),
    [
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
