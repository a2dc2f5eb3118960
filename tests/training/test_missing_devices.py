"""A device that the engine's build is for and does not find is told with the engine's own words."""

from __future__ import annotations

import logging
import sys

import pytest

from app.messages.table import tell_error
from engines.backends.jax import runtime as jax_runtime
from engines.backends.tensorflow import runtime as tensorflow_runtime
from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.report import first_sentence, known_device, of_devices

CPU = (DeviceView("cpu", "CPU"),)
SAID = {
    "Found no NVIDIA driver on your system. Please check that you have an NVIDIA GPU and installed a driver "
    "from http://www.nvidia.com/Download/index.aspx": "Found no NVIDIA driver on your system.",
    "The NVIDIA driver on your system is too old (found version 11040). Please update your GPU driver by "
    "downloading and installing a new version": (
        "The NVIDIA driver on your system is too old (found version 11040)."
    ),
    "CUDA unknown error - this may be due to an incorrectly set up environment, e.g. changing env variable "
    "CUDA_VISIBLE_DEVICES after program start. Setting the available devices to be zero.": (
        "CUDA unknown error - this may be due to an incorrectly set up environment, e.g. changing env "
        "variable CUDA_VISIBLE_DEVICES after program start."
    ),
    "No CUDA GPUs are available": "No CUDA GPUs are available",
    "jaxlib/cuda/versions_helpers.cc:135: operation cuInit(0) failed: CUDA_ERROR_NO_DEVICE": (
        "operation cuInit(0) failed: CUDA_ERROR_NO_DEVICE"
    ),
}
"""What PyTorch 2.13 (CUDA 13.0) and JAX 0.10.2 (CUDA 12) said without a driver, GPU or recent driver."""


@pytest.mark.parametrize("said", SAID)
def test_that_of_what_an_engine_says_its_first_sentence_is_told(said: str) -> None:
    assert first_sentence(said) == SAID[said]


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:3"])
def test_that_a_device_the_build_is_for_is_refused_with_the_engine_s_words(name: str) -> None:
    with pytest.raises(WorkbenchError) as caught:
        known_device(name, CPU, lambda: {"cuda": "Found no NVIDIA driver on your system."})
    assert caught.value.code is ErrorCode.DEVICE_UNUSABLE
    told = tell_error(caught.value)
    assert name in told.what
    assert "It found cpu." in told.why
    assert "Found no NVIDIA driver on your system." in told.why


@pytest.mark.parametrize("name", ["tpu:0", "mps", "cuda:1", ""])
def test_that_any_other_device_is_not_known(name: str) -> None:
    with pytest.raises(WorkbenchError) as caught:
        known_device(name, CPU, lambda: {"xpu": "no driver"})
    assert caught.value.code is ErrorCode.DEVICE_UNKNOWN


def test_that_a_device_that_is_there_asks_nobody_for_reasons() -> None:
    def asked() -> dict[str, str]:
        raise AssertionError

    assert known_device("cuda", (*CPU, DeviceView("cuda:0", "A100")), asked) == "cuda:0"


def test_that_a_report_refuses_the_kinds_of_devices_of_which_something_is_said() -> None:
    assert of_devices({"cuda": "No CUDA GPUs are available", "xpu": ""}) == {
        "device/cuda": "No CUDA GPUs are available"
    }


CU_INIT = (
    "E0000 00:00:1795444858.762954    5029 cuda_platform.cc:52] failed call to cuInit: INTERNAL: CUDA error: "
    "Failed call to cuInit: CUDA_ERROR_UNKNOWN: unknown error"
)


def test_that_tensorflow_is_heard_when_the_driver_refuses_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensorflow_runtime, "_said", {})
    tensorflow_runtime.hear("I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on.")
    tensorflow_runtime.hear("E0000 cuda_platform.cc:52] Failed call to cuInit: UNKNOWN ERROR (303)")
    assert tensorflow_runtime.without() == {}
    assert tensorflow_runtime.CHATTER.fullmatch(CU_INIT.encode())
    tensorflow_runtime.hear(CU_INIT)
    assert tensorflow_runtime.without() == {
        "cuda": "Failed call to cuInit: CUDA_ERROR_UNKNOWN: unknown error"
    }


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(jax_runtime, "plugin_faults", [])
    return jax_runtime.plugin_faults


def record(message: str, fault: Exception | None) -> logging.LogRecord:
    about = (type(fault), fault, None) if fault is not None else None
    return logging.LogRecord("jax", logging.ERROR, "", 1, message, None, about)


def test_that_jax_s_plugin_that_does_not_load_leaves_its_reason_and_no_traceback(faults: list[str]) -> None:
    message = "Jax plugin configuration error: Exception when calling jax_plugins.xla_cuda12.initialize()"
    outer = RuntimeError("Unable to load CUDA. Is it installed?")
    outer.__cause__ = RuntimeError(
        "jaxlib/cuda/versions_helpers.cc:38: operation cudaRuntimeGetVersion(&version) failed: Error loading "
        "CUDA libraries. GPU will not be used."
    )
    assert not jax_runtime._is_no_plugins_fault(record(message, outer))
    assert first_sentence(faults[0]).endswith("failed: Error loading CUDA libraries.")


@pytest.mark.parametrize("fault", [None, RuntimeError("else")])
def test_that_anything_else_that_jax_logs_is_written(faults: list[str], fault: Exception | None) -> None:
    assert jax_runtime._is_no_plugins_fault(record("Something about a cache", fault))
    assert faults == []


def test_that_the_cuda_of_jax_s_plugin_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = type(sys)("jax_plugins")
    plugins.__path__ = []
    monkeypatch.setitem(sys.modules, "jax_plugins", plugins)
    assert jax_runtime.built_for_cuda() == ""
    found = [type("Found", (), {"name": name}) for name in ("xla_cuda12", "xla_cuda13", "mlir")]
    monkeypatch.setattr("pkgutil.iter_modules", lambda path: found)
    assert jax_runtime.built_for_cuda() == "13"
    monkeypatch.setitem(sys.modules, "jax_plugins", None)
    assert jax_runtime.built_for_cuda() == ""
