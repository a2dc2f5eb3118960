"""The fake engine's jobs: deterministic, framework-free, able to misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engines.backends.fake.export import export
from engines.backends.fake.probe import probe
from engines.backends.fake.train import train, tune_here
from engines.contract.events import Event
from engines.contract.jobs import EngineJob
from engines.training.control import ControlFlags

_JOBS: dict[str, Callable[[Any, ControlFlags], Iterator[Event]]] = {
    "probe": probe,
    "train": train,
    "tune": tune_here,
    "evaluate": export,
    "export": export,
    "reference": export,
}


def run(job: EngineJob, flags: ControlFlags) -> Iterator[Event]:
    """Yield the events of ``job``."""
    yield from _JOBS[job.kind](job, flags)
