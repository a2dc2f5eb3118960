"""What PyTorch itself answers to real samples, kept beside an export for its proof."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engines.backends.torch.build import DesignModule
from engines.contract.files import write_atomic

Array = npt.NDArray[Any]
SINGLE_SAMPLES = 64
"""So many samples are answered one by one."""
BATCH = 17
_MOST_LAYER_BYTES = 64_000_000


def write_reference(path: Path, module: DesignModule, inputs: Array) -> None:
    """Write ``inputs`` and the module's answers as ``.npz``, whole or not at all.

    ``outputs`` came from one batch of all, ``outputs_1`` and ``outputs_17`` (of the first samples) from
    batches of that size, ``layer/<name>`` is what the design's node answered to the first 17 samples.
    """
    arrays = {
        "inputs": inputs,
        "outputs": _answers(module, inputs, len(inputs)),
        "outputs_1": _answers(module, inputs[:SINGLE_SAMPLES], 1),
        f"outputs_{BATCH}": _answers(module, inputs, BATCH),
        **_layer_answers(module, inputs[:BATCH]),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_atomic(path, buffer.getvalue())


def _answers(module: nn.Module, inputs: Array, batch: int) -> Array:
    with torch.inference_mode():
        parts = torch.from_numpy(inputs).split(max(1, batch))
        return np.concatenate([module(part).numpy() for part in parts])


def _layer_answers(module: DesignModule, inputs: Array) -> dict[str, Array]:
    with _listening(module) as heard, torch.inference_mode():
        module(torch.from_numpy(inputs))
    arrays = {f"layer/{name}": tensor.numpy() for name, tensor in heard.items()}
    return arrays if sum(array.nbytes for array in arrays.values()) <= _MOST_LAYER_BYTES else {}


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
