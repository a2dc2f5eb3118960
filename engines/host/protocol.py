"""What every host offers, wherever it runs its jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from engines.contract.events import Control, Event
from engines.contract.jobs import Job


class Host(Protocol):
    """Runs jobs one after another, each answered by events: ``Hello`` first, exactly one last.

    ``run`` and ``close`` are called on the owner's worker thread; ``control``, ``stop`` and ``kill``
    from any thread at any time, and never block.
    """

    @property
    def pid(self) -> int:
        """The process the jobs run in; 0 while there is none."""
        ...

    def warm(self) -> None:
        """Start what a job needs ahead of time; returns at once."""
        ...

    def run(self, job: Job) -> Iterator[Event]:
        """Yield the job's events, numbered from 0; closing the generator early ends the job."""
        ...

    def control(self, control: Control) -> None:
        """Hand ``control`` to the running job."""
        ...

    def stop(self, keep: bool) -> None:
        """Start the stopping ladder: ask, then terminate, then kill; without a job, of the next one."""
        ...

    def kill(self) -> None:
        """End the running job at once, where the host can."""
        ...

    def close(self) -> None:
        """Let go of everything; the host is not used afterwards."""
        ...


@runtime_checkable
class Expects(Protocol):
    """A host that can end a job which stays silent for too long."""

    def expect(self, seconds: float) -> None:
        """End the running job unless its next event comes within so many seconds."""
        ...
