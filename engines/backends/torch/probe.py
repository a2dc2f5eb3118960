"""What this PyTorch can do."""

from __future__ import annotations

import platform

import torch

from engines.backends.torch.build import DTYPES
from engines.backends.torch.devices import devices
from engines.backends.torch.layers import LAYERS
from engines.backends.torch.losses import LOSSES
from engines.contract.capabilities import EngineReport
from engines.training.optimizers import OPTIMIZERS
from engines.training.plan import free_cores


def probe() -> EngineReport:
    """Return version, devices and capabilities."""
    return EngineReport(
        engine="torch",
        version=torch.__version__,
        devices=devices(),
        python=platform.python_version(),
        layers=("input", *LAYERS),
        losses=tuple(LOSSES),
        optimizers=tuple(OPTIMIZERS),
        precisions=tuple(DTYPES),
        facts={
            "cuda": torch.version.cuda or "",
            "cores": str(free_cores()),
            "threads": str(torch.get_num_threads()),
        },
    )
