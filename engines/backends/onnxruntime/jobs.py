"""What the worker calls: ONNX Runtime comes with the first job."""

from __future__ import annotations

from collections.abc import Iterator

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.jobs import EvaluateOnnxJob, Job, ProbeJob, ProfileOnnxJob, ProveJob
from engines.training.control import ControlFlags


def run(job: Job, flags: ControlFlags) -> Iterator[Event]:
    """Answer ``job``; the worker stamps the events and adds the last one where none is yielded.

    Raises:
        WorkbenchError: ``JOB_UNSUPPORTED`` for what takes a training framework.
    """
    if isinstance(job, ProbeJob):
        return _probe()
    from engines.graph import onnx_jobs

    if isinstance(job, EvaluateOnnxJob):
        return onnx_jobs.evaluate_onnx(job, flags)
    if isinstance(job, ProveJob):
        return onnx_jobs.prove(job, flags)
    if isinstance(job, ProfileOnnxJob):
        return onnx_jobs.profile_onnx(job, flags)
    raise WorkbenchError(ErrorCode.JOB_UNSUPPORTED, engine="onnxruntime", job=job.kind)


def _probe() -> Iterator[Event]:
    from engines.backends.onnxruntime.probe import probe

    yield Answer(record=probe())
