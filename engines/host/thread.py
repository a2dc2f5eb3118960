"""A host that runs the engine in the calling thread, for breakpoints set in the same process."""

from __future__ import annotations

import os
from collections.abc import Iterator

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Control, Event, Stopping
from engines.contract.jobs import Job
from engines.host.numbering import Numbering
from engines.host.worker import answer
from engines.training.control import ControlFlags


class InThreadHost:
    """Runs jobs in the thread that calls ``run``; its ladder has one rung, since a thread cannot be ended."""

    def __init__(self, engine: str) -> None:
        self._engine = engine
        self._flags: ControlFlags | None = None
        self._wish: bool | None = None

    @property
    def pid(self) -> int:
        """This process."""
        return os.getpid()

    def warm(self) -> None:
        """Import the framework into this process now; slow, so call it on the worker thread."""
        answer.warm(self._engine)

    def run(self, job: Job) -> Iterator[Event]:
        """Yield the job's events."""
        if self._flags is not None:
            raise WorkbenchError(ErrorCode.HOST_BUSY, engine=self._engine)
        self._flags = ControlFlags()
        if self._wish is not None:
            self._flags.stop(self._wish)
        numbering = Numbering(job)
        told = False
        try:
            for event in answer.answer(self._engine, job, self._flags):
                if self._wished() and not told:
                    told = True
                    yield numbering.own(Stopping("ask", 0.0))
                yield numbering.of(event)
        finally:
            self._flags = self._wish = None

    def control(self, control: Control) -> None:
        """Set the running job's flags."""
        if self._flags is not None:
            self._flags.apply(control)

    def stop(self, keep: bool) -> None:
        """Ask the running job to end; without one, the next."""
        self._wish = keep
        self.control(Control("stop_keep" if keep else "stop_discard"))

    def kill(self) -> None:
        """Ask the running job to end and leave nothing: all that can be done to a thread."""
        self.stop(keep=False)

    def _wished(self) -> bool:
        return self._wish is not None

    def close(self) -> None:
        """Ask what still runs to end."""
        self.kill()
