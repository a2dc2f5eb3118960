"""What this ONNX Runtime can do: its execution providers, from its own list."""

from __future__ import annotations

import platform

import onnxruntime

from engines.contract.capabilities import DeviceView, EngineReport
from engines.graph import providers
from engines.training.plan import free_cores


def probe() -> EngineReport:
    """Return version, providers, and a device for each of them."""
    installed = providers.installed()
    return EngineReport(
        engine="onnxruntime",
        version=onnxruntime.__version__,
        devices=tuple(DeviceView(providers.short(one), providers.title(one)) for one in installed),
        python=platform.python_version(),
        providers=installed,
        facts={"cuda": getattr(onnxruntime, "cuda_version", "") or "", "cores": str(free_cores())},
    )
