"""Runs of real engines, each in a process of its own, and what came of them."""

from __future__ import annotations

import dataclasses
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engines.contract.events import Crashed, Event, Finished, Log, Metrics
from engines.contract.jobs import EngineJob, TrainJob
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from engines.host.process import ProcessHost
from engines.runs.history import RunHistory
from engines.training.checkpoints import latest_valid
from engines.training.run_folder import read_run
from tests.helpers.engine_pythons import python_of
from tests.torch.cases import noisy_model

Digits = tuple[Path, DataManifest]
"""Where the prepared digits lie, and their manifest."""
Ask = Callable[[EngineJob], list[Event]]
KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def host_of(engine: str, **options: Any) -> ProcessHost:
    """Return a host whose child runs in the interpreter that holds the engine."""
    return ProcessHost(engine, python_of(engine), **options)


def events_of(engine: str, job: EngineJob, warm: bool = False) -> Iterator[Event]:
    """Run a job in a child of its own."""
    host = host_of(engine)
    try:
        if warm:
            host.warm()
        yield from host.run(job)
    finally:
        host.close()


@contextmanager
def standing(engine: str) -> Iterator[Ask]:
    """Give a function that runs jobs in one process of the engine, for those that leave nothing in it.

    For a fixture: a test that begins such a process, or one of the host's threads, has to end it.
    """
    host, before = host_of(engine, reusable=True), set(threading.enumerate())
    host.warm()
    try:
        deadline = time.monotonic() + 120
        while not any("writer" in thread.name for thread in set(threading.enumerate()) - before):
            assert time.monotonic() < deadline, "the engine's process does not answer"
            time.sleep(0.01)
        yield lambda job: list(host.run(job))
    finally:
        host.close()


def finished(by: str | Ask, job: EngineJob) -> Finished:
    """Run a job to its end in a new process of an engine, or by a standing one; it may say nothing."""
    events = list(events_of(by, job)) if isinstance(by, str) else by(job)
    last = events[-1]
    assert isinstance(last, Finished), last
    assert said(events) == []
    return last


def said(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Log)]


def noisy_job(
    run: Path, digits: Digits, resume: bool = False, spec: GraphSpec | None = None, **changes: Any
) -> TrainJob:
    """Return a short training of a design that has what a resume can get wrong, or of another one."""
    values = {"epochs": 6, "batch_size": 32, "threads": 1, "chunk_steps": 5, **changes}
    design = spec or noisy_model()
    return TrainJob(str(run), design, Recipe(**values), str(digits[0]), digits[1], resume=resume)


def template_job(name: str, run: Path, digits: Digits, **changes: Any) -> TrainJob:
    template = TEMPLATES[name]
    recipe = dataclasses.replace(template.recipe, threads=1, **changes)
    return TrainJob(str(run), freeze(template.design()), recipe, str(digits[0]), digits[1])


def losses_of(run: Path) -> Any:
    history = RunHistory(run)
    history.refresh()
    return history.series("loss")[1].copy()


def state_of(run: Path) -> Any:
    """Return the arrays of a run's last checkpoint."""
    checkpoint, _ = latest_valid(run / "checkpoints")
    assert checkpoint is not None
    return checkpoint.arrays


def check_alike(run: Path, other: Path) -> None:
    """Two runs had the same losses and ended in the same state, bit for bit."""
    np.testing.assert_array_equal(losses_of(run), losses_of(other))
    ours, theirs = state_of(run), state_of(other)
    assert ours.keys() == theirs.keys()
    for name, array in ours.items():
        np.testing.assert_array_equal(array, theirs[name], err_msg=name)


def run_until_killed(engine: str, job: TrainJob, step: int, by: int = KILL) -> Event:
    """Run a job; after ``step`` steps were seen, end its process by a signal as the system would."""
    host, last = host_of(engine), None
    try:
        for event in host.run(job):
            last = event
            seen = event.first_step + len(event.values["loss"]) if isinstance(event, Metrics) else 0
            if seen > step and host.pid:
                os.kill(host.pid, by)
                step = 1 << 60
    finally:
        host.close()
    assert last is not None
    return last


def check_kills(engine: str, standing: Ask, folder: Path, digits: Digits, kills: int, **changes: Any) -> None:
    """A run that is killed at random steps, each time gone on with, is the run that nobody killed."""
    calm, run = folder / "calm", folder / "run"
    finished(standing, noisy_job(calm, digits, **changes))
    random = np.random.default_rng()
    # What a process has done ahead of what was seen is kept too: it must not be the whole run.
    steps = sorted(random.integers(1, read_run(calm).total_steps // 2, kills).tolist())
    for number, step in enumerate(steps):
        last = run_until_killed(engine, noisy_job(run, digits, resume=number > 0, **changes), step)
        assert isinstance(last, Crashed), (steps, last)
    finished(engine, noisy_job(run, digits, resume=True, **changes))
    check_alike(run, calm)
