"""What PyTorch itself answers to samples, and each of its layers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor, nn

from engines.backends.torch.build import DesignModule

Array = npt.NDArray[Any]


def answers(module: DesignModule) -> Callable[[Array], Array]:
    """Return what answers one batch."""

    def answer(inputs: Array) -> Array:
        with torch.inference_mode():
            found: Array = module(torch.from_numpy(inputs)).numpy()
            return found

    return answer


def layer_answers(module: DesignModule, inputs: Array) -> dict[str, Array]:
    """Return what each of the design's nodes answers to one batch."""
    with _listening(module) as heard, torch.inference_mode():
        module(torch.from_numpy(inputs))
    return {name: tensor.numpy() for name, tensor in heard.items()}


@contextmanager
def _listening(module: DesignModule) -> Iterator[dict[str, Tensor]]:
    heard: dict[str, Tensor] = {}

    def hear(name: str) -> Any:
        def hook(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
            heard[name] = output.detach().clone()

        return hook

    hooks = [child.register_forward_hook(hear(name)) for name, child in module.named_children()]
    try:
        yield heard
    finally:
        for hook in hooks:
            hook.remove()
