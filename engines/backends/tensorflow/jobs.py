"""What the worker calls: one generator of events for each job; TensorFlow comes with the first."""

from __future__ import annotations

from collections.abc import Iterator

from engines.backends.tensorflow import runtime
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.jobs import EngineJob, EvaluateJob, ExportJob, ProbeJob, ReferenceJob, TrainJob
from engines.training.control import ControlFlags


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
    if isinstance(job, TrainJob):
        from engines.backends.tensorflow.train import train

        return train(job, flags)
    if isinstance(job, EvaluateJob):
        from engines.backends.tensorflow.evaluate import evaluate

        return evaluate(job)
    if isinstance(job, ExportJob):
        from engines.backends.tensorflow.export import export

        return export(job, flags)
    if isinstance(job, ReferenceJob):
        from engines.backends.tensorflow.export import write_answers

        return write_answers(job)
    if isinstance(job, ProbeJob):
        return _probe()
    raise WorkbenchError(ErrorCode.RECORD_MALFORMED, where="job", why=type(job).__name__)


def _probe() -> Iterator[Event]:
    from engines.backends.tensorflow.probe import probe

    yield Answer(record=probe())
