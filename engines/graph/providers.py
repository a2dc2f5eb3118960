"""ONNX Runtime's execution providers: what is installed, readable titles, and the names a person may say."""

from __future__ import annotations

from collections.abc import Mapping

import onnxruntime

from engines.contract.errors import ErrorCode, WorkbenchError

CPU = "CPUExecutionProvider"
_SUFFIX = "ExecutionProvider"
TITLES: Mapping[str, str] = {
    CPU: "CPU",
    "CUDAExecutionProvider": "NVIDIA GPU (CUDA)",
    "TensorrtExecutionProvider": "NVIDIA GPU (TensorRT)",
    "NvTensorRTRTXExecutionProvider": "NVIDIA GPU (TensorRT for RTX)",
    "ROCMExecutionProvider": "AMD GPU (ROCm)",
    "MIGraphXExecutionProvider": "AMD GPU (MIGraphX)",
    "OpenVINOExecutionProvider": "Intel CPU, GPU or NPU (OpenVINO)",
    "DnnlExecutionProvider": "CPU (oneDNN)",
    "CoreMLExecutionProvider": "Apple (Core ML)",
    "DmlExecutionProvider": "Windows GPU (DirectML)",
    "QNNExecutionProvider": "Qualcomm NPU (QNN)",
    "VitisAIExecutionProvider": "AMD FPGA or NPU (Vitis AI)",
    "NnapiExecutionProvider": "Android (NNAPI)",
    "VSINPUExecutionProvider": "VeriSilicon NPU",
    "RknpuExecutionProvider": "Rockchip NPU",
    "CANNExecutionProvider": "Huawei Ascend (CANN)",
    "XnnpackExecutionProvider": "CPU (XNNPACK)",
    "ACLExecutionProvider": "Arm CPU (Compute Library)",
    "ArmNNExecutionProvider": "Arm (Arm NN)",
    "TvmExecutionProvider": "TVM",
    "WebGpuExecutionProvider": "GPU (WebGPU)",
    "WebNNExecutionProvider": "WebNN",
    "JsExecutionProvider": "JavaScript",
    "AzureExecutionProvider": "Azure (endpoints over the network)",
}
"""Titles by the runtime's own names; a provider that is not here is shown by its name."""
REMOTE = frozenset({"AzureExecutionProvider"})
"""What runs no file here: it asks a service in the network, and is in every build for the CPU."""


def installed() -> tuple[str, ...]:
    """Return the runtime's own list of what this build and machine have, the CPU first."""
    found: list[str] = onnxruntime.get_available_providers()
    return tuple(sorted(found, key=lambda name: name != CPU))


def short(provider: str) -> str:
    """Return the name a person says: ``cuda`` for ``CUDAExecutionProvider``."""
    return provider.removesuffix(_SUFFIX).lower()


def title(provider: str) -> str:
    """Return a readable title."""
    return TITLES.get(provider, provider.removesuffix(_SUFFIX))


def named(name: str) -> str:
    """Return the runtime's name of a provider, said short or whole in any case; "" is the CPU.

    Raises:
        WorkbenchError: ``PROVIDER_UNKNOWN`` with the short names of those that are installed.
    """
    wanted = name.lower().removesuffix(_SUFFIX.lower())
    for provider in installed():
        if short(provider) == (wanted or short(CPU)):
            return provider
    known = ", ".join(short(provider) for provider in installed())
    raise WorkbenchError(ErrorCode.PROVIDER_UNKNOWN, provider=name, known=known)
