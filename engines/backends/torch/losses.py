"""The losses on tensors, as ``engines/training/losses.py`` defines them."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor


def _cross_entropy(outputs: Tensor, targets: Tensor) -> Tensor:
    if outputs.ndim > 2:  # classes last, as everywhere in the workbench
        outputs, targets = outputs.reshape(-1, outputs.shape[-1]), targets.reshape(-1)
    return F.cross_entropy(outputs, targets)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cross_entropy": _cross_entropy,
    "binary_cross_entropy": F.binary_cross_entropy_with_logits,
    "mean_squared_error": F.mse_loss,
    "mean_absolute_error": F.l1_loss,
    "huber": F.huber_loss,
}


def _class_hits(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs.argmax(dim=-1) == targets).to(torch.float32)


def _binary_hits(outputs: Tensor, targets: Tensor) -> Tensor:
    return ((outputs > 0) == (targets > 0.5)).to(torch.float32)


def _distances(outputs: Tensor, targets: Tensor) -> Tensor:
    return (outputs - targets).abs()


_PER_VALUE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "classes": _class_hits,
    "binary": _binary_hits,
    "values": _distances,
}


def step_metric(kind: str, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return one value a step for a chunk's outputs, ``(steps, batch, …)``: accuracy or mean error."""
    return _PER_VALUE[kind](outputs, targets).flatten(1).mean(dim=1)
