"""What the worker calls: one generator of events for each job; JAX comes with the first."""

from __future__ import annotations

from collections.abc import Iterator

from engines.backends.jax import runtime
from engines.contract.events import Event
from engines.contract.jobs import EngineJob
from engines.training.control import ControlFlags
from engines.training.engine_jobs import answer


def warm() -> None:
    """Import JAX ahead of time; no operation yet, since the job's threads hold from the first on."""
    runtime.prepare()
    from engines.backends.jax import evaluate, train  # noqa: F401


def run(job: EngineJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer ``job``; the worker stamps the events and adds the last one where none is yielded.

    Raises:
        WorkbenchError: for whatever keeps the job from being done.
    """
    runtime.prepare()
    return answer("engines.backends.jax", job, flags)
