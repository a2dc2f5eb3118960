"""One job in a child process, from the request to its one last event."""

from __future__ import annotations

import dataclasses
import queue
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

from engines.contract.errors import ErrorCode
from engines.contract.events import (
    PROTOCOL,
    Control,
    Crashed,
    Event,
    Failed,
    Hello,
    Log,
    Starting,
    Stopped,
    Stopping,
    has_engine,
    is_last,
)
from engines.contract.jobs import Job, ProbeJob
from engines.host.child import STREAMS, Child, Drained, Exited, HungUp, Item, Line
from engines.host.ladder import Ladder
from engines.host.numbering import Numbering

_LEVELS = {"stdout": "info", "stderr": "warning"}
_PARTING_SECONDS = 2.0
_WATCH_SECONDS = 0.25
_SLOW_SECONDS = 5
"""So long an import is nothing to speak of."""
_AT_ONCE = 1.0


@dataclass(frozen=True)
class Limits:
    """How long a host waits for what, in seconds; 0 means without a limit for the last three.

    ``start``: for the job's engine to be imported, from the child's greeting on.
    """

    hello: float = 60.0
    ask: float = 15.0
    terminate: float = 5.0
    start: float = 0.0
    time: float = 0.0
    memory_bytes: int = 0


class Running:
    """Turns what a child says, writes and suffers into the events of one job.

    ``events`` runs on the owner's thread; ``stop`` and ``control`` come from any thread.
    """

    def __init__(self, child: Child, job: Job, limits: Limits) -> None:
        self.ended = False
        self._child = child
        self._job = job
        self._limits = limits
        self._numbering = Numbering(job)
        # Before its engine is there a job has nothing to save, and hears nobody.
        most = _AT_ONCE if limits.start else limits.ask
        self._ladder = Ladder(min(most, limits.ask), min(most, limits.terminate))
        self._stop_wanted = False
        self._start = self._asked = time.monotonic()
        self._has_engine = False
        self._said_seconds = _SLOW_SECONDS - 1
        self._exit: Exited | None = None
        self._hung: HungUp | None = None
        self._gone_at = 0.0
        self._due = self._expected = 0.0
        self._drained: set[str] = set()
        self._cause = ""
        self._instead: Failed | None = None
        child.send(job)

    def events(self) -> Iterator[Event]:
        """Yield every event of the job, the last one last."""
        while not self.ended:
            yield from self._take(self._next(self._patience()))
            yield from self._tell_of_start()
            yield from self._climb()
            self._mind_limits()
            if self._is_gone():
                yield from self._end_badly()

    def control(self, control: Control) -> None:
        """Send ``control`` to the child."""
        self._child.send(control)

    def stop(self, keep: bool) -> None:
        """Send the wish to stop, and start the ladder."""
        self.control(Control("stop_keep" if keep else "stop_discard"))
        self._stop_wanted = True
        self._child.inbox.put(None)

    def expect(self, seconds: float) -> None:
        """End the job where it tells nothing within so many seconds; on the owner's thread."""
        self._expected, self._due = seconds, time.monotonic() + seconds

    def _next(self, patience: float | None) -> Item:
        try:
            return self._child.inbox.get(timeout=patience)
        except queue.Empty:
            return None

    def _patience(self) -> float | None:
        """Return the seconds until something is due even if nothing comes in."""
        waits = [self._ladder.remaining()]
        if not self._child.greeted:
            waits.append(self._until(self._child.started + self._limits.hello))
        if self._limits.time:
            waits.append(self._until(self._start + self._limits.time))
        if self._awaits_engine:
            waits.append(self._until(self._asked + self._said_seconds + 1))
            if self._child.greeted:
                waits.append(self._until(self._start + self._limits.start))
        if self._due:
            waits.append(self._until(self._due))
        if self._gone_at:
            waits.append(self._until(self._gone_at + _PARTING_SECONDS))
        if self._watches_memory:
            waits.append(_WATCH_SECONDS)
        return min((wait for wait in waits if wait is not None), default=None)

    @staticmethod
    def _until(moment: float) -> float:
        return max(0.0, moment - time.monotonic())

    def _take(self, item: Item) -> Iterator[Event]:
        if item is None:
            return
        if not isinstance(item, (Line, Drained)):
            self._due = 0.0
        if isinstance(item, Line):
            yield self._numbering.own(Log(_LEVELS[item.stream], item.text))
        elif isinstance(item, Drained):
            self._drained.add(item.stream)
        elif isinstance(item, (Exited, HungUp)):
            self._note_parting(item)
        elif isinstance(item, Hello) and not self._child.greeted:
            self._greet(item)
        elif is_last(item):
            yield from self._drain()
            self.ended = True
            yield self._numbering.of(self._with_limit(item))
        else:
            self._note_engine(item)
            yield self._numbering.of(item)

    def _note_engine(self, event: Event) -> None:
        """Note that the engine is there: told to stop, it may take its time from now on."""
        if has_engine(event) and not self._has_engine:
            self._has_engine = True
            self._ladder.grant(self._limits.ask, self._limits.terminate)

    @property
    def _awaits_engine(self) -> bool:
        """Whether the job's engine is still to be imported, for which there is a limit."""
        return bool(self._limits.start) and not self._has_engine and not self._gone_at and not self.ended

    def _tell_of_start(self) -> Iterator[Event]:
        """Tell each second of an import that takes long; of a probe its caller knows how long it takes."""
        seconds = int(time.monotonic() - self._asked)
        if self._awaits_engine and seconds > self._said_seconds:
            self._said_seconds = seconds
            if not isinstance(self._job, ProbeJob):
                limit = self._limits.start if self._child.greeted else self._limits.hello
                yield self._numbering.own(Starting(self._child.engine, seconds, round(limit)))

    def _greet(self, hello: Hello) -> None:
        self._child.greeted = True
        self._start = time.monotonic()  # a job's time is not that of an interpreter that starts slowly
        if hello.protocol != PROTOCOL:
            self._refuse(ErrorCode.PROTOCOL_MISMATCH, theirs=str(hello.protocol), ours=PROTOCOL)

    def _refuse(self, code: ErrorCode, **facts: str | int | float) -> None:
        """Kill the child, and tell this fault in place of the crash."""
        self._instead = self._instead or Failed(code.value, facts)
        self._child.kill()

    def _with_limit(self, last: Event) -> Event:
        """Name the limit to which an engine's lack of memory is owed; the engine does not know it."""
        if isinstance(last, Failed) and last.code == ErrorCode.OUT_OF_MEMORY.value:
            return dataclasses.replace(last, facts={**last.facts, "limit": self._limits.memory_bytes})
        return last

    def _climb(self) -> Iterator[Event]:
        if self._stop_wanted:
            self._ladder.begin()
        rung = None if self.ended else self._ladder.climb()
        if rung is None:
            return
        if rung.name == "terminate":
            begun = self._has_engine or not self._limits.start
            self._cause = self._cause or ("deaf" if begun else "unbegun")
            self._child.terminate()
        elif rung.name == "kill":
            self._child.kill()
        yield self._numbering.own(Stopping(rung.name, rung.deadline))

    def _mind_limits(self) -> None:
        if not self._child.greeted and not self._until(self._child.started + self._limits.hello):
            self._cause = self._cause or "silent"
            self._child.kill()
        if self._limits.time and not self._until(self._start + self._limits.time):
            self._refuse(ErrorCode.TIME_LIMIT, job=self._job.kind, seconds=self._limits.time)
        if self._awaits_engine and self._child.greeted and not self._until(self._start + self._limits.start):
            self._refuse(ErrorCode.TIME_LIMIT, job=self._job.kind, seconds=self._limits.start)
        if self._due and not self._until(self._due):
            self._due = 0.0
            self._refuse(ErrorCode.TIME_LIMIT, job=self._job.kind, seconds=self._expected)
        if self._watches_memory and self._child.resident_bytes() > self._limits.memory_bytes:
            self._refuse(ErrorCode.OUT_OF_MEMORY, job=self._job.kind, limit=self._limits.memory_bytes)

    @property
    def _watches_memory(self) -> bool:
        """Whether the child cannot cap itself (see the worker's loop)."""
        return bool(self._limits.memory_bytes) and sys.platform != "linux"

    def _note_parting(self, item: Exited | HungUp) -> None:
        self._gone_at = self._gone_at or time.monotonic()
        if isinstance(item, Exited):
            self._exit = item
            return
        self._hung = item
        if item.error is not None:
            if item.error.code in (ErrorCode.PROTOCOL_MISMATCH, ErrorCode.OUT_OF_MEMORY):
                self._instead = Failed(item.error.code.value, dict(item.error.facts))
            self._cause = self._cause or "garbage"
            self._child.kill()

    def _is_gone(self) -> bool:
        """Tell whether nothing more can come; a child that only hung up is killed after a while."""
        if self.ended or not self._gone_at:
            return False
        if self._exit is not None and self._hung is not None:
            return True
        late = not self._until(self._gone_at + _PARTING_SECONDS)
        if late and self._exit is None:
            self._cause = self._cause or "lost"
            self._child.kill()
            self._exit = Exited(self._child.exit_code(_PARTING_SECONDS))
        return late

    def _drain(self) -> Iterator[Event]:
        """Yield what was written before the end; a stream that a grandchild holds open is left."""
        end = time.monotonic() + _PARTING_SECONDS
        while len(self._drained) < len(STREAMS) and self._until(end):
            item = self._next(self._until(end))
            if isinstance(item, (Line, Drained, Exited, HungUp)):
                yield from self._take(item)

    def _end_badly(self) -> Iterator[Event]:
        yield from self._drain()
        code = 0 if self._exit is None else self._exit.code
        cause = self._cause or ("signal" if code < 0 else "exit")
        stderr = self._child.stderr_tail()
        self.ended = True
        if self._instead is not None:
            yield self._numbering.own(dataclasses.replace(self._instead, details=stderr))
        elif cause == "unbegun":
            yield self._numbering.own(Stopped(step=0, kept=False))
        else:
            yield self._numbering.own(Crashed(cause, max(code, 0), max(-code, 0), stderr))
