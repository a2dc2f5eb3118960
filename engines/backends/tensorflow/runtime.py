"""TensorFlow itself: imported without its chatter, set up before its first operation."""

from __future__ import annotations

import importlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

CHATTER = re.compile(
    rb"[IW]\d{4} .*|WARNING: All log messages before absl::InitializeLog\(\).*"
    rb"|E\d{4} .*(cuInit|Unable to register cu\w+ factory|cuda_dnn|cuda_blas|cuda_fft).*"
)
"""Notes about what is absent or on; every other line is let through."""


def prepare() -> None:
    """Import TensorFlow and Keras on it, whatever a person's own ``keras.json`` says; slow, once."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if "keras" not in sys.modules or "tensorflow" not in sys.modules:
        with without_chatter():
            importlib.import_module("tensorflow")
            importlib.import_module("keras")


@contextmanager
def without_chatter() -> Iterator[None]:
    """Hold the error stream back, and let through what is no chatter, even where the body fails.

    TensorFlow's C++ writes its first notes before any level of its own is read.
    """
    sys.stderr.flush()
    stream = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stream, 2)
            held.seek(0)
            told = [line for line in held if not CHATTER.fullmatch(line.rstrip())]
            os.write(stream, b"".join(told))
            os.close(stream)


def use_threads(threads: int) -> int:
    """Set threads and deterministic operations; return the threads in force.

    They hold for the life of the process: after its first operation TensorFlow refuses another count.
    """
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    tf.config.experimental.enable_tensor_float_32_execution(False)
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
