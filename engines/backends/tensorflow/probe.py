"""What this TensorFlow can do."""

from __future__ import annotations

import platform

import keras
import tensorflow as tf

from engines.backends.tensorflow.build import DTYPES
from engines.backends.tensorflow.devices import devices
from engines.backends.tensorflow.layers import LAYERS
from engines.backends.tensorflow.losses import LOSSES
from engines.contract.capabilities import EngineReport
from engines.training.optimizers import OPTIMIZERS
from engines.training.plan import free_cores


def probe() -> EngineReport:
    """Return version, devices and capabilities."""
    return EngineReport(
        engine="tensorflow",
        version=tf.__version__,
        devices=devices(),
        python=platform.python_version(),
        layers=("input", *LAYERS),
        losses=tuple(LOSSES),
        optimizers=tuple(OPTIMIZERS),
        precisions=tuple(DTYPES),
        facts={
            "keras": keras.__version__,
            "cuda": "built in" if tf.test.is_built_with_cuda() else "",
            "cores": str(free_cores()),
        },
    )
