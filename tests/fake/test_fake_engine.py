"""The fake engine: the same curve every time, real run folders, and every misbehaviour on demand."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.backends.fake import jobs
from engines.backends.fake.script import MISBEHAVIOURS, Script, read_script
from engines.backends.fake.train import FakeTrainer, curve
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Failed, Finished, Metrics, Stopped, Validated
from engines.contract.jobs import EvaluateJob, ExportJob, ProbeJob, ReferenceJob, TrainJob
from engines.training.control import ControlFlags
from engines.training.lock import is_locked
from engines.training.shards import open_shards
from tests.helpers.fake_jobs import fake_training


def run(job: Any, flags: ControlFlags | None = None) -> list[Event]:
    return list(jobs.run(job, flags or ControlFlags()))


def losses(events: list[Event]) -> list[float]:
    return [float(x) for event in events if isinstance(event, Metrics) for x in event.values["loss"]]


@given(st.integers(0, 200), st.integers(1, 50), st.integers(1, 500), st.integers(0, 99))
def test_that_the_curve_is_the_documented_formula(first: int, count: int, total: int, seed: int) -> None:
    wanted = [
        (0.05 + 2.25 * math.exp(-5 * step / total)) * (1 + 0.05 * math.sin(step + seed))
        for step in range(first, first + count)
    ]
    np.testing.assert_allclose(curve(first, count, total, seed), wanted, rtol=1e-6)


def test_that_two_runs_are_equal_and_another_seed_is_not(tmp_path: Path) -> None:
    first, second = (losses(run(fake_training(tmp_path / name))) for name in "ab")
    job = fake_training(tmp_path / "c")
    other = losses(run(dataclasses.replace(job, recipe=dataclasses.replace(job.recipe, seed=1))))
    assert first == second
    assert first != other


def test_that_the_validation_improves(tmp_path: Path) -> None:
    found = [
        event.values["loss"]
        for event in run(fake_training(tmp_path, epochs=5))
        if isinstance(event, Validated)
    ]
    assert len(found) == 5
    assert found == sorted(found, reverse=True)


def test_that_a_resumed_run_continues_the_same_curve(tmp_path: Path) -> None:
    job = fake_training(tmp_path / "cut", epochs=4)
    flags = ControlFlags()
    begun: list[Event] = []
    for event in jobs.run(job, flags):
        begun.append(event)
        if isinstance(event, Metrics) and event.first_step == 15:
            flags.stop(keep=True)
    assert isinstance(begun[-1], Stopped)
    resumed = run(dataclasses.replace(job, resume=True))
    whole = run(fake_training(tmp_path / "whole", epochs=4))
    assert losses(begun) + losses(resumed) == losses(whole)


@pytest.mark.parametrize(
    ("loss", "targets", "shape"),
    [
        ("cross_entropy", np.array([0, 2, 1]), (3,)),
        ("binary_cross_entropy", np.array([0, 1, 1]), (1,)),
        ("mean_squared_error", np.array([[0.5], [-2.0], [1.0]]), (1,)),
    ],
)
def test_that_answers_are_right_for_every_kind_of_target(
    tmp_path: Path, loss: str, targets: Any, shape: tuple[int, ...]
) -> None:
    job = fake_training(tmp_path)
    layers = (job.spec.layers[0], dataclasses.replace(job.spec.layers[1], output_shape=shape))
    job = dataclasses.replace(
        job,
        spec=dataclasses.replace(job.spec, layers=layers),
        recipe=dataclasses.replace(job.recipe, loss=loss),
    )
    shards = dataclasses.replace(
        open_shards(job.data), targets=targets, indices={"train": np.arange(160), "test": np.arange(3)}
    )
    trainer = FakeTrainer(job, shards)
    trainer.load_state(trainer.state(), 10_000)
    answers = trainer.evaluate("test")
    assert answers.shape == (3, *shape)
    if loss == "cross_entropy":
        assert answers.argmax(1).tolist() == targets.tolist()
    elif loss == "binary_cross_entropy":
        assert (answers[:, 0] > 0).tolist() == [False, True, True]
    else:
        np.testing.assert_allclose(answers, targets, atol=1e-6)


def state_of(folder: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((folder / "run" / "run.json").read_text())
    return record


@pytest.mark.parametrize(
    ("device", "code"), [("fake:raise@5", "unexpected"), ("fake:oom@5", "out_of_memory")]
)
def test_that_a_fault_inside_the_training_is_recorded_in_its_folder(
    tmp_path: Path, device: str, code: str
) -> None:
    with pytest.raises((RuntimeError, MemoryError)):
        run(fake_training(tmp_path, device))
    assert state_of(tmp_path)["state"] == "failed"
    assert state_of(tmp_path)["code"] == code
    assert not is_locked(tmp_path / "run")


def test_that_the_probe_lists_every_misbehaviour_as_a_device() -> None:
    (answer,) = run(ProbeJob())
    assert isinstance(answer, Answer)
    names = [device.name for device in answer.record.devices]  # type: ignore[union-attr]
    assert names == ["fake", *(f"fake:{name}" for name in MISBEHAVIOURS)]


@pytest.mark.parametrize("job", [EvaluateJob("", ""), ExportJob("", "", "", ""), ReferenceJob("", "", "")])
def test_that_what_it_cannot_do_is_refused(job: Any) -> None:
    with pytest.raises(WorkbenchError) as caught:
        run(job)
    assert caught.value.code is ErrorCode.JOB_UNSUPPORTED


@pytest.mark.parametrize(
    ("device", "script"),
    [
        ("fake", Script()),
        ("cpu", Script()),
        ("fake:crash", Script("crash", 1)),
        ("fake:crash@17", Script("crash", 17)),
        ("fake:crash@x", Script("crash", 1)),
    ],
)
def test_that_a_device_names_its_script(device: str, script: Script) -> None:
    assert read_script(device) == script


def test_that_an_event_it_never_reaches_changes_nothing(tmp_path: Path) -> None:
    job: TrainJob = fake_training(tmp_path, "fake:raise@1000")
    last = run(job)[-1]
    assert isinstance(last, Finished)
    assert not isinstance(last, Failed)
