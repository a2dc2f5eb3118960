"""What this MXNet can do."""

from __future__ import annotations

import mxnet as mx

from engines.backends.mxnet.abilities import ABILITIES
from engines.backends.mxnet.devices import devices
from engines.backends.mxnet.layers import LAYERS
from engines.contract.capabilities import EngineReport
from engines.training.report import engine_report


def probe() -> EngineReport:
    """Return version, devices and capabilities."""
    features = mx.runtime.Features()
    facts = {name.lower(): "built in" if features.is_enabled(name) else "" for name in ("CUDA", "MKLDNN")}
    return engine_report(
        "mxnet", mx.__version__, devices(), LAYERS, ABILITIES.precisions, facts, ABILITIES.modes
    )
