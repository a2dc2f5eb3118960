"""From a batch to its loss, eagerly or compiled."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from engines.backends.torch.build import DesignModule
from engines.backends.torch.losses import LOSSES
from engines.backends.torch.steps import Forward

COMPILED = "compiled-torch"
"""The folder of compiled kernels, beside the prepared data."""
MOST_COMPILED_BYTES = 512 * 1024 * 1024


def forward_of(module: DesignModule, loss: str) -> Forward:
    """Return what gives the loss of a batch, and the outputs."""
    loss_of = LOSSES[loss]

    def forward(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        output = module(x)
        return loss_of(output, y), output

    return forward


def keep_compiled(data: Path) -> None:
    """Keep compiled kernels beside the prepared data, or where the person's own setting says.

    A folder that has grown large is begun anew; what is in use there stays loaded.
    """
    folder = data.parent / COMPILED
    if os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder)) == str(folder):
        with suppress(OSError):
            size = sum(path.stat().st_size for path in folder.rglob("*"))
            if size > MOST_COMPILED_BYTES:
                shutil.rmtree(folder)


def compile_forward(forward: Forward) -> Forward:
    """Return ``forward`` compiled by ``torch.compile``, with its backward; that happens at its first call.

    In this process alone, without the compiler's helper processes, and for any number of threads.
    """
    import torch._inductor.config as inductor

    settings: Any = inductor
    settings.compile_threads = 1
    settings.cpp.dynamic_threads = True
    return cast("Forward", torch.compile(forward, dynamic=False))
