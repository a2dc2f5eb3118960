"""What the worker calls: ONNX Runtime comes with the first job."""

from __future__ import annotations

from collections.abc import Iterator

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Progress
from engines.contract.jobs import EvaluateOnnxJob, Job, ProbeJob, ProfileOnnxJob, ProveJob
from engines.training.control import ControlFlags


def run(job: Job, flags: ControlFlags) -> Iterator[Event]:
    """Answer ``job``; the worker stamps the events and adds the last one where none is yielded.

    Raises:
        WorkbenchError: ``JOB_UNSUPPORTED`` for what takes a training framework.
    """
    if isinstance(job, ProbeJob):
        yield from _probe()
        return
    from engines.graph import onnx_jobs

    yield Progress(stage="engine", done=1, total=1)
    if isinstance(job, EvaluateOnnxJob):
        yield from onnx_jobs.evaluate_onnx(job, flags)
    elif isinstance(job, ProveJob):
        yield from onnx_jobs.prove(job, flags)
    elif isinstance(job, ProfileOnnxJob):
        yield from onnx_jobs.profile_onnx(job, flags)
    else:
        raise WorkbenchError(ErrorCode.JOB_UNSUPPORTED, engine="ONNX Runtime", job=job.kind)


def _probe() -> Iterator[Event]:
    from engines.backends.onnxruntime.probe import probe

    yield Answer(record=probe())
