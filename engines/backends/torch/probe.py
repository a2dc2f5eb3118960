"""What this PyTorch can do."""

from __future__ import annotations

import torch

from engines.backends.torch.build import DTYPES
from engines.backends.torch.devices import devices
from engines.backends.torch.layers import LAYERS
from engines.contract.capabilities import EngineReport
from engines.training.report import engine_report


def probe() -> EngineReport:
    """Return version, devices and capabilities."""
    facts = {"cuda": torch.version.cuda or "", "threads": str(torch.get_num_threads())}
    return engine_report("torch", torch.__version__, devices(), LAYERS, DTYPES, facts)
