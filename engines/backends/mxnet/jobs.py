"""What the worker calls: one generator of events for each job; MXNet comes with the first."""

from __future__ import annotations

from collections.abc import Iterator

from engines.backends.mxnet import runtime
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event
from engines.contract.jobs import EngineJob, LowerJob, SaveJob
from engines.training.control import ControlFlags
from engines.training.engine_jobs import answer


def warm() -> None:
    """Import MXNet ahead of time, and let it take its first step."""
    runtime.prepare()
    import mxnet as mx

    from engines.backends.mxnet import evaluate, train  # noqa: F401

    mx.nd.zeros((1,)).asnumpy()


def run(job: EngineJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer ``job``; the worker stamps the events and adds the last one where none is yielded.

    Raises:
        WorkbenchError: for whatever keeps the job from being done.
    """
    if isinstance(job, (LowerJob, SaveJob)):  # no compiler whose stages one could see, no format of one file
        raise WorkbenchError(ErrorCode.JOB_UNSUPPORTED, engine="MXNet", job=job.kind)
    runtime.prepare()
    return answer("engines.backends.mxnet", job, flags)
