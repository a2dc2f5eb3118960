"""What this JAX can do."""

from __future__ import annotations

from importlib.metadata import version

import flax
import jax

from engines.backends.jax.devices import devices
from engines.backends.jax.layers import LAYERS
from engines.backends.jax.train import ABILITIES
from engines.contract.capabilities import EngineReport
from engines.training.report import engine_report


def probe() -> EngineReport:
    """Return version, devices and capabilities."""
    found = devices()
    return engine_report(
        "jax",
        jax.__version__,
        found,
        LAYERS,
        ABILITIES.precisions_here(found),
        {"jaxlib": version("jaxlib"), "flax": flax.__version__},
        modes=ABILITIES.modes,
        refusals=ABILITIES.refusals(found),
    )
