"""PyTorch for the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from engines.backends.torch.build import DTYPES, DesignModule, build, load_weights, read_weights
from engines.backends.torch.devices import devices, open_device, set_up  # noqa: F401 - the suite asks for them
from engines.backends.torch.export import to_onnx
from engines.backends.torch.train import TorchTrainer as Trainer  # noqa: F401 - the suite asks for it
from engines.contract.spec import GraphSpec

Arrays = dict[str, Any]
DEVICE = "cpu"


def prepare() -> None:
    torch.set_num_threads(1)


def place() -> str:
    return str(open_device(DEVICE))


def places_of(trainer: Any) -> set[str]:
    held = [*trainer.module.parameters(), *trainer.module.buffers()]
    held += [tensor for pair in trainer.samples._whole.values() for tensor in pair]
    slots = trainer.steps.optimizer.state.values()
    held += [value for state in slots for value in state.values() if isinstance(value, torch.Tensor)]
    return {str(tensor.device) for tensor in held}


def compute_in(precision: str) -> None:
    set_up(open_device(DEVICE), precision)


def open_model(spec: GraphSpec, weights: Arrays, precision: str) -> DesignModule:
    set_up(open_device(DEVICE), precision)
    module = build(spec, precision).to(DEVICE)
    load_weights(module, weights)
    return module


def _tensor(x: Any, precision: str) -> torch.Tensor:
    return torch.from_numpy(x).to(DEVICE, DTYPES[precision])


def forward(spec: GraphSpec, weights: Arrays, x: Any, precision: str) -> Any:
    with torch.inference_mode():
        return open_model(spec, weights, precision).eval()(_tensor(x, precision)).cpu().numpy()


def gradients(spec: GraphSpec, weights: Arrays, x: Any, seed: Any, precision: str) -> tuple[Any, Arrays]:
    """The output in evaluation, and the gradients of Σ seed · output by canonical name and ``x``."""
    module = open_model(spec, weights, precision).eval()
    for part in module.modules():
        if isinstance(part, torch.nn.RNNBase):
            part.train()  # cuDNN has their gradients in training alone, where they compute the same
    given = _tensor(x, precision).requires_grad_()
    output = module(given)
    (output * _tensor(seed, precision)).sum().backward()
    found = {"x": given.grad}
    for entry in spec.parameters:
        layer, role = entry.name.rsplit("/", 1)
        found[entry.name] = getattr(module._modules[layer], role).grad
    found_at = {name: value.cpu().numpy() for name, value in found.items() if value is not None}
    return output.detach().cpu().numpy(), found_at


def train_forward(spec: GraphSpec, weights: Arrays, x: Any) -> tuple[Any, Arrays]:
    """Output of one pass in training, and the parameters after it."""
    module = open_model(spec, weights, "fp32").train()
    torch.manual_seed(5)
    output = module(_tensor(x, "fp32")).detach().cpu().numpy()
    return output, read_weights(module)


def export(spec: GraphSpec, weights: Arrays, target: str) -> None:
    module = build(spec)
    load_weights(module, weights)
    module.eval()
    Path(target).write_bytes(to_onnx(module, "answer", Path(target)).SerializeToString())


def loss(name: str, outputs: Any, targets: Any) -> float:
    from engines.backends.torch.losses import LOSSES

    given = (torch.from_numpy(np.asarray(array)).to(DEVICE) for array in (outputs, targets))
    return float(LOSSES[name](*given))
