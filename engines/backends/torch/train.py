"""Training with PyTorch: chunks of steps without a device sync, driven by the loop all engines share."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from engines.backends.torch import optimizers
from engines.backends.torch.build import DTYPES, DesignModule, build, load_weights, read_weights
from engines.backends.torch.devices import memory_faults, open_device
from engines.backends.torch.losses import LOSSES, step_metric
from engines.backends.torch.samples import Samples
from engines.contract.events import Event
from engines.contract.jobs import TrainJob
from engines.contract.spec import GraphSpec, Recipe
from engines.training import session
from engines.training.control import ControlFlags
from engines.training.losses import LOSSES as LOSS_ROWS
from engines.training.plan import free_cores, thread_candidates
from engines.training.shards import Shards
from engines.training.trainer import Arrays
from engines.training.words import step_seeds

EVALUATION_BATCH = 256
MEASURED_STEPS, MEASURED_SECONDS = 20, 0.04


def train(job: TrainJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a training job."""
    return session.train(job, flags, "torch", TorchTrainer)


class TorchTrainer:
    """A module, its optimizer and the data on a device; see ``engines.training.trainer.Trainer``."""

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        self.recipe = job.recipe
        self.device = open_device(job.device)
        full_precision()
        self.environment: Mapping[str, str] = {
            "torch": torch.__version__,
            "cuda": torch.version.cuda or "",
        }
        with memory_faults(self.device, self.recipe.batch_size):
            self.module = build(job.spec, self.recipe.precision).to(self.device)
            self.samples = samples_of(shards, self.module, self.recipe, self.device)
        self.optimizer = optimizers.make_optimizer(self.module, self.recipe)
        self._loss = LOSSES[self.recipe.loss]
        self._row = LOSS_ROWS[self.recipe.loss]
        self._random = any(isinstance(part, nn.Dropout) for part in self.module.modules())

    def thread_candidates(self) -> Sequence[int]:
        """Return the thread counts worth measuring; a CUDA device needs one."""
        return thread_candidates(free_cores()) if self.device.type == "cpu" else (1,)

    def set_threads(self, threads: int) -> None:
        """Fix PyTorch's threads for this process."""
        torch.set_num_threads(threads)

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        """Return seconds a step on copies; the first steps, which warm up, do not count."""
        self.set_threads(threads)
        module = copy.deepcopy(self.module)
        optimizer = optimizers.make_optimizer(module, self.recipe)
        with memory_faults(self.device, self.recipe.batch_size):
            for _ in range(2):
                self._steps(module, optimizer, 0, batches[:1], np.zeros(1))
            self._synchronize()
            done, begin = 0, time.perf_counter()
            while done < MEASURED_STEPS and time.perf_counter() - begin < MEASURED_SECONDS:
                batch = batches[done % len(batches)][None]
                self._steps(module, optimizer, 0, batch, np.zeros(1))
                self._synchronize()
                done += 1
        return (time.perf_counter() - begin) / done

    def _synchronize(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.floating[Any]]]:
        """Train a chunk of steps; one transfer from the device at its end."""
        with memory_faults(self.device, self.recipe.batch_size):
            losses, metric = self._steps(self.module, self.optimizer, first_step, batches, rates)
            both = torch.stack([losses, metric]).cpu().numpy()
        return {"loss": both[0], self._row.step_metric: both[1]}

    def _steps(
        self,
        module: DesignModule,
        optimizer: Optimizer,
        first_step: int,
        batches: npt.NDArray[np.int64],
        rates: npt.NDArray[np.float64],
    ) -> tuple[Tensor, Tensor]:
        inputs, targets = self.samples.batches("train", batches)
        seeds = step_seeds(self.recipe.seed, "dropout", first_step, len(batches)) if self._random else ()
        module.train()
        # The parameters' own list: Optimizer.zero_grad costs more than some layers of a small model.
        update = optimizers.bare_step(optimizer)
        parameters = optimizer.param_groups[0]["params"]
        losses: list[Tensor] = []
        outputs: list[Tensor] = []
        for step, (x, y, rate) in enumerate(zip(inputs.unbind(), targets.unbind(), rates.tolist())):
            if seeds:
                self._seed(seeds[step])
            optimizer.param_groups[0]["lr"] = rate
            output = module(x)
            loss = self._loss(output, y)
            loss.backward()
            update()
            for parameter in parameters:
                parameter.grad = None
            losses.append(loss.detach())
            outputs.append(output.detach())
        return torch.stack(losses), step_metric(self._row.targets, torch.stack(outputs), targets)

    def _seed(self, seed: int) -> None:
        """Make what is random in a step depend on the run's seed and the step alone."""
        if self.device.type == "cuda":
            torch.cuda.default_generators[self.device.index or 0].manual_seed(seed)
        else:
            torch.default_generator.manual_seed(seed)

    def evaluate(self, split: str) -> npt.NDArray[np.floating[Any]]:
        """Return the outputs for every sample of ``split``, in its order."""
        with memory_faults(self.device, EVALUATION_BATCH):
            return outputs_of(self.module, self.samples, split)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of weights and optimizer state; the engine has nothing of its own to keep."""
        weights = {f"model/{name}": array for name, array in read_weights(self.module).items()}
        return {**weights, **optimizers.read_state(self.module, self.optimizer, self.recipe.optimizer)}

    def load_state(self, arrays: Arrays, step: int) -> None:
        """Take over weights and optimizer state after ``step`` steps."""
        model = {name.removeprefix("model/"): array for name, array in arrays.items()}
        load_weights(self.module, model)
        optimizers.load_state(self.module, self.optimizer, self.recipe.optimizer, arrays, step)


def samples_of(shards: Shards, module: DesignModule, recipe: Recipe, device: torch.device) -> Samples:
    """Return the data as ``module`` takes them and its loss compares them."""
    return Samples(shards, output_shape(module.spec), recipe.loss, device, DTYPES[recipe.precision])


def outputs_of(module: DesignModule, samples: Samples, split: str) -> npt.NDArray[np.floating[Any]]:
    """Return the outputs of ``module`` for ``split``, in batches of 256, without training."""
    module.eval()
    parts = []
    with torch.inference_mode():
        for begin in range(0, samples.count(split), EVALUATION_BATCH):
            part = samples.slice(split, begin, begin + EVALUATION_BATCH)
            parts.append(module(part).cpu().numpy())
    return np.concatenate(parts)


def output_shape(spec: GraphSpec) -> tuple[int, ...]:
    """Return the shape of the design's one output, per sample."""
    return next(layer.output_shape for layer in spec.layers if layer.name == spec.outputs[0])


def full_precision() -> None:
    """Compute float32 as float32 on every device: engines are held against one another."""
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
