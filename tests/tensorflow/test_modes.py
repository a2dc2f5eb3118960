"""TensorFlow's ways to run: what XLA cannot compile, what is refused, what half precision leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import onnx
import pytest

from engines.contract.capabilities import EngineReport
from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Failed, Finished, Log, Started
from engines.contract.jobs import EvaluateJob, ExportJob, ProbeJob
from engines.contract.records import to_plain
from engines.training.run_folder import read_run
from tests.helpers.real_runs import Ask, Digits, events_of, standing, template_job

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def do() -> Iterator[Ask]:
    """Does jobs that leave nothing behind, in one process for all."""
    with standing("tensorflow") as found:
        yield found


def test_that_what_xla_cannot_compile_goes_on_as_a_graph_and_says_so(
    tmp_path: Path,
    digits: Digits,
) -> None:
    run = tmp_path / "run"
    job = template_job("digits-mlp", run, digits, epochs=2, chunk_steps=20, run_mode="xla")
    (tmp_path / "job.json").write_text(json.dumps(to_plain(job)))
    command = [sys.executable, "-m", "tests.tensorflow.uncompilable", str(tmp_path / "job.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert events[-1]["kind"] == "finished", events[-1]
    (note,) = (event for event in events if event.get("code"))
    assert note["code"] == ErrorCode.COMPILE_FAILED.value
    assert (note["facts"]["mode"], note["facts"]["instead"]) == ("xla", "graph")
    assert note["facts"]["why"]
    assert next(event for event in events if event["kind"] == "started")["mode"] == "graph"
    assert read_run(run).run_mode == "graph"
    assert ErrorCode.COMPILE_FAILED.value in (run / "events.jsonl").read_text()


def test_that_xla_trains_a_cnn_with_max_pools_silently(
    tmp_path: Path,
    digits: Digits,
) -> None:
    changes = {"run_mode": "xla", "epochs": 2, "chunk_steps": 35}
    events = list(events_of("tensorflow", template_job("digits-cnn", tmp_path / "run", digits, **changes)))
    assert isinstance(events[-1], Finished), events[-1]
    assert [event for event in events if isinstance(event, Log)] == []
    assert next(event for event in events if isinstance(event, Started)).mode == "xla"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"precision": "tf32"}, ErrorCode.PRECISION_MISSING),
        ({"run_mode": "compiled"}, ErrorCode.RUN_MODE_MISSING),
        ({"memory_layout": "channels_first"}, ErrorCode.LAYOUT_MISSING),
    ],
)
def test_that_what_it_has_not_is_refused_before_there_is_a_run(
    tmp_path: Path,
    digits: Digits,
    do: Ask,
    changes: dict[str, Any],
    code: ErrorCode,
) -> None:
    events = do(template_job("digits-mlp", tmp_path / "run", digits, **changes))
    assert isinstance(events[-1], Failed)
    assert events[-1].code == code.value
    assert not (tmp_path / "run").exists()


def test_that_the_probe_says_what_goes_here(do: Ask) -> None:
    report = next(event.record for event in do(ProbeJob()) if isinstance(event, Answer))
    assert isinstance(report, EngineReport)
    assert report.facts["keras"][0].isdigit()
    assert report.modes == ("graph", "eager", "xla")
    on_gpu = any(device.name.startswith("cuda") for device in report.devices)
    assert report.refusals == ({} if on_gpu else {"precision/tf32": "no_gpu"})
    assert {"fp32", "fp64", "bf16", "fp16"} <= set(report.precisions)


def test_that_a_run_in_half_precision_is_evaluated_as_it_trained_and_exported_as_float32(
    tmp_path: Path,
    digits: Digits,
    do: Ask,
) -> None:
    run, target = tmp_path / "run", tmp_path / "model.onnx"
    job = template_job("digits-cnn", run, digits, precision="fp16", epochs=4)
    events = do(job)
    last = events[-1]
    assert isinstance(last, Finished), last
    assert [event for event in events if isinstance(event, Log)] == []
    assert float(last.summary["test_accuracy"]) >= 0.9
    evaluated = do(EvaluateJob(str(run), str(digits[0])))
    record = next(event.record for event in evaluated if isinstance(event, Answer))
    assert record.values["accuracy"] == last.summary["test_accuracy"]
    exported = do(ExportJob(str(run), str(digits[0]), str(target), str(tmp_path / "a.npz")))
    assert isinstance(exported[-1], Finished), exported[-1]
    types = {tensor.data_type for tensor in onnx.load(target).graph.initializer}
    assert types & {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16} == set()
