"""What every engine shares when it shows the stages of its compiler: each is run, timed and compared."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.jobs import LowerJob
from engines.contract.views import GraphView, LoweredView, StageView
from engines.training.control import ControlFlags
from engines.training.model_facts import held_out_samples

Array = npt.NDArray[Any]
BATCH = 32
_ROUNDS, _ROUND_SECONDS = 7, 0.02


@dataclass(frozen=True)
class Stage:
    """One graph on the way; ``run`` answers a batch in the design's layout, None where it cannot."""

    key: str
    title: str
    graph: GraphView
    run: Callable[[Array], Array] | None = None
    reason: str = ""


def lower(
    job: LowerJob, flags: ControlFlags, engine: str, compiler: str, stages: Iterator[Stage], count: int
) -> Iterator[Event]:
    """Answer with a ``LoweredView``; ``stages`` makes at most ``count`` stages, one by one.

    Stages of progress: ``lower`` once a graph, ``measure``. At each a stop is obeyed.
    """
    made: list[Stage] = []
    for number in range(count):
        yield Progress(stage="lower", done=number, total=count + 1)
        if flags.should_stop:
            yield Stopped(step=number, kept=False)
            return
        stage = next(stages, None)
        if stage is None:
            break
        made.append(stage)
    yield Progress(stage="measure", done=count, total=count + 1)
    inputs = held_out_samples(Path(job.data), job.samples)
    batch = inputs[: min(BATCH, len(inputs))]
    answers = [_answers(stage, inputs) for stage in made]
    first = next((found for found in answers if found is not None), np.zeros(0))
    views = [
        StageView(stage.key, stage.title, stage.graph, latency, _error(found, first), stage.reason)
        for stage, found, latency in zip(made, answers, latencies(made, batch))
    ]
    largest = float(np.abs(first).max(initial=0.0))
    yield Answer(LoweredView(engine, compiler, tuple(views), len(inputs), len(batch), largest))
    yield Finished()


def _answers(stage: Stage, inputs: Array) -> Array | None:
    return np.asarray(stage.run(inputs), np.float64) if stage.run is not None else None


def _error(found: Array | None, first: Array) -> float:
    return math.nan if found is None else float(np.abs(found - first).max(initial=0.0))


def latencies(stages: Sequence[Stage], batch: Array) -> list[float]:
    """Return each stage's median milliseconds a batch; rounds go through all stages, so that a busy moment
    of the machine falls on all alike."""
    took: list[list[float]] = [[] for _ in stages]
    for _ in range(_ROUNDS):
        for stage, found in zip(stages, took):
            if stage.run is not None:
                found.extend(_round(stage.run, batch))
    return [1000 * median(found) if found else math.nan for found in took]


def _round(run: Callable[[Array], Array], batch: Array) -> list[float]:
    run(batch)
    found: list[float] = []
    begun = time.perf_counter()
    while not found or time.perf_counter() - begun < _ROUND_SECONDS:
        start = time.perf_counter()
        run(batch)
        found.append(time.perf_counter() - start)
    return found
