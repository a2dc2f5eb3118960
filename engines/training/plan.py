"""How many threads and how many steps a chunk: measured before the first step, then fixed for the run."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CHUNK_SECONDS = 0.05
"""A chunk takes about so long: short enough for live charts, long enough to cost nothing."""


@dataclass(frozen=True)
class Plan:
    """What is recorded in the run, since it changes rounding."""

    threads: int
    chunk_steps: int
    mode: str = ""


def free_cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def thread_candidates(cores: int) -> tuple[int, ...]:
    """Return the thread counts worth measuring; a core is left for the window."""
    usable = max(cores - 1, 1)
    powers = [1 << n for n in range(usable.bit_length()) if 1 << n <= usable]
    return tuple(sorted({*powers, usable}))


def choose_plan(
    measure: Callable[[int], float],
    candidates: Sequence[int],
    steps_per_epoch: int,
    threads: int = 0,
    chunk_steps: int = 0,
) -> Plan:
    """Measure what is not given. ``measure(threads)`` returns seconds a step.

    More threads must win by a tenth: a tie goes to fewer.
    """
    if threads and chunk_steps:
        return Plan(threads, chunk_steps)
    best, seconds = 0, float("inf")
    for count in (threads,) if threads else candidates:
        took = measure(count)
        if took < 0.9 * seconds:
            best, seconds = count, took
        elif took > 1.5 * seconds:
            break
    steps = chunk_steps or round(CHUNK_SECONDS / max(seconds, 1e-9))
    return Plan(best, max(1, min(steps, steps_per_epoch)))
