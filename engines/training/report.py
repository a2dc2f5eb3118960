"""What an engine's report says alike, whichever engine it is."""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from engines.contract.capabilities import DeviceView, EngineReport
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.losses import LOSSES
from engines.training.optimizers import OPTIMIZERS
from engines.training.plan import free_cores

_DRIVER = re.compile(r"CUDA error|CUDA_ERROR_\w+|cudaError\w+|CUBLAS_STATUS_\w+|CUDNN_STATUS_\w+|HIP error")
"""How drivers of GPUs begin what they say of work that they broke off, whichever framework hands it on."""
_PLACE = re.compile(r"^\S+\.(?:cc|cpp|h):\d+: ")


def engine_report(
    engine: str,
    version: str,
    devices: Sequence[DeviceView],
    layers: Iterable[str],
    precisions: Iterable[str],
    facts: Mapping[str, str],
    modes: Iterable[str] = (),
    refusals: Mapping[str, str] | None = None,
) -> EngineReport:
    """Return the report of an engine that has ``layers`` beside the input, every loss and optimizer."""
    return EngineReport(
        engine=engine,
        version=version,
        devices=tuple(devices),
        python=platform.python_version(),
        layers=("input", *layers),
        losses=tuple(LOSSES),
        optimizers=tuple(OPTIMIZERS),
        precisions=tuple(precisions),
        modes=tuple(modes),
        refusals=refusals or {},
        facts={**facts, "cores": str(free_cores())},
    )


def lost_device(error: Exception, device: str) -> WorkbenchError | None:
    """Return what to say where a driver broke off the work on ``device``; None for any other fault."""
    line = next((line.strip() for line in str(error).splitlines() if _DRIVER.search(line)), "")
    if device == "cpu" or not line:
        return None
    return WorkbenchError(ErrorCode.DEVICE_LOST, str(error), device=device, why=line.rstrip(".") + ".")


def known_device(
    name: str, devices: Sequence[DeviceView], without: Callable[[], Mapping[str, str]] = dict
) -> str:
    """Return the full name of the device called ``name`` (``cuda`` is ``cuda:0``).

    ``without`` tells of kinds of devices that the build is for and does not find, in the engine's words.

    Raises:
        WorkbenchError: ``DEVICE_UNKNOWN`` with the names that are known; ``DEVICE_UNUSABLE``.
    """
    known = [device.name for device in devices]
    full = "cuda:0" if name == "cuda" else name
    if full in known:
        return full
    listed, why = ", ".join(known), without().get(full.partition(":")[0], "")
    if why:
        raise WorkbenchError(ErrorCode.DEVICE_UNUSABLE, device=name, known=listed, why=why)
    raise WorkbenchError(ErrorCode.DEVICE_UNKNOWN, device=name, known=listed)


def of_devices(without: Mapping[str, str]) -> dict[str, str]:
    """Return as refusals of a report what an engine says of kinds of devices that it does not find."""
    return {f"device/{kind}": why for kind, why in without.items() if why}


def first_sentence(said: str) -> str:
    """Return the first sentence of what an engine says, on one line and without the place in its source."""
    line = _PLACE.sub("", " ".join(said.split()))
    return re.split(r"(?<=[.!?])\s(?=[A-Z])", line, maxsplit=1)[0][:200]
