"""What this TensorFlow can do."""

from __future__ import annotations

import keras
import tensorflow as tf

from engines.backends.tensorflow.abilities import ABILITIES
from engines.backends.tensorflow.devices import devices
from engines.backends.tensorflow.layers import LAYERS
from engines.backends.tensorflow.runtime import without
from engines.contract.capabilities import EngineReport
from engines.training.report import engine_report, of_devices


def probe() -> EngineReport:
    """Return version, devices and capabilities."""
    cuda = str(tf.sysconfig.get_build_info().get("cuda_version", ""))
    facts = {"keras": keras.__version__, "cuda": cuda}
    found = devices()
    return engine_report(
        "tensorflow",
        tf.__version__,
        found,
        LAYERS,
        ABILITIES.precisions_here(found),
        facts,
        ABILITIES.modes,
        {**ABILITIES.refusals(found), **of_devices(without())},
    )
