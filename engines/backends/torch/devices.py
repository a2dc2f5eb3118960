"""The devices PyTorch can use, and its refusals for lack of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.report import known_device


def devices() -> tuple[DeviceView, ...]:
    """Return the CPU and every CUDA device with its memory."""
    found = [DeviceView("cpu", "CPU")]
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        facts = torch.cuda.get_device_properties(index)
        found.append(DeviceView(f"cuda:{index}", facts.name, facts.total_memory))
    return tuple(found)


def open_device(name: str) -> torch.device:
    """Return the device called ``name`` (``cuda`` is ``cuda:0``).

    Raises:
        WorkbenchError: ``DEVICE_UNKNOWN`` with the names that are known.
    """
    return torch.device(known_device(name, devices()))


@contextmanager
def memory_faults(device: torch.device, batch_size: int) -> Iterator[None]:
    """Turn a lack of memory into an error of ours.

    Raises:
        WorkbenchError: ``DEVICE_MEMORY`` with the device, the batch size and PyTorch's first sentence.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _fault(device, batch_size, error) from error
    except RuntimeError as error:
        if "DefaultCPUAllocator" not in str(error):
            raise
        raise _fault(device, batch_size, error) from error


def _fault(device: torch.device, batch_size: int, error: Exception) -> WorkbenchError:
    why = str(error).split(". ")[0].splitlines()[0] + "."
    return WorkbenchError(
        ErrorCode.DEVICE_MEMORY, str(error), device=str(device), batch_size=batch_size, why=why
    )


def fits_on(device: torch.device, size: int) -> bool:
    """Tell whether ``size`` bytes of data may stay on the device: up to half of what is free there."""
    if device.type == "cuda":
        return size <= torch.cuda.mem_get_info(device)[0] // 2
    return size <= 1 << 31
