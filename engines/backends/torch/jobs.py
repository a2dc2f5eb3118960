"""What the worker calls: one generator of events for each job; PyTorch comes with the first."""

from __future__ import annotations

from collections.abc import Iterator

from engines.contract.events import Event
from engines.contract.jobs import EngineJob
from engines.training.control import ControlFlags
from engines.training.engine_jobs import answer


def warm() -> None:
    """Import PyTorch ahead of time, and let it take its first step."""
    import torch
    from torch import nn

    from engines.backends.torch import evaluate, train  # noqa: F401

    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    for _ in range(2):
        nn.functional.cross_entropy(
            model(torch.zeros(2, 1, 4, 4)), torch.zeros(2, dtype=torch.int64)
        ).backward()
        optimizer.step()
    torch.set_num_threads(threads)


def run(job: EngineJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer ``job``; the worker stamps the events and adds the last one where none is yielded.

    Raises:
        WorkbenchError: for whatever keeps the job from being done.
    """
    return answer("engines.backends.torch", job, flags)
