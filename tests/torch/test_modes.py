"""PyTorch's ways to run: what is compiled, what falls back and says so, what is refused, what is exported."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from app.messages.table import tell, tell_log
from engines.contract.capabilities import EngineReport
from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Event, Failed, Finished, Log, Started
from engines.contract.jobs import EvaluateJob, ExportJob, ProbeJob, TrainJob
from engines.training.run_folder import read_run
from tests.helpers.real_runs import Digits, events_of, losses_of, template_job
from tests.torch.conftest import Ask

pytestmark = pytest.mark.framework


def started(events: list[Event]) -> Started:
    return next(event for event in events if isinstance(event, Started))


def notes(events: list[Event]) -> list[Log]:
    return [event for event in events if isinstance(event, Log) and event.code]


def without_compiler(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Take the C++ compiler away, and what was compiled before."""
    patch.setenv("CXX", str(folder / "no-such-compiler"))
    patch.setenv("TORCHINDUCTOR_CACHE_DIR", str(folder / "cache"))


@pytest.fixture(scope="module")
def fallen_back(tmp_path_factory: pytest.TempPathFactory, digits: Digits) -> tuple[TrainJob, list[Event]]:
    """A job that asks for compiled steps where there is no compiler, and what came of it."""
    folder = tmp_path_factory.mktemp("fallen")
    changes = {"epochs": 2, "chunk_steps": 20, "run_mode": "compiled"}
    job = template_job("digits-mlp", folder / "run", digits, **changes)
    with pytest.MonkeyPatch.context() as patch:
        without_compiler(folder, patch)
        return job, list(events_of("torch", job))


def test_that_a_run_without_a_compiler_goes_on_eagerly_and_says_so(
    tmp_path: Path, fallen_back: tuple[TrainJob, list[Event]], do: Ask
) -> None:
    job, events = fallen_back
    run = Path(job.run)
    assert isinstance(events[-1], Finished), events[-1]
    (note,) = notes(events)
    assert note.level == "warning"
    assert note.code == ErrorCode.COMPILE_FAILED.value
    assert note.facts["instead"] == "eager"
    assert "no-such-compiler" in str(note.facts["why"])
    assert "eager" in tell_log(note)
    assert started(events).mode == "eager"
    assert read_run(run).run_mode == "eager"
    lines = (run / "events.jsonl").read_text().splitlines()
    assert ErrorCode.COMPILE_FAILED.value in [json.loads(line).get("code") for line in lines]
    eager = dataclasses.replace(job.recipe, run_mode="")
    plain = dataclasses.replace(job, run=str(tmp_path / "plain"), recipe=eager)
    assert isinstance(do(plain)[-1], Finished)
    np.testing.assert_array_equal(losses_of(run), losses_of(tmp_path / "plain"))


def test_that_a_run_that_fell_back_is_resumed_as_it_went(
    tmp_path: Path, fallen_back: tuple[TrainJob, list[Event]]
) -> None:
    job = dataclasses.replace(fallen_back[0], run=str(tmp_path / "run"))
    shutil.copytree(fallen_back[0].run, job.run)  # and the compiler is back
    longer = dataclasses.replace(job.recipe, epochs=3)
    events = list(events_of("torch", dataclasses.replace(job, recipe=longer, resume=True)))
    assert isinstance(events[-1], Finished), events[-1]
    assert started(events).mode == "eager"
    assert notes(events) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"precision": "tf32"}, ErrorCode.PRECISION_MISSING),
        ({"run_mode": "xla"}, ErrorCode.RUN_MODE_MISSING),
    ],
)
def test_that_what_it_has_not_is_refused_before_there_is_a_run(
    tmp_path: Path, digits: Digits, do: Ask, changes: dict[str, Any], code: ErrorCode
) -> None:
    events = do(template_job("digits-mlp", tmp_path / "run", digits, **changes))
    assert isinstance(events[-1], Failed)
    assert events[-1].code == code.value
    told = tell(events[-1].code, events[-1].facts)
    assert "?" not in told.text
    assert "PyTorch" in told.what
    assert not (tmp_path / "run").exists()


def test_that_the_probe_says_what_goes_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_compiler(tmp_path, monkeypatch)
    report = next(event.record for event in events_of("torch", ProbeJob()) if isinstance(event, Answer))
    assert isinstance(report, EngineReport)
    assert report.modes == ("eager",)
    assert report.refusals["mode/compiled"] == "no_compiler"
    on_gpu = any(device.name.startswith("cuda") for device in report.devices)
    assert ("tf32" in report.precisions) == on_gpu
    assert ("precision/tf32" in report.refusals) != on_gpu
    assert {"fp32", "fp64", "bf16", "fp16"} <= set(report.precisions)


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_that_a_run_in_half_precision_is_evaluated_as_it_trained_and_exported_as_float32(
    tmp_path: Path, digits: Digits, do: Ask, precision: str
) -> None:
    run, target = tmp_path / "run", tmp_path / "model.onnx"
    changes = {"precision": precision, "epochs": 4, "memory_layout": "channels_last"}
    last = do(template_job("digits-cnn", run, digits, **changes))[-1]
    assert isinstance(last, Finished), last
    assert float(last.summary["test_accuracy"]) >= 0.9
    evaluated = do(EvaluateJob(str(run), str(digits[0])))
    record = next(event.record for event in evaluated if isinstance(event, Answer))
    assert record.values["accuracy"] == last.summary["test_accuracy"]
    exported = do(ExportJob(str(run), str(digits[0]), str(target), str(tmp_path / "a.npz")))
    assert isinstance(exported[-1], Finished), exported[-1]
    model = onnx.load(target)
    floats = {tensor.data_type for tensor in model.graph.initializer} - {onnx.TensorProto.INT64}
    assert floats == {onnx.TensorProto.FLOAT}
    assert not any(node.op_type == "Cast" for node in model.graph.node)
