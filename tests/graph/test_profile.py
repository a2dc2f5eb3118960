"""A file's profile: each node's time, where it ran, and how far its answers are from the CPU's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from engines.contract.jobs import ProfileOnnxJob
from engines.contract.views import ProfileView
from engines.graph.runtime import node_times
from tests.graph.test_providers import LIST, answers, doubling


@pytest.fixture
def model(tmp_path: Path) -> Path:
    onnx.save(doubling(), tmp_path / "doubling.onnx")
    return tmp_path / "doubling.onnx"


def kernel(name: str, microseconds: int, provider: str = "CPUExecutionProvider") -> dict[str, object]:
    at = {"provider": provider, "op_name": "Add", "node_index": name[-1]}
    return {"cat": "Node", "name": f"{name}_kernel_time", "dur": microseconds, "args": at}


RUN = {"cat": "Session", "name": "model_run", "args": {}}


def test_that_a_node_s_time_is_its_median_over_the_runs_and_a_loop_s_turns_are_added_up() -> None:
    first = [kernel("a0", 900), kernel("a0", 100), kernel("b1", 40)]
    then = [kernel("a0", 3), kernel("a0", 4), kernel("b1", 50)]
    found = node_times([*first, RUN, *then, RUN, *then, RUN])
    assert [(node.name, node.milliseconds) for node in found] == [("a0", 0.007), ("b1", 0.05)]


def test_that_two_nodes_of_one_name_stay_two() -> None:
    one, other = kernel("same", 5), kernel("same", 9)
    other["args"] = {**other["args"], "node_index": "7"}  # type: ignore[dict-item]
    assert [node.milliseconds for node in node_times([one, other, RUN])] == [0.005, 0.009]


def test_that_every_node_of_a_profile_is_timed_on_the_cpu_too_and_held_against_nobody(model: Path) -> None:
    (profile,) = answers(ProfileOnnxJob(str(model), provider="cpu", seconds=0.01))
    assert isinstance(profile, ProfileView)
    assert [(node.op, node.provider) for node in profile.nodes] == [("Add", "CPUExecutionProvider")]
    assert profile.nodes[0].milliseconds < profile.facts.latency_runtime_ms + 1
    assert profile.against_cpu is None


def test_that_a_file_and_its_optimized_one_are_profiled_in_one_go(model: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.onnx"
    onnx.save(doubling(), other)
    views = answers(ProfileOnnxJob(str(model), optimized=str(other), seconds=0.01))
    assert [view.model for view in views if isinstance(view, ProfileView)] == [str(model), str(other)]


class Trebling:
    """A runtime whose other provider answers three times x instead of twice."""

    def __init__(self, real: object, folder: Path) -> None:
        self.real, self.folder = real, folder

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def get_providers(self) -> list[str]:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    def run(self, names: list[str], inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [1.5 * answer for answer in self.real.run(names, inputs)]  # type: ignore[attr-defined]

    def end_profiling(self) -> str:
        record = self.folder / "run.json"
        kernels = [kernel("a0", 5, "CUDAExecutionProvider"), kernel("b1", 7)]
        record.write_text(json.dumps([*kernels, RUN]))
        return str(record)


def test_that_another_provider_s_answers_are_held_against_the_cpu_s(
    monkeypatch: pytest.MonkeyPatch, model: Path, tmp_path: Path
) -> None:
    real = onnxruntime.InferenceSession

    def session(file: bytes, options: object, providers: list[str], **more: object) -> object:
        opened = real(file, options, providers=["CPUExecutionProvider"])
        return opened if providers == ["CPUExecutionProvider"] else Trebling(opened, tmp_path)

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", *LIST])
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    (profile,) = answers(ProfileOnnxJob(str(model), provider="cuda", seconds=0.01))
    assert isinstance(profile, ProfileView)
    assert profile.placement == {"CUDAExecutionProvider": 1, "CPUExecutionProvider": 1}
    assert profile.against_cpu is not None
    assert profile.against_cpu.status == "failed"
    assert profile.against_cpu.max_abs_error == pytest.approx(profile.against_cpu.reference_max / 2)
