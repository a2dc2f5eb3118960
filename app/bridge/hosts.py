"""The hosts that stand by: one warmed spare of the chosen engine, and one tools host that goes round.

Flows take hosts from here through their desks, on their own threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

from app.desk import TOOLS, MakeHost, process_host
from engines.contract.events import Control, Event
from engines.contract.jobs import Job
from engines.host.protocol import Host


class Hosts:
    """Hands out hosts; safe to call from any thread. Call it like ``process_host``."""

    def __init__(self, make_host: MakeHost = process_host) -> None:
        self._make_host = make_host
        self._lock = threading.Lock()
        self._spare: tuple[str, Host] | None = None
        self._tools: list[Host] = []
        self._closed = False

    def __call__(self, engine: str) -> Host:
        """Return a host nobody else uses; the spare, where it is of this engine."""
        with self._lock:
            if engine == TOOLS:
                return _Lent(self._tools.pop() if self._tools else self._make_host(TOOLS), self)
            spare, self._spare = self._spare, None
        if spare is None:
            return self._make_host(engine)
        if spare[0] == engine and _lives(spare[1]):
            return spare[1]
        spare[1].close()
        return self._make_host(engine)

    def stand_by(self, engine: str) -> None:
        """Warm a spare of ``engine``; blocks for as long as a process takes to start, not to import."""
        with self._lock:
            if self._closed or (self._spare and self._spare[0] == engine and _lives(self._spare[1])):
                return
            old, self._spare = self._spare, (engine, self._make_host(engine))
            self._spare[1].warm()
        if old is not None:
            old[1].close()

    def forget(self, engine: str) -> None:
        """End the spare of ``engine``: it may have been started where the engine no longer runs."""
        with self._lock:
            if self._spare is None or self._spare[0] != engine:
                return
            old, self._spare = self._spare[1], None
        old.kill()
        old.close()

    def take_back(self, host: Host) -> None:
        """Keep a tools host for the next flow; one is enough."""
        with self._lock:
            if not self._tools and not self._closed:
                self._tools.append(host)
                return
        host.close()

    def close(self) -> None:
        """End every process that stands by."""
        with self._lock:
            self._closed = True
            left = [*self._tools, *([self._spare[1]] if self._spare else [])]
            self._tools, self._spare = [], None
        for host in left:
            host.kill()  # it has nothing to save, and may be in the midst of a long import
            host.close()


def _lives(host: Host) -> bool:
    """Tell whether a warmed host still has its process."""
    return host.pid != 0


class _Lent:
    """A tools host on loan: closing it gives it back."""

    def __init__(self, host: Host, owner: Hosts) -> None:
        self._host = host
        self._owner = owner
        self._stopped = False

    @property
    def pid(self) -> int:
        return self._host.pid

    def warm(self) -> None:
        self._host.warm()

    def run(self, job: Job) -> Iterator[Event]:
        return self._host.run(job)

    def control(self, control: Control) -> None:
        self._host.control(control)

    def stop(self, keep: bool) -> None:
        self._stopped = True
        self._host.stop(keep)

    def kill(self) -> None:
        self._host.kill()

    def close(self) -> None:
        # A wish to stop that came after the job's end would be the next borrower's: end with it.
        if self._stopped:
            self._host.close()
        else:
            self._owner.take_back(self._host)
