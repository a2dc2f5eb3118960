"""The devices MXNet can use, and its refusals for lack of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import mxnet as mx

from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.report import known_device, lost_device

RESIDENT_BYTES = 1 << 31
_MEMORY_WORDS = ("out of memory", "Memory allocation", "Failed to allocate", "bad_alloc")


def devices() -> tuple[DeviceView, ...]:
    """Return the CPU and every GPU, whose name MXNet does not tell."""
    with suppress(mx.MXNetError):  # a build for CUDA on a machine without a driver
        count = mx.context.num_gpus()
        sizes = [mx.context.gpu_memory_info(index)[1] for index in range(count)]
        gpus = (DeviceView(f"cuda:{index}", f"GPU {index}", size) for index, size in enumerate(sizes))
        return (DeviceView("cpu", "CPU"), *gpus)
    return (DeviceView("cpu", "CPU"),)


def open_device(name: str) -> mx.Context:
    """Return the device called ``name`` (``cuda`` is ``cuda:0``).

    Raises:
        WorkbenchError: ``DEVICE_UNKNOWN`` with the names that are known.
    """
    full = known_device(name, devices())
    return mx.cpu() if full == "cpu" else mx.gpu(int(full.partition(":")[2]))


@contextmanager
def memory_faults(device: mx.Context, batch_size: int) -> Iterator[None]:
    """Run on ``device`` until all is done there, and turn a lack of memory into an error of ours.

    MXNet's operations return before they have run: their faults come out where somebody waits.

    Raises:
        WorkbenchError: ``DEVICE_MEMORY`` with the device, the batch size and MXNet's line that says so;
            ``DEVICE_LOST``.
    """
    try:
        with device:
            yield
            mx.nd.waitall()
    except (mx.MXNetError, MemoryError) as error:
        name = "cpu" if device.device_type == "cpu" else f"cuda:{device.device_id}"
        why = _lack_of_memory(error)
        if not why:
            lost = lost_device(error, name)
            if lost is None:
                raise
            raise lost from error
        raise WorkbenchError(
            ErrorCode.DEVICE_MEMORY, str(error), device=name, batch_size=batch_size, why=why
        ) from error


def _lack_of_memory(error: Exception) -> str:
    """Return the line that tells of it, "" where it is another fault."""
    lines = str(error).splitlines() or [type(error).__name__]
    if isinstance(error, MemoryError):
        return lines[0]
    found = next((line.strip() for line in lines if any(word in line for word in _MEMORY_WORDS)), "")
    return found.removeprefix("MXNetError: ")


def fits_on(size: int) -> bool:
    """Tell whether ``size`` bytes of data may stay on the device."""
    return size <= RESIDENT_BYTES
