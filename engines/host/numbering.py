"""One job's events in one row: the child's and the host's own, numbered together."""

from __future__ import annotations

import dataclasses
import time
from typing import TypeVar

from engines.contract.events import Event, Stamp
from engines.contract.jobs import Job

Stamped = TypeVar("Stamped", bound=Stamp)


class Numbering:
    """Numbers a job's events from 0 in the order they are handed on."""

    def __init__(self, job: Job) -> None:
        self._run = getattr(job, "run", "")
        self._start = time.monotonic()
        self._next = 0

    def of(self, event: Event) -> Event:
        """Return the child's event under its number here; its time stays its own."""
        return dataclasses.replace(event, seq=self._take())

    def own(self, event: Stamped) -> Stamped:
        """Return the host's own event with run, number and time."""
        return dataclasses.replace(event, run=self._run, seq=self._take(), t=time.monotonic() - self._start)

    def _take(self) -> int:
        number, self._next = self._next, self._next + 1
        return number
