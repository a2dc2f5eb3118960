"""What this JAX can do."""

from __future__ import annotations

from importlib.metadata import version

import flax
import jax

from engines.backends.jax.abilities import ABILITIES
from engines.backends.jax.devices import devices, without
from engines.backends.jax.layers import LAYERS
from engines.backends.jax.runtime import built_for_cuda
from engines.contract.capabilities import EngineReport
from engines.training.report import engine_report, of_devices


def probe() -> EngineReport:
    """Return version, devices and capabilities."""
    found = devices()
    return engine_report(
        "jax",
        jax.__version__,
        found,
        LAYERS,
        ABILITIES.precisions_here(found),
        {"jaxlib": version("jaxlib"), "flax": flax.__version__, "cuda": built_for_cuda()},
        modes=ABILITIES.modes,
        refusals={**ABILITIES.refusals(found), **of_devices(without())},
    )
