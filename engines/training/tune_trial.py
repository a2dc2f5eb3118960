"""Where ways to train are tried: a trainer for each, as for a run, on a part of the data. Framework-free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.jobs import TrainJob, TuneJob
from engines.contract.spec import Recipe
from engines.training.initial_weights import initial_weights
from engines.training.order import epoch_batches
from engines.training.plan import CHUNK_SECONDS
from engines.training.recipes import check_recipe
from engines.training.shards import Shards, open_shards
from engines.training.trainer import Prepares, Trainer, TrainerMaker
from engines.training.tune_ways import Way, alike

STEPS_HELD = 256
"""So many steps' samples are enough to measure with."""
Clock = Callable[[], float]


class Trial:
    """Opens ways and lets them take their turns; ``held`` are ways whose trainers serve others, too."""

    def __init__(self, job: TuneJob, make: TrainerMaker, clock: Clock, largest_batch: int) -> None:
        self.job, self._make, self._clock = job, make, clock
        self._shards = _some(open_shards(job.data), STEPS_HELD * largest_batch)
        self.samples = len(self._shards.indices["train"])
        self.held: list[Way] = []
        self._took: dict[str, float] = {}

    def compile_seconds(self, recipe: Recipe) -> float | None:
        """Return about how long this takes to get ready, 0 if it is; None where none like it was tried."""
        if self._holder(recipe) is not None:
            return 0.0
        return self._took.get(recipe.run_mode)

    def open(self, way: Way, threads: int = 0) -> None:
        """Build, compile and warm up, with so many threads where the recipe names none.

        What cannot be run gets a ``fault``.
        """
        begin, holder = self._clock(), self._holder(way.recipe)
        try:
            check_recipe(way.recipe)
            known = holder.trainer if holder is not None else None
            trainer = known or self._make(self._job(way.recipe), self._shards)
            way.threads = way.recipe.threads or threads or trainer.thread_candidates()[0]
            trainer.set_threads(way.threads)
            if known is None:
                way.fault = self._ready(way.recipe, trainer)
            if way.fault is None:
                self._settle(way, trainer)
        except WorkbenchError as error:
            way.fault = error
        way.compile_seconds = self._clock() - begin
        if holder is None:
            self._took[way.recipe.run_mode] = way.compile_seconds

    @staticmethod
    def leave_out(way: Way, seconds: float) -> None:
        """Say that there is no time for a way."""
        way.fault = WorkbenchError(ErrorCode.TUNE_NO_TIME, seconds=max(1, round(seconds)))

    def turn(self, way: Way, seconds: float) -> None:
        """Train for so long, by whole calls, and note samples a second."""
        assert way.trainer is not None
        way.trainer.set_threads(way.threads)
        batches = self._batches(way.recipe)[: way.steps]
        begin, done = self._clock(), 0
        while not done or self._clock() - begin < seconds:
            self._call(way.trainer, batches)
            done += batches.size
        way.rates.append(done / (self._clock() - begin))

    def _holder(self, recipe: Recipe) -> Way | None:
        return next((way for way in self.held if way.trainer and alike(recipe, way.recipe)), None)

    def _job(self, recipe: Recipe) -> TrainJob:
        job = self.job
        return TrainJob("", job.spec, recipe, job.data, job.manifest, job.device)

    def _ready(self, recipe: Recipe, trainer: Trainer) -> WorkbenchError | None:
        weights = initial_weights(self.job.spec, recipe.seed)
        trainer.load_state({f"model/{name}": array for name, array in weights.items()}, 0)
        if isinstance(trainer, Prepares) and trainer.compiles:
            return trainer.prepare(self._batches(recipe))
        return None

    def _settle(self, way: Way, trainer: Trainer) -> None:
        """Choose steps a call where the recipe names none, and run one such call so that the next is warm."""
        way.trainer, batches = trainer, self._batches(way.recipe)
        wanted = way.steps or way.recipe.chunk_steps or self._call_steps(trainer, batches)
        way.steps = min(wanted, len(batches))
        if way.steps > 1:
            self._call(trainer, batches[: way.steps])

    def _call_steps(self, trainer: Trainer, batches: npt.NDArray[np.int64]) -> int:
        """Return how many steps go into the usual length of a call."""
        self._call(trainer, batches[:1])
        took = self._call(trainer, batches[:1])
        if took > CHUNK_SECONDS:
            return 1
        some = min(len(batches), max(1, round(CHUNK_SECONDS / 4 / took)))
        took = min(took, self._call(trainer, batches[:some]) / some)
        return max(1, min(len(batches), round(CHUNK_SECONDS / took)))

    def _call(self, trainer: Trainer, batches: npt.NDArray[np.int64]) -> float:
        begin = self._clock()
        trainer.run_chunk(0, batches, np.zeros(len(batches)))
        return max(self._clock() - begin, 1e-9)

    def _batches(self, recipe: Recipe) -> npt.NDArray[np.int64]:
        return epoch_batches(self.samples, recipe.batch_size, recipe.seed, 0)


def _some(shards: Shards, samples: int) -> Shards:
    """Return the data with no more samples in each split than are wanted to measure with."""
    return replace(shards, indices={key: held[:samples] for key, held in shards.indices.items()})
