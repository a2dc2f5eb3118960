"""The devices JAX can use, and its refusals for lack of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import jax

from engines.backends.jax.runtime import plugin_faults, use_threads, without_chatter
from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.report import first_sentence, known_device, lost_device

RESIDENT_BYTES = 1 << 31
_PLATFORMS = {"gpu": "cuda", "tpu": "tpu"}
_NO_MEMORY = ("RESOURCE_EXHAUSTED", "Out of memory", "out of memory", "bad_alloc")


def devices() -> tuple[DeviceView, ...]:
    """Return the CPU and every GPU and TPU, with its memory where it tells it.

    XLA can be told to make several devices of the CPU (``--xla_force_host_platform_device_count``).
    """
    return tuple(
        DeviceView(name, "CPU" if name == "cpu" else device.device_kind, _memory(device))
        for name, device in _found().items()
    )


def open_device(name: str) -> jax.Device:
    """Return the device called ``name`` (``cuda`` is ``cuda:0``).

    Raises:
        WorkbenchError: ``DEVICE_UNKNOWN`` with the names that are known; ``DEVICE_UNUSABLE``.
    """
    return _found()[known_device(name, devices(), without)]


def without() -> dict[str, str]:
    """Return why plugins for GPUs find none, in their words, where they said why."""
    return {"cuda": first_sentence(plugin_faults[0])} if plugin_faults else {}


def _found() -> dict[str, jax.Device]:
    use_threads()
    with without_chatter():
        found = {name_of(device): device for device in jax.devices("cpu")}
        for platform, name in _PLATFORMS.items():
            for device in _on(platform):
                found[f"{name}:{device.id}"] = device
    return found


def _on(platform: str) -> list[jax.Device]:
    try:
        return jax.devices(platform)
    except RuntimeError:  # what JAX says of a platform that is not there
        return []


def _memory(device: jax.Device) -> int:
    facts = device.memory_stats() if device.platform != "cpu" else None
    return int((facts or {}).get("bytes_limit", 0))


@contextmanager
def memory_faults(device: jax.Device, batch_size: int) -> Iterator[None]:
    """Turn a lack of memory into an error of ours.

    Raises:
        WorkbenchError: ``DEVICE_MEMORY`` with the device, the batch size and JAX's first line;
            ``DEVICE_LOST``.
    """
    try:
        yield
    except (jax.errors.JaxRuntimeError, MemoryError) as error:
        if isinstance(error, jax.errors.JaxRuntimeError) and not any(
            sign in str(error) for sign in _NO_MEMORY
        ):
            lost = lost_device(error, name_of(device))
            if lost is None:
                raise
            raise lost from error
        why = (str(error).strip().splitlines() or ["MemoryError"])[0]
        raise WorkbenchError(
            ErrorCode.DEVICE_MEMORY, str(error), device=name_of(device), batch_size=batch_size, why=why
        ) from error


def name_of(device: jax.Device) -> str:
    """Return what a job calls the device."""
    if device.platform == "cpu":
        return f"cpu:{device.id}" if device.id else "cpu"
    return f"{_PLATFORMS[device.platform]}:{device.id}"


def fits_on(device: jax.Device, size: int) -> bool:
    """Tell whether ``size`` bytes of data may stay on the device: up to half of what is free there."""
    facts = device.memory_stats() if device.platform != "cpu" else None
    if not facts or "bytes_limit" not in facts:
        return size <= RESIDENT_BYTES
    return bool(size <= (facts["bytes_limit"] - facts.get("bytes_in_use", 0)) // 2)
