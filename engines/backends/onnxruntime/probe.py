"""What this ONNX Runtime can do: its execution providers, from its own list."""

from __future__ import annotations

import platform

import onnxruntime

from engines.contract.capabilities import DeviceView, EngineReport
from engines.graph import providers
from engines.graph.runtime import does_not_start
from engines.training.plan import free_cores


def probe() -> EngineReport:
    """Return version, providers, and a device for each that starts; of the others, why they do not."""
    installed = providers.installed()
    refusals = {one: does_not_start(one) for one in installed if one != providers.CPU}
    usable = [one for one in installed if one not in providers.REMOTE and not refusals.get(one)]
    return EngineReport(
        engine="onnxruntime",
        version=onnxruntime.__version__,
        devices=tuple(DeviceView(providers.short(one), providers.title(one)) for one in usable),
        python=platform.python_version(),
        providers=installed,
        refusals={f"provider/{one}": why for one, why in refusals.items() if why},
        facts={"cuda": getattr(onnxruntime, "cuda_version", "") or "", "cores": str(free_cores())},
    )
