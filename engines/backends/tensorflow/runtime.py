"""TensorFlow itself: imported without its chatter, set up before its first operation."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager

from engines.training.chatter import held_back

CHATTER = re.compile(
    rb"[IW]\d{4} .*|WARNING: All log messages before absl::InitializeLog\(\).*"
    rb"|E\d{4} .*(cuInit|Unable to register cu\w+ factory|cuda_dnn|cuda_blas|cuda_fft).*"
    rb"|E\d{4} .*(oneDNN supports DT_HALF only|Executor failed to create kernel).*|\t \[\[\{\{node .*"
)
"""Notes about what is absent or on; every other line is let through."""
_NO_DRIVER = re.compile(r"(Failed call to cuInit: (?!UNKNOWN ERROR \(303\)).+)")
"""303: there is no driver at all, which on a machine without a GPU is no fault."""
_NO_MEMORY = re.compile(r"OOM when allocating|out of memory|RESOURCE_EXHAUSTED", re.I)
_said: dict[str, str] = {}


def prepare() -> None:
    """Import TensorFlow and Keras on it, whatever a person's own ``keras.json`` says; slow, once."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "keras" not in sys.modules or "tensorflow" not in sys.modules:
        with without_chatter():
            importlib.import_module("tensorflow")
            importlib.import_module("keras")


def without_chatter(heard: Callable[[str], object] = lambda line: None) -> AbstractContextManager[None]:
    """Hold the error stream back, and let through what is no chatter, even where the body fails."""
    return held_back(CHATTER, heard)


def hear(note: str) -> None:
    """Remember why the driver refuses to start, of what TensorFlow writes when it looks for GPUs."""
    if match := _NO_DRIVER.search(note):
        _said["cuda"] = match.group(1)


def without() -> dict[str, str]:
    """Return why a build for NVIDIA's GPUs finds none, where TensorFlow said why when it looked."""
    return dict(_said)


def lack_of_memory(said: str) -> str:
    """Return the line that tells of it; a graph's fault begins with where in the graph it came."""
    lines = [line.strip() for line in said.splitlines() if line.strip()] or ["out of memory"]
    return next((line for line in lines if _NO_MEMORY.search(line)), lines[0])


def use_threads(threads: int, xla: bool = False) -> int:
    """Set threads and deterministic operations; return the threads in force.

    They hold for the life of the process: after its first operation TensorFlow refuses another count.
    """
    import tensorflow as tf

    be_deterministic(not xla)
    round_products("fp32")
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        with without_chatter():
            for gpu in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(gpu, True)
            tf.constant(0.0)  # the first operation: what comes later finds all as set here
    except RuntimeError:
        return int(tf.config.threading.get_intra_op_parallelism_threads()) or threads
    return threads


def be_deterministic(wanted: bool) -> None:
    """Ask for operations that give the same each time, from here on.

    What XLA compiles for a CPU is deterministic as it is, and with the switch on it refuses max pools.
    """
    from tensorflow.python.framework import config  # the public module can only switch it on

    if wanted:
        config.enable_op_determinism()
    else:
        config.disable_op_determinism()


def round_products(precision: str) -> None:
    """Compute float32 as float32 on every device, as engines are compared by it; but for TF32 as asked."""
    import tensorflow as tf

    tf.config.experimental.enable_tensor_float_32_execution(precision == "tf32")
