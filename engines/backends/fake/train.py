"""The fake engine's training: a loss curve in closed form, in the loop and run folder of every engine."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.backends.fake.build import build
from engines.backends.fake.probe import VERSION
from engines.backends.fake.script import perform, read_script
from engines.contract.events import Event
from engines.contract.jobs import TrainJob, TuneJob
from engines.training import session
from engines.training.abilities import Abilities
from engines.training.control import ControlFlags
from engines.training.losses import LOSSES
from engines.training.order import batch_shape
from engines.training.shards import Shards
from engines.training.trainer import Arrays
from engines.training.tune import tune


def train(job: TrainJob, flags: ControlFlags) -> Iterator[Event]:
    """Yield the training's events, spoilt as the job's device says."""
    script = read_script(job.device)
    return perform(script, session.train(job, flags, "fake", FakeTrainer))


ABILITIES = Abilities(
    "Fake",
    ("fp32",),
    ("plain", "hurried"),
    ("channels_first", "channels_last"),
    compiling={"hurried": 4.0},
)


def tune_here(job: TuneJob, flags: ControlFlags) -> Iterator[Event]:
    """Yield a tuning's events, spoilt as the job's device says; what is measured is its own clock."""
    PacedTrainer.now = 0.0
    answers = tune(job, flags, "fake", PacedTrainer, ABILITIES, lambda: PacedTrainer.now)
    return perform(read_script(job.device), answers)


def learned(step: float, total: int) -> float:
    """Return how much is learned after ``step`` of ``total`` steps: from 0 towards 1."""
    return 1.0 - math.exp(-5.0 * step / max(total, 1))


def curve(first_step: int, count: int, total: int, seed: int) -> npt.NDArray[np.float32]:
    """Return the loss of ``count`` steps: an exponential decay with a ripple of the seed's phase."""
    steps = np.arange(first_step, first_step + count)
    ripple = 1 + 0.05 * np.sin(steps + seed)
    return ((0.05 + 2.25 * np.exp(-5.0 * steps / max(total, 1))) * ripple).astype(np.float32)


class FakeTrainer:
    """Learns by the clock: what it answers depends on the targets and the number of steps alone."""

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        self.environment: Mapping[str, str] = {"fake": VERSION}
        self._recipe = job.recipe
        self._shards = shards
        self._output = job.spec.output.output_shape
        self._weights = build(job.spec, job.recipe.seed)
        self._row = LOSSES[job.recipe.loss]
        steps, _ = batch_shape(len(shards.indices["train"]), job.recipe.batch_size)
        self._total = steps * job.recipe.epochs
        self._step = 0

    def thread_candidates(self) -> Sequence[int]:
        """Return one: there is nothing to share."""
        return (1,)

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        """Return five milliseconds, so that a chunk has ten steps."""
        return 0.005

    def set_threads(self, threads: int) -> None:
        """Do nothing: there are none."""

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Return the curve's next stretch."""
        loss = curve(first_step, len(batches), self._total, self._recipe.seed)
        self._step = first_step + len(batches)
        return {"loss": loss, self._row.step_metric: np.exp(-loss)}

    def evaluate(self, split: str) -> npt.NDArray[np.float32]:
        """Return the targets themselves as far as they are learned."""
        targets = self._shards.targets[self._shards.indices[split]]
        if self._row.targets == "classes":
            answers = np.eye(self._output[-1])[targets]
        elif self._row.targets == "binary":
            answers = 2.0 * targets.reshape(-1, *self._output) - 1.0
        else:
            answers = targets.reshape(-1, *self._output)
        return np.asarray(answers * learned(self._step, self._total), np.float32)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the weights alone, by canonical name."""
        return {name: array.copy() for name, array in self._weights.items()}

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the weights as they were loaded."""
        return {f"model/{name}": array for name, array in self.weights().items()}

    def load_state(self, arrays: Arrays, step: int) -> None:
        """Take over the weights and the place on the curve."""
        self._weights = {name: arrays[f"model/{name}"] for name in self._weights}
        self._step = step


class PacedTrainer(FakeTrainer):
    """Takes 1 ms a step by a clock of its own, half of that when hurried, and 0.2 ms for each call.

    A person at the window sees it go by, ten times as fast.
    """

    now = 0.0

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        super().__init__(job, shards)
        self.mode = ABILITIES.mode(job.recipe)
        self._each = 1e-3 * (0.5 if self.mode == "hurried" else 1.0)
        self._each *= 0.8 if ABILITIES.layout(job.recipe) == "channels_last" else 1.0

    @property
    def compiles(self) -> bool:
        """Whether it is to be compiled before the first step."""
        return self.mode == "hurried"

    def prepare(self, batches: npt.NDArray[np.int64]) -> None:
        """Take three seconds."""
        self._pass(3.0)

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Let the time of so many steps pass."""
        self._pass(2e-4 + self._each * len(batches))
        return super().run_chunk(first_step, batches, rates)

    @staticmethod
    def _pass(seconds: float) -> None:
        PacedTrainer.now += seconds
        time.sleep(seconds / 10)
