"""From a batch to its loss, eagerly or compiled."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor

from engines.backends.torch.build import DesignModule
from engines.backends.torch.losses import LOSSES
from engines.backends.torch.steps import Forward


def forward_of(module: DesignModule, loss: str) -> Forward:
    """Return what gives the loss of a batch, and the outputs."""
    loss_of = LOSSES[loss]

    def forward(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        output = module(x)
        return loss_of(output, y), output

    return forward


def compile_forward(forward: Forward) -> Forward:
    """Return ``forward`` compiled by ``torch.compile``, with its backward; that happens at its first call.

    In this process alone, without the compiler's helper processes, and for any number of threads.
    """
    import torch._inductor.config as inductor

    settings: Any = inductor
    settings.compile_threads = 1
    settings.cpp.dynamic_threads = True
    return cast("Forward", torch.compile(forward, dynamic=False))
