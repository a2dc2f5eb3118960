"""The stopping ladder: ask, terminate, kill, each with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Rung:
    """One rung: what is done, and after how many seconds the next one comes (0: there is none)."""

    name: str
    deadline: float


class Ladder:
    """Where a stopping job stands; knows nothing of processes and asks ``clock`` for the time."""

    def __init__(
        self, ask: float = 15.0, terminate: float = 5.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._next = 0
        self._due: float | None = None
        self._clock = clock
        self.grant(ask, terminate)

    def grant(self, ask: float, terminate: float) -> None:
        """Let the rungs last so long; the one that was taken, from now on."""
        self._rungs = (Rung("ask", ask), Rung("terminate", terminate), Rung("kill", 0.0))
        if self.climbing and self._due is not None:
            self._due = self._clock() + self._rungs[self._next - 1].deadline

    @property
    def climbing(self) -> bool:
        """Whether the first rung was taken."""
        return self._next > 0

    def begin(self) -> None:
        """Make the first rung due, unless it was before."""
        if not self.climbing:
            self._due = self._clock()

    def remaining(self) -> float | None:
        """Return the seconds until the next rung is due; None where none will be."""
        return None if self._due is None else max(0.0, self._due - self._clock())

    def climb(self) -> Rung | None:
        """Take the next rung if it is due, and return it."""
        if self._due is None or self._clock() < self._due:
            return None
        rung = self._rungs[self._next]
        self._next += 1
        self._due = self._clock() + rung.deadline if self._next < len(self._rungs) else None
        return rung
