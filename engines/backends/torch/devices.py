"""The devices PyTorch can use, and its refusals for lack of memory."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.report import first_sentence, known_device, lost_device

_NO_MEMORY = ("DefaultCPUAllocator", "CUDA error: out of memory", "_ALLOC_FAILED")
"""What PyTorch says where memory is lacking and the error is of no type of its own: cuBLAS and cuDNN, too."""
_ENFORCED = re.compile(r"^\[enforce fail at [^\]]*\] err == 0\. ")
"""What the CPU's allocator says before it says what is lacking."""
_CHATTER = (
    ".*(does not have a deterministic implementation|defaults to a non-deterministic algorithm).*",
    ".*Please use the new API settings to control TF32 behavior.*",
    ".*TensorFloat32 tensor cores for float32 matrix multiplication available but not enabled.*",
)
"""Warnings of what is so on purpose: no repeatable form of an operation, and float32 that is not rounded."""


_NO_DRIVER = ".*CUDA initialization.*"
"""A warning that ``without`` tells in place of."""


def devices() -> tuple[DeviceView, ...]:
    """Return the CPU, every CUDA or ROCm device (``cuda:N``) and XPU with its memory, and Apple's ``mps``."""
    warnings.filterwarnings("ignore", message=_NO_DRIVER)
    found = [DeviceView("cpu", "CPU")]
    for kind, module in (("cuda", torch.cuda), ("xpu", torch.xpu)):
        for index in range(module.device_count() if module.is_available() else 0):
            facts = module.get_device_properties(index)
            found.append(DeviceView(f"{kind}:{index}", facts.name, facts.total_memory))
    if torch.backends.mps.is_available():
        found.append(DeviceView("mps", "Apple GPU", torch.mps.recommended_max_memory()))
    return tuple(found)


def without() -> dict[str, str]:
    """Return why a build for NVIDIA's or AMD's GPUs finds none, in PyTorch's words."""
    if not (torch.version.cuda or torch.version.hip) or torch.cuda.is_available():
        return {}
    try:
        torch.cuda.init()
    except RuntimeError as error:
        return {"cuda": first_sentence(str(error))}
    return {}


def open_device(name: str) -> torch.device:
    """Return the device called ``name`` (``cuda`` is ``cuda:0``).

    Raises:
        WorkbenchError: ``DEVICE_UNKNOWN`` with the names that are known; ``DEVICE_UNUSABLE``.
    """
    return torch.device(known_device(name, devices(), without))


def set_up(device: torch.device, precision: str) -> None:
    """Compute float32 as float32, as engines are compared by it, but for TF32 as asked; and repeatably.

    On a CUDA device a resumed run shall be the same bit for bit, as it is on the CPU. Attention is computed
    by its definition there: its fused kernels sum their gradients in whatever order threads come.
    Source: https://docs.pytorch.org/docs/stable/notes/randomness.html
    """
    torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
    torch.backends.cudnn.allow_tf32 = precision == "tf32"
    if device.type != "cuda":
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read with the first product
    for message in _CHATTER:
        warnings.filterwarnings("ignore", message)
    torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic = False, True
    torch._C._set_deterministic_fill_uninitialized_memory(False)  # it finds faults, and costs time
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    torch.backends.cuda.enable_cudnn_sdp(False)


@contextmanager
def memory_faults(device: torch.device, batch_size: int) -> Iterator[None]:
    """Turn a lack of memory into an error of ours.

    Raises:
        WorkbenchError: ``DEVICE_MEMORY`` with the device, the batch size and PyTorch's first sentence;
            ``DEVICE_LOST``.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise _fault(device, batch_size, error) from error
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _NO_MEMORY):
            lost = lost_device(error, str(device))
            if lost is None:
                raise
            raise lost from error
        raise _fault(device, batch_size, error) from error


def _fault(device: torch.device, batch_size: int, error: Exception) -> WorkbenchError:
    why = first_sentence(_ENFORCED.sub("", str(error)))
    return WorkbenchError(
        ErrorCode.DEVICE_MEMORY, str(error), device=str(device), batch_size=batch_size, why=why
    )


def fits_on(device: torch.device, size: int) -> bool:
    """Tell whether ``size`` bytes of data may stay on the device: up to half of what is free there."""
    if device.type == "cuda":
        return size <= torch.cuda.mem_get_info(device)[0] // 2
    return size <= 1 << 31
