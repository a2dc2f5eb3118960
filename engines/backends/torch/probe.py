"""What this PyTorch can do."""

from __future__ import annotations

import torch

from engines.backends.torch.abilities import ABILITIES, lacking
from engines.backends.torch.devices import devices, without
from engines.backends.torch.layers import LAYERS
from engines.contract.capabilities import EngineReport
from engines.training.report import engine_report, of_devices


def probe() -> EngineReport:
    """Return version, devices and capabilities."""
    facts = {"cuda": torch.version.cuda or "", "threads": str(torch.get_num_threads())}
    found, missing = devices(), lacking()
    return engine_report(
        "torch",
        torch.__version__,
        found,
        LAYERS,
        ABILITIES.precisions_here(found),
        facts,
        [mode for mode in ABILITIES.modes if mode not in missing],
        {**ABILITIES.refusals(found, **missing), **of_devices(without())},
    )
