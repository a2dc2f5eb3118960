"""The devices TensorFlow can use, and its refusals for lack of memory."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import cast

import tensorflow as tf

from engines.backends.tensorflow.runtime import hear, lack_of_memory, use_threads, without, without_chatter
from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event
from engines.training.report import known_device, lost_device
from engines.training.run_folder import read_run

RESIDENT_BYTES = 1 << 31


def devices() -> tuple[DeviceView, ...]:
    """Return the CPU and every GPU."""
    with without_chatter(hear):
        found = tf.config.list_physical_devices("GPU")
    gpus = (tf.config.experimental.get_device_details(gpu).get("device_name", "GPU") for gpu in found)
    return (
        DeviceView("cpu", "CPU"),
        *(DeviceView(f"cuda:{index}", str(name)) for index, name in enumerate(gpus)),
    )


def open_device(name: str) -> str:
    """Return TensorFlow's name of the device called ``name`` (``cuda`` is ``cuda:0``).

    Raises:
        WorkbenchError: ``DEVICE_UNKNOWN`` with the names that are known; ``DEVICE_UNUSABLE``.
    """
    full = known_device(name, devices(), without)
    return "/CPU:0" if full == "cpu" else f"/GPU:{full.partition(':')[2]}"


@contextmanager
def memory_faults(device: str, batch_size: int) -> Iterator[None]:
    """Run on ``device``, and turn a lack of memory into an error of ours.

    Raises:
        WorkbenchError: ``DEVICE_MEMORY`` with the device, the batch size and TensorFlow's line that says so;
            ``DEVICE_LOST``.
    """
    try:
        with tf.device(device):
            yield
    except tf.errors.ResourceExhaustedError as error:
        why = lack_of_memory(str(error.message))
        raise WorkbenchError(
            ErrorCode.DEVICE_MEMORY, str(error), device=name_of(device), batch_size=batch_size, why=why
        ) from error
    except tf.errors.OpError as error:
        lost = lost_device(error, name_of(device))
        if lost is None:
            raise
        raise lost from error


def name_of(device: str) -> str:
    """Return what a job calls TensorFlow's ``/CPU:0`` or ``/GPU:1``."""
    kind, _, number = device.strip("/").partition(":")
    return "cpu" if kind == "CPU" else f"cuda:{number}"


def on_cpu(run: str, events: Iterator[Event]) -> Iterator[Event]:
    """Let what answers a job about a run work on the CPU, where TensorFlow would take a GPU.

    With the run's threads, which a scope could no longer set. No scope is open while an event is out:
    whoever reads them may have others.
    """
    use_threads(read_run(Path(run)).threads or 1)
    last = object()
    with closing(cast("Generator[Event, None, None]", events)):
        while True:
            with tf.device("/CPU:0"):
                event = next(events, last)
            if event is last:
                return
            yield cast("Event", event)


def fits_on(size: int) -> bool:
    """Tell whether ``size`` bytes of data may stay on the device."""
    return size <= RESIDENT_BYTES
