"""The devices TensorFlow can use, and its refusals for lack of memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from engines.backends.tensorflow.runtime import without_chatter
from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.report import known_device

RESIDENT_BYTES = 1 << 31


def devices() -> tuple[DeviceView, ...]:
    """Return the CPU and every GPU."""
    with without_chatter():
        found = tf.config.list_physical_devices("GPU")
    gpus = (tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in found)
    return (
        DeviceView("cpu", "CPU"),
        *(DeviceView(f"cuda:{index}", str(name)) for index, name in enumerate(gpus)),
    )


def open_device(name: str) -> str:
    """Return TensorFlow's name of the device called ``name`` (``cuda`` is ``cuda:0``).

    Raises:
        WorkbenchError: ``DEVICE_UNKNOWN`` with the names that are known.
    """
    full = known_device(name, devices())
    return "/CPU:0" if full == "cpu" else f"/GPU:{full.partition(':')[2]}"


@contextmanager
def memory_faults(device: str, batch_size: int) -> Iterator[None]:
    """Run on ``device``, and turn a lack of memory into an error of ours.

    Raises:
        WorkbenchError: ``DEVICE_MEMORY`` with the device, the batch size and TensorFlow's first line.
    """
    try:
        with tf.device(device):
            yield
    except tf.errors.ResourceExhaustedError as error:
        why = str(error.message).splitlines()[0]
        name = device.strip("/").lower()
        raise WorkbenchError(
            ErrorCode.DEVICE_MEMORY, str(error), device=name, batch_size=batch_size, why=why
        ) from error


def fits_on(size: int) -> bool:
    """Tell whether ``size`` bytes of data may stay on the device."""
    return size <= RESIDENT_BYTES
