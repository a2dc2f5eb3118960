"""What the worker calls: one generator of events for each job; PyTorch comes with the first."""

from __future__ import annotations

from collections.abc import Iterator

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.jobs import EngineJob, EvaluateJob, ExportJob, ProbeJob, TrainJob
from engines.training.control import ControlFlags


def warm() -> None:
    """Import PyTorch ahead of time, and let it take its first step."""
    import torch

    from engines.backends.torch import evaluate, train  # noqa: F401

    weight = torch.zeros(2, 2, requires_grad=True)
    optimizer = torch.optim.Adam([weight], fused=True)
    (torch.zeros(1, 2) @ weight).sum().backward()
    optimizer.step()


def run(job: EngineJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer ``job``; the worker stamps the events and adds the last one where none is yielded.

    Raises:
        WorkbenchError: for whatever keeps the job from being done.
    """
    if isinstance(job, TrainJob):
        from engines.backends.torch.train import train

        return train(job, flags)
    if isinstance(job, EvaluateJob):
        from engines.backends.torch.evaluate import evaluate

        return evaluate(job)
    if isinstance(job, ExportJob):
        from engines.backends.torch.export import export

        return export(job, flags)
    if isinstance(job, ProbeJob):
        return _probe()
    raise WorkbenchError(ErrorCode.RECORD_MALFORMED, where="job", why=type(job).__name__)


def _probe() -> Iterator[Event]:
    from engines.backends.torch.probe import probe

    yield Answer(record=probe())
