"""Training with JAX: a chunk of steps is one call of one compiled function, driven by the shared loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import flax
import jax
import numpy as np
import numpy.typing as npt

from engines.backends.jax import runtime, scaling
from engines.backends.jax.abilities import ABILITIES
from engines.backends.jax.build import build, load_weights, read_weights
from engines.backends.jax.devices import memory_faults, open_device
from engines.backends.jax.optimizers import Optimizer
from engines.backends.jax.samples import Samples
from engines.backends.jax.steps import MOST_STEPS, Outputs, State, Steps
from engines.backends.xla import loops_well
from engines.contract.events import Event
from engines.contract.jobs import TrainJob, TuneJob
from engines.training import session
from engines.training.abilities import check_abilities
from engines.training.control import ControlFlags
from engines.training.losses import LOSSES as LOSS_ROWS
from engines.training.order import batch_shape
from engines.training.run_folder import lasting_threads
from engines.training.shards import Shards
from engines.training.trainer import EVALUATION_BATCH, Arrays
from engines.training.tune import tune

MEASURED_STEPS = 16
GATHERED_STEPS = 8
"""So many steps a call where the samples do not lie on the device."""


def train(job: TrainJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a training job."""
    return session.train(job, flags, "jax", JaxTrainer)


def tune_here(job: TuneJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a tuning job."""
    return tune(job, flags, "jax", JaxTrainer, ABILITIES)


class JaxTrainer:
    """A model, its optimizer and the data on a device; see ``engines.training.trainer.Trainer``."""

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        self.recipe = job.recipe
        check_abilities(self.recipe, ABILITIES, job.device)
        self.threads = runtime.use_threads(lasting_threads(job))
        runtime.keep_compiled(Path(job.data))
        self.device = open_device(job.device)
        self.environment: Mapping[str, str] = {"jax": jax.__version__, "flax": flax.__version__}
        with memory_faults(self.device, self.recipe.batch_size):
            self.model = build(job.spec, self.recipe.precision)
            self.samples = Samples(shards, self.model, self.recipe.loss, self.device)
            self.optimizer = Optimizer(self.model, self.recipe)
            looped = loops_well(job.spec, self.device.platform == "cpu")
            self._steps = Steps(self.model, self.optimizer, self.recipe, self._room(), looped)
            self._outputs = Outputs(self.model)
        self._row = LOSS_ROWS[self.recipe.loss]
        self._state: State = self._placed({}, 0)

    def _room(self) -> int:
        """Return for how many steps a call has room: an epoch, in powers of two, within bounds."""
        if not self.samples.resident:
            return GATHERED_STEPS
        steps, _ = batch_shape(self.samples.count("train"), self.recipe.batch_size)
        return min(1 << max(steps - 1, 0).bit_length(), MOST_STEPS)

    def thread_candidates(self) -> Sequence[int]:
        """Return the one count in force: XLA takes another only in a new process."""
        return (self.threads,)

    def set_threads(self, threads: int) -> None:
        """Do nothing: the threads were set before the first operation."""

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        """Return seconds a step, on copies of the state."""
        kept = self._state
        self._state = jax.device_put(jax.tree.map(np.array, kept), self.device)
        some = np.resize(batches, (min(MEASURED_STEPS, self._steps.room), batches.shape[1]))
        try:
            self.run_chunk(0, some[:2], np.zeros(2))
            begin = perf_counter()
            self.run_chunk(0, some, np.zeros(len(some)))
            seconds = (perf_counter() - begin) / len(some)
            if self.samples.count("validation"):
                self.evaluate("validation")  # compiled before the first step, too
            return seconds
        finally:
            self._state = kept

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.floating[Any]]]:
        """Train a chunk of steps; one transfer from the device at its end."""
        found = []
        with memory_faults(self.device, self.recipe.batch_size):
            for at in range(0, len(batches), self._steps.room):
                rows = slice(at, at + self._steps.room)
                found.append(self._call(first_step + at, batches[rows], rates[rows]))
        losses, metric = np.concatenate(found, axis=1)
        return {"loss": losses, self._row.step_metric: metric}

    def _call(self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]) -> Any:
        skipped = int(self._state.scaler.get("skipped_steps", 0))
        given = self._steps.given(self.samples, first_step, skipped, batches, rates)
        self._state, found = self._steps(self._state, given, len(batches))
        return found

    def evaluate(self, split: str) -> npt.NDArray[np.floating[Any]]:
        """Return the outputs for every sample of ``split``, in its order."""
        with memory_faults(self.device, EVALUATION_BATCH):
            arrays = {**self._state.values, **self._state.running}
            return self._outputs.of_split(arrays, self.samples, split)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the weights alone, by canonical name."""
        return read_weights(self.model, {**self._state.values, **self._state.running})

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of weights and optimizer state, and of the loss's scale where there is one."""
        weights = {f"model/{name}": array for name, array in self.weights().items()}
        return {**weights, **self.optimizer.read(self._state.slots), **scaling.read(self._state.scaler)}

    def load_state(self, arrays: Arrays, step: int) -> None:
        """Take over weights and optimizer state after ``step`` steps."""
        load_weights(self.model, {name.removeprefix("model/"): array for name, array in arrays.items()})
        with memory_faults(self.device, self.recipe.batch_size):
            self._state = self._placed(arrays, step)

    def _placed(self, arrays: Arrays, step: int) -> State:
        kinds = {entry.name: entry.trainable for entry in self.model.parameters}
        own = self.model.arrays
        state = State(
            {name: own[name] for name, trained in kinds.items() if trained},
            {name: own[name] for name, trained in kinds.items() if not trained},
            self.optimizer.load(arrays, step),
            scaling.load(arrays) if self.recipe.precision == "fp16" else {},
        )
        placed: State = jax.device_put(state, self.device)
        return placed
