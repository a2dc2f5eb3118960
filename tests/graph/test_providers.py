"""Execution providers: their list is the runtime's own, and a fallback to the CPU is never hidden."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper

from engines.backends.onnxruntime import jobs as backend
from engines.contract.capabilities import EngineReport
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.jobs import EvaluateJob, ProbeJob, ProfileOnnxJob, ProveJob
from engines.contract.views import ProfileView, ProofView
from engines.graph import providers, runtime
from engines.graph.runtime import Session, node_times
from engines.training.control import ControlFlags
from tests.helpers.source import run_python

ALL = onnxruntime.get_all_providers()
LIST = onnxruntime.get_available_providers()


def doubling() -> onnx.ModelProto:
    """Return a model that doubles."""
    node = helper.make_node("Add", ["x", "x"], ["y"])
    shape = ["batch", 3]
    graph = helper.make_graph(
        [node],
        "doubling",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    onnx.save(doubling(), tmp_path / "doubling.onnx")
    return tmp_path / "doubling.onnx"


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    inputs = np.random.default_rng(0).normal(size=(20, 3)).astype(np.float32)
    np.savez(tmp_path / "reference.npz", inputs=inputs, outputs=2 * inputs)
    return tmp_path / "reference.npz"


def answers(job: object) -> list[object]:
    events: list[Event] = list(backend.run(job, ControlFlags()))  # type: ignore[arg-type]
    return [event.record for event in events if isinstance(event, Answer)]


def test_that_the_list_is_the_runtime_s_own_with_the_cpu_first() -> None:
    assert sorted(providers.installed()) == sorted(LIST)
    assert providers.installed()[0] == "CPUExecutionProvider"


@pytest.mark.parametrize("name", ALL)
def test_that_every_provider_the_runtime_knows_has_a_title_and_a_short_name(name: str) -> None:
    assert name in providers.TITLES
    assert "ExecutionProvider" not in providers.title(name)
    assert providers.short(name).islower()


def test_that_a_provider_of_tomorrow_is_shown_by_its_name() -> None:
    assert providers.title("QuantumExecutionProvider") == "Quantum"


@pytest.mark.parametrize("name", LIST)
def test_that_a_provider_may_be_said_short_or_whole(name: str) -> None:
    assert providers.named(name) == providers.named(providers.short(name)) == name
    assert providers.named(name.upper()) == name


def test_that_the_cpu_is_what_is_meant_where_nothing_is_said() -> None:
    assert providers.named("") == "CPUExecutionProvider"


@pytest.mark.parametrize("name", [*sorted(set(ALL) - set(LIST)), "moon", "cpux", " "])
def test_that_one_that_is_not_installed_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(WorkbenchError) as caught:
        Session(doubling(), provider=name)
    assert caught.value.code is ErrorCode.PROVIDER_UNKNOWN
    assert caught.value.facts["known"] == ", ".join(map(providers.short, providers.installed()))


@pytest.mark.skipif(
    "AzureExecutionProvider" not in LIST, reason="this build has no provider that runs nothing"
)
def test_that_a_provider_that_leaves_everything_to_the_cpu_is_told(tmp_path: Path) -> None:
    session = Session(doubling(), provider="azure", name="doubling.onnx")
    with pytest.raises(WorkbenchError) as caught:
        session.run({"x": np.zeros((1, 3), np.float32)})
    assert caught.value.code is ErrorCode.PROVIDER_FELL_BACK
    assert caught.value.facts == {
        "provider": providers.title("AzureExecutionProvider"),
        "used": "CPU",
        "path": "doubling.onnx",
    }


class OnAGpu:
    """A runtime with a GPU that does half of the nodes; its record is as the real one writes it."""

    def __init__(self, folder: Path, kernels: list[str]) -> None:
        self.record = folder / "run.json"
        nodes = [
            {"cat": "Node", "name": f"n{n}", "args": {"provider": name}} for n, name in enumerate(kernels)
        ]
        self.record.write_text(json.dumps([{"cat": "Session", "args": {}}, *nodes]))

    def get_providers(self) -> list[str]:
        return ["CUDAExecutionProvider", "CPUExecutionProvider"]

    def get_inputs(self) -> list[object]:
        return []

    def get_outputs(self) -> list[object]:
        return []

    def run(self, names: list[str], inputs: object) -> list[object]:
        return []

    def end_profiling(self) -> str:
        return str(self.record)


class Without(OnAGpu):
    """A session whose provider was left out in silence, after the runtime wrote why."""

    def __init__(self, said: str) -> None:
        os.write(2, said.encode())

    def get_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]


def on_a_gpu(monkeypatch: pytest.MonkeyPatch, folder: Path, *kernels: str) -> Session:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", *LIST])
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *a, **k: OnAGpu(folder, list(kernels)))
    return Session(doubling(), provider="cuda")


def test_that_what_a_gpu_left_to_the_cpu_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    session = on_a_gpu(
        monkeypatch, tmp_path, "CUDAExecutionProvider", "CPUExecutionProvider", "CUDAExecutionProvider"
    )
    assert session.nodes_elsewhere == 0
    session.run({})
    assert session.placement == {"CUDAExecutionProvider": 2, "CPUExecutionProvider": 1}
    assert session.nodes_elsewhere == 1
    session.run({})


@pytest.mark.parametrize("kernels", [("CPUExecutionProvider",), ()])
def test_that_a_gpu_that_did_nothing_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kernels: tuple[str, ...]
) -> None:
    with pytest.raises(WorkbenchError) as caught:
        on_a_gpu(monkeypatch, tmp_path, *kernels).run({})
    assert caught.value.code is ErrorCode.PROVIDER_FELL_BACK
    assert caught.value.facts["provider"] == "NVIDIA GPU (CUDA)"


def test_that_a_provider_that_cannot_start_is_told_with_the_runtime_s_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        assert options["enable_fallback"] == 0
        raise RuntimeError("CUDA failure 35: CUDA driver version is insufficient\nmore")

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", *LIST])
    monkeypatch.setattr(onnxruntime, "InferenceSession", fail)
    with pytest.raises(WorkbenchError) as caught:
        Session(doubling(), provider="cuda")
    assert caught.value.code is ErrorCode.PROVIDER_FAILED
    assert caught.value.facts["why"] == "CUDA failure 35: CUDA driver version is insufficient"


BRIDGE = (
    "2026-11-23 14:32:30.253 [E:onnxruntime:Default, provider_bridge_ort.cc:2458 operator()] "
    "/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:2043 onnxruntime::Provider& "
    "onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library "
    "/lab/onnxruntime/capi/libonnxruntime_providers_cuda.so with error: {why}"
)
ADVICE = (
    "\x1b[0;93m2026-11-23 14:32:30.253 [W:onnxruntime:Default, onnxruntime_pybind_state.cc:1295 "
    "CreateExecutionProviderFactoryInstance] Failed to create CUDAExecutionProvider. Require cuDNN 9.*"
)
CALL = "bool THRW = true; std::conditional_t<THRW, void, common::Status> = void]"
SAID = {
    BRIDGE.format(why="libcublasLt.so.13: cannot open shared object file: No such file or directory"): (
        "libcublasLt.so.13: cannot open shared object file: No such file or directory"
    ),
    BRIDGE.format(why="/lab/libonnxruntime_providers_cuda.so: undefined symbol: cuTensorMapEncodeTiled"): (
        "undefined symbol: cuTensorMapEncodeTiled"
    ),
    f"/onnxruntime_src/cuda_call.cc:154 onnxruntime::CudaCall(ERRTYPE) [{CALL} /onnxruntime_src/cuda_call.cc:"
    f"146 onnxruntime::CudaCall(ERRTYPE, const char*) [{CALL} CUDA failure 35: CUDA driver version is "
    "insufficient for CUDA runtime version ; GPU=-1 ; hostname=vm ; expr=cudaSetDevice(info_.device_id);": (
        "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version"
    ),
    "/onnxruntime_src/onnxruntime_pybind_state.cc:729 void RegisterTensorRTPluginsAsCustomOps(PySession&, "
    "const onnxruntime::ProviderOptions&) Please install TensorRT libraries as mentioned": (
        "Please install TensorRT libraries as mentioned"
    ),
    "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code": "Non-zero status code",
    "nothing that anyone knows": "",
}
"""What onnxruntime-gpu 1.31, -migraphx and -rocm wrote where a library, a driver or a device is not there."""


@pytest.mark.parametrize("said", SAID)
def test_that_of_all_the_runtime_says_the_reason_is_told(said: str) -> None:
    assert runtime.reason(f"{said}\n{ADVICE}") == SAID[said]


def test_that_a_provider_left_out_in_silence_is_told_with_what_the_runtime_wrote(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    why = "libcublasLt.so.13: cannot open shared object file"
    said = f"\x1b[1;31m{BRIDGE.format(why=why)}\n\x1b[m\n{ADVICE}\x1b[m\nsomebody else\n"
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", *LIST])
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *a, **k: Without(said))
    with pytest.raises(WorkbenchError) as caught:
        Session(doubling(), provider="cuda")
    assert caught.value.code is ErrorCode.PROVIDER_FAILED
    assert caught.value.facts["why"] == why
    assert "Require cuDNN 9" in caught.value.details
    assert "\x1b" not in caught.value.details
    assert capfd.readouterr().err == "somebody else\n"


def test_that_a_provider_that_does_not_start_is_no_device_but_stands_in_the_list_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = onnxruntime.InferenceSession

    def session(model: bytes, options: object, providers: list[str], **more: object) -> object:
        if providers[0] == "CUDAExecutionProvider":
            return Without(BRIDGE.format(why="libcuda.so.1: cannot open shared object file") + "\n")
        return real(model, options, providers=providers, **more)

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", *LIST])
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    (report,) = answers(ProbeJob())
    assert isinstance(report, EngineReport)
    assert "CUDAExecutionProvider" in report.providers
    assert "cuda" not in {device.name for device in report.devices}
    assert report.refusals == {
        "provider/CUDAExecutionProvider": "libcuda.so.1: cannot open shared object file"
    }


@pytest.mark.parametrize(("provider", "wanted"), [("cuda", 1), ("cpu", 0)])
def test_that_cuda_s_libraries_are_looked_for_only_where_cuda_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, provider: str, wanted: int
) -> None:
    looked: list[str] = []
    monkeypatch.setattr(
        onnxruntime, "preload_dlls", lambda directory: looked.append(directory), raising=False
    )
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", *LIST])
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda *a, **k: OnAGpu(tmp_path, ["CUDAExecutionProvider"])
    )
    Session(doubling(), provider=provider).run({})
    assert looked == [""] * wanted


NEEDED = """
import json, sys
import engines.graph.onnx_jobs, engines.backends.onnxruntime.probe
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_that_the_runtime_s_own_environment_needs_no_package_of_the_application() -> None:
    held = set(json.loads(run_python(NEEDED)))
    listed = {
        "onnxscript",
        "onnxslim",
        "onnxoptimizer",
        "onnx_ir",
        "sklearn",
        "safetensors",
        "psutil",
        "typer",
    }
    assert held & {*listed, "PySide6", "app", "widgets", "tomlkit", "platformdirs"} == set()


def test_that_no_record_of_a_run_is_left_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[Path] = []

    def remembered(prefix: str) -> str:
        made.append(tmp_path / f"record{len(made)}")
        made[-1].mkdir()
        return str(made[-1])

    monkeypatch.setattr(runtime.tempfile, "mkdtemp", remembered)
    on_a_gpu(monkeypatch, tmp_path, "CUDAExecutionProvider").run({})
    assert len(made) == 1
    assert not made[0].exists()
    assert tempfile.mkdtemp is remembered


def test_that_a_real_run_s_record_names_the_provider_of_each_node(tmp_path: Path) -> None:
    options = runtime._options(False, tmp_path)
    session = onnxruntime.InferenceSession(
        doubling().SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    session.run(None, {"x": np.zeros((1, 3), np.float32)})
    record = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    (node,) = node_times(record)
    assert (node.op, node.provider) == ("Add", "CPUExecutionProvider")
    assert node.milliseconds > 0


def test_that_the_engine_s_report_lists_every_provider_that_runs_files_here_as_a_device() -> None:
    (report,) = answers(ProbeJob())
    assert isinstance(report, EngineReport)
    assert report.version == onnxruntime.__version__
    assert sorted(report.providers) == sorted(LIST)
    assert {device.name for device in report.devices} == set(map(providers.short, LIST)) - {"azure"}
    assert report.devices[0].title == "CPU"


def test_that_the_engine_profiles_and_proves_a_file(model: Path, reference: Path) -> None:
    (profile,) = answers(ProfileOnnxJob(str(model), provider="cpu", seconds=0.01))
    assert isinstance(profile, ProfileView)
    assert profile.placement == {"CPUExecutionProvider": 1}
    assert profile.facts.latency_plain_ms > 0
    assert profile.facts.latency_runtime_ms > 0
    (proof,) = answers(ProveJob(str(model), str(reference), provider="cpu"))
    assert isinstance(proof, ProofView)
    assert (proof.status, proof.provider, proof.nodes_elsewhere) == ("passed", "CPUExecutionProvider", 0)


def test_that_the_engine_does_no_work_of_a_trainer(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError) as caught:
        list(backend.run(EvaluateJob(str(tmp_path), str(tmp_path)), ControlFlags()))
    assert caught.value.code is ErrorCode.JOB_UNSUPPORTED
