"""Every engine's whole runs, each in a process of its own: accuracy, silence, kills, export, refusals."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Failed, Finished, Metrics
from engines.contract.jobs import EvaluateJob, ExportJob, ProbeJob, ReferenceJob, TrainJob
from engines.runs.verify import verify
from tests.conformance.engine import NAMES
from tests.helpers.real_runs import (
    Ask,
    Digits,
    check_kills,
    events_of,
    noisy_job,
    said,
    standing,
    state_of,
    template_job,
)

pytestmark = [pytest.mark.framework, pytest.mark.parametrize("name", NAMES, scope="module")]


@pytest.fixture(scope="module")
def ask(name: str) -> Iterator[Ask]:
    """What asks one process of the engine for all but trainings, which have one each."""
    with standing(name) as found:
        yield found


def test_that_a_template_learns_the_digits_and_says_nothing_of_its_own(
    tmp_path: Path, digits: Digits, ask: Ask, name: str
) -> None:
    run = tmp_path / "run"
    events = list(events_of(name, template_job("digits-mlp", run, digits), warm=True))
    last = events[-1]
    assert isinstance(last, Finished), last
    assert said(events) == []
    assert float(last.summary["test_accuracy"]) >= 0.95
    assert verify(run) == ()
    evaluated = ask(EvaluateJob(str(run), str(digits[0])))
    record = next(event.record for event in evaluated if isinstance(event, Answer))
    assert said(evaluated) == []
    assert record.values["accuracy"] == last.summary["test_accuracy"]
    assert record.values["loss"] == pytest.approx(float(last.summary["test_loss"]))
    check_export(name, ask, run, digits, tmp_path)


def check_export(name: str, ask: Ask, run: Path, digits: Digits, folder: Path) -> None:
    target, both = folder / "model.onnx", [folder / "first.npz", folder / "second.npz"]
    data = str(digits[0])
    exported = ask(ExportJob(str(run), data, str(target), str(both[0])))
    assert isinstance(exported[-1], Finished), exported[-1]
    assert said(exported) == []
    view = next(event.record for event in exported if isinstance(event, Answer))
    assert view.bytes == target.stat().st_size
    again = list(events_of(name, ReferenceJob(str(run), data, str(both[1]))))
    assert isinstance(again[-1], Finished), again[-1]
    first, second = (np.load(path) for path in both)
    assert set(first) == set(second) > {"inputs", "outputs", "outputs_1", "outputs_17"}
    assert len(first["outputs"]) == digits[1].splits["test"]
    for key in first:
        np.testing.assert_array_equal(first[key], second[key], err_msg=key)


def test_that_two_kills_at_random_steps_change_no_bit(
    tmp_path: Path, digits: Digits, ask: Ask, name: str
) -> None:
    check_kills(name, ask, tmp_path, digits, kills=2, epochs=30)


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_that_twenty_kills_at_random_steps_change_no_bit(
    tmp_path: Path, digits: Digits, ask: Ask, name: str
) -> None:
    check_kills(name, ask, tmp_path, digits, kills=20, epochs=60)


def test_that_double_precision_is_kept_in_the_checkpoint(tmp_path: Path, digits: Digits, ask: Ask) -> None:
    run = tmp_path / "run"
    events = ask(noisy_job(run, digits, epochs=1, precision="fp64", chunk_steps=0))
    assert isinstance(events[-1], Finished), events[-1]
    told = {event.values["loss"].dtype for event in events if isinstance(event, Metrics)}
    assert told == {np.dtype("float32")}
    assert {array.dtype for array in state_of(run).values()} == {np.dtype("float64")}


def test_that_the_probe_names_version_and_devices(ask: Ask, name: str) -> None:
    events = ask(ProbeJob())
    report = next(event.record for event in events if isinstance(event, Answer))
    assert isinstance(events[-1], Finished), events[-1]
    assert said(events) == []
    assert report.engine == name
    assert report.version[0].isdigit()
    assert report.devices[0].name == "cpu"
    assert "conv2d" in report.layers


Asked = Callable[[TrainJob], TrainJob]


def on_no_device(job: TrainJob) -> TrainJob:
    return dataclasses.replace(job, device="cuda:99")


def with_magic(job: TrainJob) -> TrainJob:
    first, *others = job.spec.layers
    layers = (first, *(dataclasses.replace(layer, layer="magic") for layer in others))
    return dataclasses.replace(job, spec=dataclasses.replace(job.spec, layers=layers))


@pytest.mark.parametrize(
    ("asked", "code", "fact"),
    [
        (on_no_device, ErrorCode.DEVICE_UNKNOWN, ("device", "cuda:99")),
        (with_magic, ErrorCode.LAYER_UNSUPPORTED, ("layer", "magic")),
    ],
)
def test_that_a_fault_is_told_by_code_and_fact_and_leaves_no_run(
    tmp_path: Path, digits: Digits, ask: Ask, asked: Asked, code: ErrorCode, fact: tuple[str, str]
) -> None:
    last = ask(asked(noisy_job(tmp_path / "run", digits)))[-1]
    assert isinstance(last, Failed)
    assert last.code == code.value
    assert last.facts[fact[0]] == fact[1]
    assert not (tmp_path / "run").exists()
