"""What an engine offers to the training loop that all engines share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from engines.contract.errors import WorkbenchError
from engines.contract.jobs import TrainJob
from engines.training.shards import Shards

Arrays = Mapping[str, npt.NDArray[Any]]
EVALUATION_BATCH = 256
"""So many samples, or about so many, are answered at once without training."""


class Trainer(Protocol):
    """A model, its optimizer and the data on a device. The loop calls it on one thread, step by chunk."""

    environment: Mapping[str, str]
    """Versions worth recording."""

    def thread_candidates(self) -> Sequence[int]:
        """Return the thread counts worth measuring; one where the device decides."""
        ...

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        """Return seconds a step with ``threads``, on throw-away copies: nothing of the training changes."""
        ...

    def set_threads(self, threads: int) -> None:
        """Fix the thread count for all that follows."""
        ...

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.floating[Any]]]:
        """Train ``len(batches)`` steps; rows are positions in the training split.

        Returns, in the recipe's precision, ``loss`` and the loss's step metric of every step, of the batch
        before its update. What is random in a step depends on the recipe's seed and the step's number alone.
        """
        ...

    def evaluate(self, split: str) -> npt.NDArray[np.floating[Any]]:
        """Return the outputs for every sample of ``split``, in its order, without training."""
        ...

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the weights alone, by canonical name."""
        ...

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of ``model/…``, ``optimizer/…`` and ``engine/…`` arrays."""
        ...

    def load_state(self, arrays: Arrays, step: int) -> None:
        """Take over such arrays after ``step`` steps; without optimizer arrays its slots are fresh.

        Raises:
            WorkbenchError: ``CHECKPOINT_UNFIT``.
        """
        ...


@runtime_checkable
class Prepares(Protocol):
    """A trainer with more than one way to run its steps, some of which have to be compiled first."""

    mode: str
    """The way in force, one of the engine's ``modes``."""
    compiles: bool
    """Whether it has to be compiled before the first step."""

    def prepare(self, batches: npt.NDArray[np.int64]) -> WorkbenchError | None:
        """Compile for such batches, without changing anything of the training.

        Where that fails, take the way that needs no compiling from here on, and return the reason
        (``COMPILE_FAILED``).
        """
        ...


class TrainerMaker(Protocol):
    """Builds an engine's trainer; may import the engine."""

    def __call__(self, job: TrainJob, shards: Shards) -> Trainer:
        """Return a trainer with the weights still undefined."""
        ...
