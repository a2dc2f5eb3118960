"""``evaluate`` and ``profile`` with an execution provider, in ONNX Runtime's own process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.helpers.command import Outcome, modelwright

pytestmark = pytest.mark.commands

FEATURES = 10


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file that answers with the sum of a patient's features."""
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    graph = helper.make_graph(
        [helper.make_node("ReduceSum", ["x", "axes"], ["y"])],
        "summing",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", FEATURES])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 1])],
        [axes],
    )
    path = tmp_path / "summing.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    inputs = np.random.default_rng(0).normal(size=(20, FEATURES)).astype(np.float32)
    np.savez(tmp_path / "reference.npz", inputs=inputs, outputs=inputs.sum(axis=1, keepdims=True))
    return tmp_path / "reference.npz"


def answered(outcome: Outcome, kind: str) -> dict[str, object]:
    records = [event["record"] for event in outcome.events if event["kind"] == "answer"]
    return next(record for record in records if record["kind"] == kind)


def test_that_a_named_provider_gives_the_same_values_as_the_tools_own_runtime(
    home: Path, model: Path
) -> None:
    plain = answered(modelwright(home, "evaluate", model, "--data", "diabetes", "--json"), "evaluation")
    for option in ("--provider", "--device"):
        outcome = modelwright(home, "evaluate", model, "--data", "diabetes", option, "cpu", "--json")
        assert outcome.status == 0, outcome.err
        found = answered(outcome, "evaluation")
        assert found["values"] == plain["values"]
        assert found["provider"] == "CPUExecutionProvider"
    told = modelwright(home, "evaluate", model, "--data", "diabetes", "--provider", "CPUExecutionProvider")
    assert "on CPUExecutionProvider" in told.out


@pytest.mark.parametrize("command", ["evaluate", "profile"])
def test_that_a_provider_that_is_not_installed_is_refused_with_those_that_are(
    home: Path, model: Path, command: str
) -> None:
    data = ("--data", "diabetes") if command == "evaluate" else ()
    outcome = modelwright(home, command, model, *data, "--provider", "moon", "--json")
    assert outcome.status == 1
    assert outcome.last["code"] == "provider_unknown"
    assert "cpu" in outcome.last["facts"]["known"]
    assert "moon" in outcome.err


def test_that_a_file_is_profiled_and_proven_on_a_provider(home: Path, model: Path, reference: Path) -> None:
    arguments = ("profile", model, "--provider", "cpu", "--reference", reference)
    outcome = modelwright(home, *arguments, "--json")
    assert outcome.status == 0, outcome.err
    assert answered(outcome, "profile_view")["placement"] == {"CPUExecutionProvider": 1}
    assert answered(outcome, "proof")["status"] == "passed"
    assert outcome.last["summary"]["latency_runtime_ms"] > 0
    told = modelwright(home, *arguments).out
    assert "on CPUExecutionProvider" in told
    assert "Proof: passed" in told
    assert "slowest nodes:\n    ReduceSum" in told


def test_that_an_optimized_file_is_profiled_beside_its_source(
    home: Path, model: Path, tmp_path: Path
) -> None:
    optimized = tmp_path / "optimized.onnx"
    optimized.write_bytes(model.read_bytes())
    outcome = modelwright(home, "profile", model, "--optimized", optimized, "--provider", "cpu", "--json")
    assert outcome.status == 0, outcome.err
    views = [event["record"] for event in outcome.events if event["kind"] == "answer"]
    assert [Path(view["model"]) for view in views] == [model, optimized]
    assert all(view["nodes"][0]["op"] == "ReduceSum" for view in views)


def test_that_a_file_that_answers_wrongly_there_fails(home: Path, model: Path, reference: Path) -> None:
    arrays = dict(np.load(reference))
    np.savez(reference, inputs=arrays["inputs"], outputs=arrays["outputs"] * 1.01)
    outcome = modelwright(home, "profile", model, "--reference", reference, "--json")
    assert outcome.last["code"] == "proof_failed"


def test_that_a_file_that_is_not_there_is_named(home: Path, tmp_path: Path) -> None:
    outcome = modelwright(home, "profile", tmp_path / "gone.onnx", "--json")
    assert outcome.last["code"] == "file_missing"


def test_that_the_runtime_trains_nothing(home: Path) -> None:
    outcome = modelwright(home, "train", "digits-mlp", "--engine", "onnxruntime", "--json")
    assert outcome.status == 1
    assert outcome.last["code"] == "job_unsupported"
    assert not list((home / "runs").glob("*/run.json"))
