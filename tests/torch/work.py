"""What the tests' child does with PyTorch; arguments and answers are JSON, arrays travel in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from engines.backends.torch import optimizers
from engines.backends.torch.build import build, load_weights, read_weights
from engines.backends.torch.train import TorchTrainer
from engines.contract.errors import WorkbenchError
from engines.contract.jobs import TrainJob
from engines.contract.records import from_plain
from engines.contract.spec import Recipe
from engines.training.initial_weights import initial_weights
from engines.training.order import epoch_batches
from engines.training.shards import open_shards
from engines.training.tensors import read_tensors
from tests.conformance.measures import inputs_for
from tests.torch.cases import cases


def try_layers(target: str) -> list[str]:
    """Run every layer; leave inputs, weights and outputs in ``target``; return whose gradient is wrong."""
    arrays, wrong = {}, []
    random = np.random.default_rng(11)
    for number, (name, (_, spec)) in enumerate(cases().items()):
        module = build(spec)
        weights = {
            key: (0.5 + random.random(a.shape) if key.endswith("var") else random.normal(size=a.shape))
            for key, a in read_weights(module).items()
        }
        load_weights(module, weights)
        module.double().eval()
        load_weights(module, weights)
        x = inputs_for(spec, random, 3)
        given = torch.from_numpy(x).requires_grad_()
        output = module(given)
        arrays.update({f"{number}/x": x, f"{number}/y": output.detach().numpy()})
        arrays.update({f"{number}/{key}": value for key, value in weights.items()})
        trained = [tensor for tensor in module.parameters() if tensor.requires_grad]

        def answer(value: Any, *others: Any, module: Any = module) -> Any:
            return module(value)

        if not torch.autograd.gradcheck(answer, (given, *trained), fast_mode=True, raise_exception=False):
            wrong.append(name)
    np.savez(target, **arrays)
    return wrong


def _job(folder: str, run: str, spec: Any, recipe: dict[str, Any]) -> TrainJob:
    from engines.contract.spec import DataManifest

    manifest = from_plain(DataManifest, json.loads((Path(folder) / "manifest.json").read_text()))
    return TrainJob(run, spec, from_plain(Recipe, recipe), folder, manifest)


def losses_of_a_plain_loop(folder: str, run: str, epochs: int) -> list[float]:
    """Train the digits MLP as a tutorial would, on the run's weights and the workbench's order."""
    torch.set_num_threads(1)
    recipe = from_plain(Recipe, json.loads((Path(run) / "recipe.json").read_text()))
    initial = read_tensors(Path(run) / "init.safetensors")
    index = np.load(Path(folder) / "train.npy")
    x = torch.from_numpy(np.load(Path(folder) / "inputs.npy")[index])
    y = torch.from_numpy(np.load(Path(folder) / "targets.npy")[index])
    names = sorted({key.split("/")[0] for key in initial}, key=lambda n: initial[f"{n}/weight"].shape[0])
    dense = [nn.Linear(*initial[f"{name}/weight"].shape[::-1]) for name in reversed(names)]
    with torch.no_grad():
        for name, layer in zip(reversed(names), dense):
            layer.weight.copy_(torch.tensor(initial[f"{name}/weight"]))
            layer.bias.copy_(torch.tensor(initial[f"{name}/bias"]))
    model = nn.Sequential(nn.Flatten(), dense[0], nn.ReLU(), dense[1])
    optimizer = _plain_optimizer(model, recipe)
    found = []
    for epoch in range(epochs):
        batches = epoch_batches(len(x), recipe.batch_size, recipe.seed, epoch).tolist()
        for inputs, targets in DataLoader(TensorDataset(x, y), batch_sampler=batches):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(inputs), targets)
            loss.backward()
            optimizer.step()
            found.append(loss.item())
    return found


def _plain_optimizer(model: nn.Module, recipe: Recipe) -> Any:
    rate, decay = recipe.learning_rate, recipe.weight_decay
    return {
        "sgd": lambda p: torch.optim.SGD(p, lr=rate, momentum=recipe.momentum, weight_decay=decay),
        "adam": lambda p: torch.optim.Adam(p, lr=rate, weight_decay=decay),
        "adamw": lambda p: torch.optim.AdamW(p, lr=rate, weight_decay=decay),
        "rmsprop": lambda p: torch.optim.RMSprop(p, lr=rate, alpha=recipe.momentum, weight_decay=decay),
    }[recipe.optimizer](model.parameters())


def hand_over_the_state(folder: str, optimizer: str) -> list[str]:
    """Train 4 steps, hand the state to a fresh trainer, train both on; return what differs."""
    from tests.torch.cases import noisy_model

    torch.set_num_threads(1)
    recipe = {"optimizer": optimizer, "batch_size": 16, "weight_decay": 0.01}
    job, shards = _job(folder, "", noisy_model(), recipe), open_shards(folder)
    first, second = TorchTrainer(job, shards), TorchTrainer(job, shards)
    weights = initial_weights(job.spec, 0)
    first.load_state({f"model/{name}": array for name, array in weights.items()}, 0)
    batches, rates = epoch_batches(200, 16, 0, 0), np.full(12, 1e-3)
    first.run_chunk(0, batches[:4], rates[:4])
    first.measure(1, batches)  # what is measured must leave no trace
    second.load_state(first.state(), 4)
    ours = first.run_chunk(4, batches[4:], rates[4 : len(batches)])
    theirs = second.run_chunk(4, batches[4:], rates[4 : len(batches)])
    pairs = {name: (first.state()[name], second.state()[name]) for name in first.state()}
    pairs.update({name: (ours[name], theirs[name]) for name in ours})
    slots = {name.split("/")[1] for name in pairs if name.startswith("optimizer/")}
    assert slots == set(optimizers._SLOTS[optimizer].values()), slots
    return [name for name, (a, b) in pairs.items() if not np.array_equal(a, b)]


def gather_chunk_by_chunk(folder: str) -> bool:
    """Train and evaluate with the data on the device and with data too large for it; tell if all is equal."""
    from tests.torch.cases import noisy_model

    torch.set_num_threads(1)
    job, shards = _job(folder, "", noisy_model(), {"batch_size": 16}), open_shards(folder)
    answers = []
    for resident in (True, False):
        trainer = TorchTrainer(job, shards)
        trainer.samples.resident = resident
        weights = initial_weights(job.spec, 0)
        trainer.load_state({f"model/{name}": array for name, array in weights.items()}, 0)
        values = trainer.run_chunk(0, epoch_batches(160, 16, 0, 0), np.full(10, 1e-3))
        answers.append((values["loss"], values["accuracy"], trainer.evaluate("validation")))
    return all(np.array_equal(a, b) for a, b in zip(*answers))


def refuse(case: str, folder: str) -> dict[str, Any]:
    """Return code and facts of a fault."""
    from tests.torch.cases import noisy_model

    spec = noisy_model()
    try:
        if case == "weights":
            load_weights(build(spec), {**initial_weights(spec, 0), "head/bias": np.zeros(7)})
        elif case == "memory":
            from engines.backends.torch.devices import memory_faults

            with memory_faults(torch.device("cpu"), 16):
                torch.empty(1 << 60, dtype=torch.uint8)
    except WorkbenchError as error:
        return {"code": error.code.value, **error.facts}
    return {}
