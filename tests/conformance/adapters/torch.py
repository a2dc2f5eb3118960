"""PyTorch for the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines.backends.torch.build import DTYPES, DesignModule, build, load_weights, read_weights
from engines.backends.torch.export import to_onnx
from engines.backends.torch.train import TorchTrainer as Trainer  # noqa: F401 - the suite asks for it
from engines.contract.spec import GraphSpec

Arrays = dict[str, Any]


def prepare() -> None:
    torch.set_num_threads(1)


def open_model(spec: GraphSpec, weights: Arrays, precision: str) -> DesignModule:
    module = build(spec, precision)
    load_weights(module, weights)
    return module


def _tensor(x: Any, precision: str) -> torch.Tensor:
    return torch.from_numpy(x).to(DTYPES[precision])


def forward(spec: GraphSpec, weights: Arrays, x: Any, precision: str) -> Any:
    with torch.inference_mode():
        return open_model(spec, weights, precision).eval()(_tensor(x, precision)).numpy()


def gradients(spec: GraphSpec, weights: Arrays, x: Any, seed: Any, precision: str) -> Arrays:
    """Gradients of Σ seed · output in evaluation, by canonical name and ``x``."""
    module = open_model(spec, weights, precision).eval()
    given = _tensor(x, precision).requires_grad_()
    (module(given) * _tensor(seed, precision)).sum().backward()
    found = {"x": given.grad}
    for entry in spec.parameters:
        layer, role = entry.name.rsplit("/", 1)
        found[entry.name] = getattr(module._modules[layer], role).grad
    return {name: value.numpy() for name, value in found.items() if value is not None}


def train_forward(spec: GraphSpec, weights: Arrays, x: Any) -> tuple[Any, Arrays]:
    """Output of one pass in training, and the parameters after it."""
    module = open_model(spec, weights, "fp32").train()
    torch.manual_seed(5)
    output = module(_tensor(x, "fp32")).detach().numpy()
    return output, read_weights(module)


def export(spec: GraphSpec, weights: Arrays, target: str) -> None:
    module = open_model(spec, weights, "fp32").eval()
    Path(target).write_bytes(to_onnx(module, "answer", Path(target)).SerializeToString())


def loss(name: str, outputs: Any, targets: Any) -> float:
    from engines.backends.torch.losses import LOSSES

    return float(LOSSES[name](torch.from_numpy(outputs), torch.from_numpy(np.asarray(targets))))
