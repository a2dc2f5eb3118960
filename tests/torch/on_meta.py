"""Training steps on a device without a value: what waits for one, or mixes it with the CPU, raises.

``python -m tests.torch.on_meta FOLDER`` reads the digits prepared in FOLDER and prints a JSON object:
where the chunks of every net and way end, and where what layers alone answer lies. PyTorch's fake tensors on
the device ``meta`` stand for a GPU: they know shapes, types and devices, and refuse ``item()``, ``numpy()``
and products with another device's.
"""

from __future__ import annotations

import json
import sys
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import nn
from torch._subclasses import FakeTensorMode

from engines.backends.torch import optimizers, samples, train
from engines.backends.torch.build import DesignModule
from engines.contract.jobs import TrainJob
from engines.contract.records import from_plain
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.training.order import epoch_batches
from engines.training.shards import Shards, open_shards
from tests.conformance.nets import NETS, layer_cases

DEVICE = torch.device("meta")
WAYS: list[dict[str, Any]] = [
    {"clip_norm": 0.5, "accumulate": 2},
    {"memory_layout": "channels_last"},
    {"optimizer": "rmsprop"},
    {"optimizer": "sgd", "precision": "fp64"},
]
STEPS = 3
IN_EVERY_WAY = ("cnn", "words", "transformer")
"""Convolutions with running statistics, a table read by whole numbers, attention; the rest train one way."""
CHUNKS = [(net, {}) for net in NETS] + [(net, way) for net in IN_EVERY_WAY for way in WAYS]


class _Moving:
    """A module whose parameters and buffers go to the device, and nothing else, as ``Module.to`` has it."""

    def __init__(self, module: DesignModule) -> None:
        self._module = module

    def to(self, device: torch.device) -> DesignModule:
        for part in self._module.modules():
            for name, value in part._parameters.items():
                if value is not None:
                    moved = nn.Parameter(value.detach().to(device), requires_grad=value.requires_grad)
                    part._parameters[name] = moved
            for name, value in part._buffers.items():
                part._buffers[name] = None if value is None else value.to(device)
        return self._module


@contextmanager
def pretending(module: DesignModule) -> Any:
    """Let the trainer use ``module``, on a device that computes nothing."""
    with (
        patch.object(train, "open_device", lambda name: DEVICE),
        patch.object(train, "check_abilities", lambda *given: None),
        patch.object(train, "module_of", lambda *given: _Moving(module)),
        patch.object(samples, "fits_on", lambda *given: True),
        patch.object(train.Steps, "__init__", _with_unfused(train.Steps.__init__)),
        FakeTensorMode(allow_non_fake_inputs=True),
    ):
        yield


def _with_unfused(begin: Any) -> Any:
    def made(*given: Any, **options: Any) -> None:
        with patch("torch.optim.optimizer._device_dtype_check_for_fused"), _optimizer_unfused():
            begin(*given, **options)

    return made


def _optimizer_unfused() -> Any:
    own = optimizers.make_optimizer

    def make(module: DesignModule, recipe: Recipe) -> Any:
        made = own(module, recipe)
        for group in [made.defaults, *made.param_groups]:
            group["fused"] = False
        return made

    return patch.object(optimizers, "make_optimizer", make)


def chunk(
    spec: GraphSpec, way: dict[str, Any], folder: Path, data: DataManifest, shards: Shards
) -> list[str]:
    """Train a chunk; return the devices of losses, metric, parameters, slots and samples."""
    recipe = Recipe(threads=1, **way)
    module = train.module_of(spec, recipe)
    with pretending(module):
        trainer = train.TorchTrainer(TrainJob("", spec, recipe, str(folder), data, "meta"), shards)
        batches = epoch_batches(len(shards.indices["train"]), recipe.batch_size, 0, 0)[:STEPS]
        told = trainer._train(trainer.steps, 0, batches, np.full(STEPS, 1e-3))
        slots = trainer.steps.optimizer.state.values()
        held = [*told, *trainer.module.parameters(), *trainer.module.buffers()]
        # Counters of steps stay on the CPU where the kernels are not fused.
        held += [
            value for state in slots for key, value in state.items() if key != "step" and value is not None
        ]
        held += [tensor for pair in trainer.samples._whole.values() for tensor in pair]
        return sorted({str(tensor.device) for tensor in held})


def layers() -> dict[str, str]:
    """Return where every layer's answer and its input's gradient lie."""
    found = {}
    for name, (_, spec) in layer_cases().items():
        module = train.module_of(spec, Recipe())
        with FakeTensorMode(allow_non_fake_inputs=True):
            moved = _Moving(module).to(DEVICE)
            x = torch.empty(3, *spec.inputs[0].output_shape, device=DEVICE).requires_grad_()
            answer = moved(x)
            if answer.requires_grad:
                answer.sum().backward()
            found[name] = str(answer.device)
    return found


def caught() -> list[str]:
    """Return what the pretended device lets pass of two things that no step may do."""
    bad = {
        "a value is waited for": lambda x: x.sum().item(),
        "the CPU's values are mixed in": lambda x: x + torch.ones(3),
    }
    passed = []
    with FakeTensorMode(allow_non_fake_inputs=True):
        for name, work in bad.items():
            with suppress(RuntimeError, torch._subclasses.fake_tensor.DataDependentOutputException):
                work(torch.empty(3, device=DEVICE))
                passed.append(name)
    return passed


def main() -> None:
    """Print what was found."""
    warnings.filterwarnings("ignore", message="PyTorch was compiled without cuDNN")
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    data = from_plain(DataManifest, json.loads((folder / "manifest.json").read_text(encoding="utf-8")))
    shards = open_shards(folder)
    chunks = {f"{net} {way}": chunk(NETS[net](), way, folder, data, shards) for net, way in CHUNKS}
    print(json.dumps({"chunks": chunks, "layers": layers(), "passed": caught()}))


if __name__ == "__main__":
    main()
