"""Tune for this machine: measure ways to train one design, and take the fastest. Framework-free.

One question after another: how many threads, which mode and memory layout, which batch size, how many steps
a call. The ways of one question are measured in turns, so that a busy moment falls on all of them, and the
median counts. A way has to win clearly; a tie goes to the one before. Compiling is timed apart.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
import numpy.typing as npt

from engines.contract.errors import WorkbenchError
from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.jobs import TrainJob, TuneJob
from engines.contract.spec import Recipe
from engines.contract.views import TuneRow, TuneView
from engines.training.abilities import Abilities
from engines.training.control import ControlFlags
from engines.training.initial_weights import initial_weights
from engines.training.order import batch_shape, epoch_batches
from engines.training.plan import CHUNK_SECONDS, free_cores, thread_candidates
from engines.training.recipes import check_recipe
from engines.training.run_folder import now
from engines.training.shards import Shards, open_shards
from engines.training.trainer import Prepares, Trainer, TrainerMaker

REPEATS = 5
CLEARLY = 1.03
"""So much faster a way has to be than the one before …"""
CLEARLY_MORE_THREADS = 1.1
"""… and so much with more threads, which the window and others want, too."""
LONGEST_CALL = 4 * CHUNK_SECONDS
"""Nobody is heard and nothing shown within one call; a longer one is not offered."""
STEPS_HELD = 256
"""So many steps' samples are enough to measure with."""
_GROWTH = (1, 2, 4)


@dataclass
class Way:
    """One recipe that is tried, with what was measured of it."""

    recipe: Recipe
    settings: dict[str, str | int]
    rates: list[float] = field(default_factory=list)
    compile_seconds: float = 0.0
    fault: WorkbenchError | None = None
    trainer: Trainer | None = None

    @property
    def rate(self) -> float:
        """Samples a second; 0 where it could not be run."""
        return statistics.median(self.rates) if self.rates else 0.0

    def beats(self, other: Way, clearly: float) -> bool:
        """Tell whether this way is so much faster, and was so in all turns but one at least."""
        ratios = [mine / theirs for mine, theirs in zip(self.rates, other.rates)]
        ahead = sum(ratio > 1.0 for ratio in ratios)
        return statistics.median(ratios) > clearly and ahead >= len(ratios) - 1

    def row(self, stage: str, chosen: bool) -> TuneRow:
        """Return what the table shows."""
        spread = (max(self.rates) - min(self.rates)) / self.rate if self.rates else 0.0
        fault = self.fault
        return TuneRow(
            stage,
            self.settings,
            self.rate,
            spread,
            self.compile_seconds,
            chosen,
            fault.code.value if fault else "",
            fault.facts if fault else {},
        )


class Tuning:
    """The questions of one job on one engine; ``make`` builds a trainer as for a run."""

    def __init__(self, job: TuneJob, make: TrainerMaker, abilities: Abilities) -> None:
        self.job, self._make, self.abilities = job, make, abilities
        most = max(_GROWTH) * job.recipe.batch_size
        self._shards = _some(open_shards(job.data), STEPS_HELD * most)
        self.best = job.recipe
        self._held: Trainer | None = None
        """The best way's own, so that what is compiled need not be compiled for the next question."""
        self.rows: list[TuneRow] = []

    def ask(self, stage: str, ways: Sequence[Way], seconds: float, *, take: bool = True) -> Iterator[None]:
        """Measure ``ways`` in turns; the first is the recipe as it stands. Yields between measurements."""
        clearly = CLEARLY_MORE_THREADS if stage == "threads" else CLEARLY
        for way in ways:
            self._open(way)
            yield
        able = [way for way in ways if way.fault is None]
        each = seconds / max(1, REPEATS * len(able))
        for _ in range(REPEATS):
            for way in able:
                self._measure(way, each)
                yield
        chosen: Way | None = None
        for way in able:
            if chosen is None or way.beats(chosen, clearly):
                chosen = way
        for way in ways:
            self.rows.append(way.row(stage, take and way is chosen))
        if take and chosen is not None:
            self.best, self._held = chosen.recipe, chosen.trainer
        for way in ways:
            way.trainer = None

    def _open(self, way: Way) -> None:
        """Build, compile and warm up; what that took beyond a second run is the time to compile."""
        recipe = way.recipe
        job = TrainJob("", self.job.spec, recipe, self.job.data, self.job.manifest, self.job.device)
        begin = perf_counter()
        try:
            check_recipe(recipe)
            if self._held is not None and _alike(recipe, self.best):
                self._settle(way, self._held)
            else:
                self._begin(way, self._make(job, self._shards))
        except WorkbenchError as error:
            way.fault = error
        way.compile_seconds = perf_counter() - begin

    def _begin(self, way: Way, trainer: Trainer) -> None:
        weights = initial_weights(self.job.spec, way.recipe.seed)
        trainer.load_state({f"model/{name}": array for name, array in weights.items()}, 0)
        trainer.set_threads(way.recipe.threads or trainer.thread_candidates()[0])
        if isinstance(trainer, Prepares) and trainer.compiles:
            way.fault = trainer.prepare(self._batches(way.recipe))
        if way.fault is None:
            self._settle(way, trainer)

    def _settle(self, way: Way, trainer: Trainer) -> None:
        """Choose steps a call where the recipe names none, and run one such call so that the next is warm."""
        way.trainer, batches = trainer, self._batches(way.recipe)
        if not way.recipe.chunk_steps:
            steps = self.call_steps(trainer, batches)
            way.recipe = replace(way.recipe, chunk_steps=steps)
        _call(trainer, batches[: way.recipe.chunk_steps])

    def call_steps(self, trainer: Trainer, batches: npt.NDArray[np.int64]) -> int:
        """Return how many steps go into the usual length of a call."""
        _call(trainer, batches[:1])
        took = _call(trainer, batches[:1])
        some = min(len(batches), max(1, round(CHUNK_SECONDS / 4 / took)))
        took = min(took, _call(trainer, batches[:some]) / some)
        return max(1, min(len(batches), round(CHUNK_SECONDS / took)))

    def _measure(self, way: Way, seconds: float) -> None:
        assert way.trainer is not None
        way.trainer.set_threads(way.recipe.threads or way.trainer.thread_candidates()[0])
        batches = self._batches(way.recipe)[: way.recipe.chunk_steps]
        begin, done = perf_counter(), 0
        while not done or perf_counter() - begin < seconds:
            _call(way.trainer, batches)
            done += batches.size
        way.rates.append(done / (perf_counter() - begin))

    def _batches(self, recipe: Recipe) -> npt.NDArray[np.int64]:
        return epoch_batches(len(self._shards.indices["train"]), recipe.batch_size, recipe.seed, 0)

    def threads_here(self) -> tuple[int, ...]:
        """Return the counts that this process can measure; raises what the recipe itself meets."""
        job = self.job
        if job.threads_only:
            return (job.recipe.threads,)
        train = TrainJob("", job.spec, job.recipe, job.data, job.manifest, job.device)
        found = tuple(self._make(train, self._shards).thread_candidates())
        several = job.device == "cpu" and len(found) > 1
        return every_thread_count(free_cores()) if several else found

    # --- the questions ---

    def thread_ways(self, counts: Sequence[int]) -> list[Way]:
        """Return a way for each count, fewest first."""
        return [Way(replace(self.best, threads=count), {"threads": count}) for count in counts]

    def run_ways(self) -> list[Way]:
        """Return every mode in every memory layout, the recipe's own first."""
        images = len(self.job.manifest.input_shape) == 3
        layouts = self.abilities.layouts if images else (self.abilities.layout(self.best),)
        own = (self.abilities.mode(self.best), self.abilities.layout(self.best))
        pairs = [(mode, layout) for mode in self.abilities.modes for layout in layouts]
        return [
            self._run_way(mode, layout, images)
            for mode, layout in sorted(pairs, key=lambda pair: pair != own)
        ]

    def _run_way(self, mode: str, layout: str, images: bool) -> Way:
        several = images and len(self.abilities.layouts) > 1
        settings: dict[str, str | int] = {"run_mode": mode}
        if several:
            settings["memory_layout"] = layout
        recipe = replace(self.best, run_mode=mode, chunk_steps=self.job.recipe.chunk_steps)
        return Way(replace(recipe, memory_layout=layout) if several else recipe, settings)

    def batch_ways(self) -> list[Way]:
        """Return the recipe's batch size, and two larger ones that the data fill."""
        most = len(self._shards.indices["train"])
        sizes = [growth * self.best.batch_size for growth in _GROWTH]
        steps = self.job.recipe.chunk_steps
        return [
            Way(replace(self.best, batch_size=size, chunk_steps=steps), {"batch_size": size})
            for size in sizes
            if size <= most or size == self.best.batch_size
        ]

    def call_ways(self) -> list[Way]:
        """Return fewer and more steps a call, up to an epoch and to what a person would wait for."""
        own = self.best.chunk_steps
        epoch, _ = batch_shape(self.job.manifest.splits.get("train", 0), self.best.batch_size)
        longest = max(1, min(epoch, own * round(LONGEST_CALL / CHUNK_SECONDS)))
        counts = dict.fromkeys((min(own, longest), max(1, own // 4), min(longest, 4 * own), longest))
        return [Way(replace(self.best, chunk_steps=count), {"chunk_steps": count}) for count in counts]


def _call(trainer: Trainer, batches: npt.NDArray[np.int64]) -> float:
    begin = perf_counter()
    trainer.run_chunk(0, batches, np.zeros(len(batches)))
    return max(perf_counter() - begin, 1e-9)


def _alike(first: Recipe, second: Recipe) -> bool:
    """Tell whether one trainer serves both: threads and steps a call are told it anew each time."""
    return replace(first, threads=0, chunk_steps=0) == replace(second, threads=0, chunk_steps=0)


def _some(shards: Shards, samples: int) -> Shards:
    """Return the data with no more samples in each split than are wanted to measure with."""
    return Shards(
        shards.inputs, shards.targets, {key: held[:samples] for key, held in shards.indices.items()}
    )


def every_thread_count(cores: int) -> tuple[int, ...]:
    """Return the counts worth measuring, all cores among them."""
    return tuple(sorted({*thread_candidates(cores), cores}))


def tune(
    job: TuneJob, flags: ControlFlags, engine: str, make: TrainerMaker, abilities: Abilities
) -> Iterator[Event]:
    """Answer a tuning job; a stop ends it without an answer.

    Raises:
        WorkbenchError: what keeps the recipe itself from being run at all.
    """
    tuning = Tuning(job, make, abilities)
    here = tuning.threads_here()
    for done, total in _questions(tuning, here):
        if flags.should_stop:
            yield Stopped(step=done, kept=False)
            return
        yield Progress(stage="tune", done=done, total=total)
    yield Answer(_view(engine, tuning, here))
    yield Finished()


_STAGES = ("threads", "way", "batch_size", "chunk_steps", "check")
_PARTS = 100


def _questions(tuning: Tuning, threads: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Go through all questions; yields how far of how much."""
    job = tuning.job
    stages = _STAGES[:1] if job.threads_only else _STAGES
    for number, stage in enumerate(stages):
        ways = _ways(tuning, stage, threads)
        take = stage != "check" and (stage != "batch_size" or job.batch_size)
        parts = len(ways) * (1 + REPEATS)
        for part, _ in enumerate(tuning.ask(stage, ways, job.seconds / len(stages), take=take)):
            yield round(_PARTS * (number + part / parts)), _PARTS * len(stages)


def _ways(tuning: Tuning, stage: str, threads: Sequence[int]) -> list[Way]:
    if stage == "threads":
        return tuning.thread_ways(threads)
    if stage == "way":
        return tuning.run_ways()
    if stage == "batch_size":
        return tuning.batch_ways()
    if stage == "chunk_steps":
        return tuning.call_ways()
    before = tuning.job.recipe
    before = replace(before, threads=before.threads or threads[0])
    return [Way(before, {}), Way(tuning.best, {})]


def _view(engine: str, tuning: Tuning, here: Sequence[int]) -> TuneView:
    job, best = tuning.job, tuning.best
    rows = [row for row in tuning.rows if row.stage != "check"]
    check = [row.samples_per_second for row in tuning.rows if row.stage == "check"]
    settings = [key for row in rows if row.chosen for key in row.settings]
    elsewhere: tuple[int, ...] = ()
    if job.device == "cpu" and len(here) == 1 and not job.threads_only:
        elsewhere = tuple(count for count in every_thread_count(free_cores()) if count not in here)
    return TuneView(
        engine,
        job.device,
        tuple(rows),
        {key: getattr(best, key) for key in dict.fromkeys(settings)},
        check[0] if check else 0.0,
        check[1] if check else 0.0,
        elsewhere,
        now(),
    )
