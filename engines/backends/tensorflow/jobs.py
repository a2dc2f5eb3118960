"""What the worker calls: one generator of events for each job; TensorFlow comes with the first."""

from __future__ import annotations

from collections.abc import Iterator

from engines.backends.tensorflow import runtime
from engines.contract.events import Event
from engines.contract.jobs import EngineJob, ExportJob, LowerJob, ReferenceJob, SaveJob
from engines.training.control import ControlFlags
from engines.training.engine_jobs import answer


def warm() -> None:
    """Import TensorFlow ahead of time; no operation yet, since the job's threads hold from the first on."""
    runtime.prepare()
    from engines.backends.tensorflow import evaluate, train  # noqa: F401


def run(job: EngineJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer ``job``; the worker stamps the events and adds the last one where none is yielded.

    Raises:
        WorkbenchError: for whatever keeps the job from being done.
    """
    runtime.prepare()
    events = answer("engines.backends.tensorflow", job, flags)
    if isinstance(job, (ExportJob, LowerJob, ReferenceJob, SaveJob)):
        from engines.backends.tensorflow.devices import on_cpu

        return on_cpu(job.run, events)
    return events
