"""Training with PyTorch: chunks of steps without a device sync, driven by the loop all engines share."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from engines.backends.torch.abilities import ABILITIES
from engines.backends.torch.build import DTYPES, DesignModule, build, load_weights, read_weights
from engines.backends.torch.devices import memory_faults, open_device, set_up
from engines.backends.torch.forward import compile_forward, forward_of, keep_compiled
from engines.backends.torch.losses import step_metric
from engines.backends.torch.own import OwnModule
from engines.backends.torch.samples import Samples
from engines.backends.torch.steps import Steps
from engines.contract.errors import WorkbenchError
from engines.contract.events import Event
from engines.contract.jobs import TrainJob, TuneJob
from engines.contract.spec import GraphSpec, Recipe
from engines.training import session
from engines.training.abilities import check_abilities, compile_fault
from engines.training.control import ControlFlags
from engines.training.losses import LOSSES as LOSS_ROWS
from engines.training.plan import free_cores, thread_candidates
from engines.training.shards import Shards
from engines.training.trainer import EVALUATION_BATCH, Arrays
from engines.training.tune import tune
from engines.training.words import step_seeds

MEASURED_STEPS, MEASURED_SECONDS = 20, 0.04


def train(job: TrainJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a training job."""
    return session.train(job, flags, "torch", TorchTrainer)


def tune_here(job: TuneJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a tuning job."""
    return tune(job, flags, "torch", TorchTrainer, ABILITIES)


class TorchTrainer:
    """A module, its optimizer and the data on a device; see ``engines.training.trainer.Trainer``."""

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        self.recipe = job.recipe
        self.device = open_device(job.device)
        check_abilities(self.recipe, ABILITIES, str(self.device))
        self.mode = ABILITIES.mode(self.recipe)
        set_up(self.device, self.recipe.precision)
        self.environment: Mapping[str, str] = {
            "torch": torch.__version__,
            "cuda": torch.version.cuda or "",
        }
        with memory_faults(self.device, self.recipe.batch_size):
            self.module = module_of(job.spec, self.recipe).to(self.device)
            self.samples = samples_of(shards, self.module, self.recipe, self.device)
            self._forward = forward_of(self.module, self.recipe.loss)
            if self.compiles:
                keep_compiled(Path(job.data))
            compiled = compile_forward(self._forward) if self.compiles else self._forward
            self.steps = Steps(self.module, self.recipe, compiled)
        self._step = 0
        self._row = LOSS_ROWS[self.recipe.loss]
        self._random = any(isinstance(part, (nn.Dropout, OwnModule)) for part in self.module.modules())

    @property
    def compiles(self) -> bool:
        """Whether the steps have to be compiled before the first."""
        return self.mode == "compiled"

    def prepare(self, batches: npt.NDArray[np.int64]) -> WorkbenchError | None:
        """Compile forward and backward; where that fails, run eagerly and return why."""
        try:
            with self._trial() as steps:
                self._train(steps, 0, batches[:1], np.zeros(1))
        except WorkbenchError:
            raise
        except Exception as error:  # noqa: BLE001 - a compiler's faults are of any type
            self.mode, self.steps.forward = "eager", self._forward
            return compile_fault(ABILITIES.title, "compiled", "eager", error)
        return None

    def thread_candidates(self) -> Sequence[int]:
        """Return the thread counts worth measuring; a CUDA device needs one."""
        return thread_candidates(free_cores()) if self.device.type == "cpu" else (1,)

    def set_threads(self, threads: int) -> None:
        """Fix PyTorch's threads for this process."""
        torch.set_num_threads(threads)

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        """Return seconds a step, all put back as it was; the first steps, which warm up, do not count."""
        self.set_threads(threads)
        with self._trial() as steps:
            for _ in range(2):
                self._train(steps, 0, batches[:1], np.zeros(1))
            self._synchronize()
            done, begin = 0, time.perf_counter()
            while done < MEASURED_STEPS and time.perf_counter() - begin < MEASURED_SECONDS:
                self._train(steps, 0, batches[done % len(batches)][None], np.zeros(1))
                self._synchronize()
                done += 1
            return (time.perf_counter() - begin) / done

    @contextmanager
    def _trial(self) -> Iterator[Steps]:
        """Give steps with an optimizer of their own; at its end the module is as it was."""
        kept = copy.deepcopy(self.module.state_dict())
        with memory_faults(self.device, self.recipe.batch_size):
            try:
                yield Steps(self.module, self.recipe, self.steps.forward)
            finally:
                for parameter in self.module.parameters():
                    parameter.grad = None
                self.module.load_state_dict(kept)

    def _synchronize(self) -> None:
        if self.device.type in ("cuda", "xpu", "mps"):
            torch.accelerator.synchronize(self.device)

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.floating[Any]]]:
        """Train a chunk of steps; one transfer from the device at its end."""
        with memory_faults(self.device, self.recipe.batch_size):
            losses, metric = self._train(self.steps, first_step, batches, rates)
            both = torch.stack([losses, metric]).cpu().numpy()
        self._step = first_step + len(batches)
        return {"loss": both[0], self._row.step_metric: both[1]}

    def _train(
        self, steps: Steps, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> tuple[Tensor, Tensor]:
        inputs, targets = self.samples.batches("train", batches)
        seeds = step_seeds(self.recipe.seed, "dropout", first_step, len(batches)) if self._random else ()
        losses, outputs = steps.run(inputs, targets, rates.tolist(), seeds, self._seed)
        return losses, step_metric(self._row.targets, outputs, targets)

    def _seed(self, seed: int) -> None:
        """Make what is random in a step depend on the run's seed and the step alone."""
        if self.device.type == "cuda":
            torch.cuda.default_generators[self.device.index or 0].manual_seed(seed)
        elif self.device.type in ("xpu", "mps"):
            torch.manual_seed(seed)  # of every device
        else:
            torch.default_generator.manual_seed(seed)

    def evaluate(self, split: str) -> npt.NDArray[np.floating[Any]]:
        """Return the outputs for every sample of ``split``, in its order, in the recipe's precision."""
        with memory_faults(self.device, EVALUATION_BATCH):
            return outputs_of(self.module, self.samples, split)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the weights alone, by canonical name."""
        return read_weights(self.module)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of weights, optimizer state, and what a scaled loss has learned."""
        weights = {f"model/{name}": array for name, array in self.weights().items()}
        return {**weights, **self.steps.state(self._step)}

    def load_state(self, arrays: Arrays, step: int) -> None:
        """Take over weights and optimizer state after ``step`` steps."""
        model = {name.removeprefix("model/"): array for name, array in arrays.items()}
        load_weights(self.module, model)
        self.steps.load(arrays, step)
        self._step = step


def module_of(spec: GraphSpec, recipe: Recipe) -> DesignModule:
    """Return the module of ``spec`` in the recipe's precision and layout."""
    return build(spec, recipe.precision, ABILITIES.layout(recipe))


def samples_of(shards: Shards, module: DesignModule, recipe: Recipe, device: torch.device) -> Samples:
    """Return the data as ``module`` takes them and its loss compares them."""
    outputs, dtype = module.spec.output.output_shape, DTYPES[recipe.precision]
    return Samples(shards, outputs, recipe.loss, device, dtype, ABILITIES.layout(recipe))


def outputs_of(module: DesignModule, samples: Samples, split: str) -> npt.NDArray[np.floating[Any]]:
    """Return the outputs of ``module`` for ``split``, in batches of 256, without training."""
    module.eval()
    with torch.inference_mode():
        return np.concatenate([module(part).cpu().numpy() for part in samples.parts(split, EVALUATION_BATCH)])
