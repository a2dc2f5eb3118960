"""A host that runs the engine in a child process: a crash or a hang there costs nothing here."""

from __future__ import annotations

import errno
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Control, Event
from engines.contract.jobs import Job
from engines.host.child import NO_MEMORY, Child
from engines.host.running import Limits, Running
from engines.host.worker.orders import Warm

_WORKER = Path(__file__).parent / "worker" / "__main__.py"


class ProcessHost:
    """Runs jobs of one engine in a child process.

    A training's child is spent with its one run; with ``reusable`` (the tools, probes) one child serves
    many jobs, and a crashed one is replaced at the next. ``command`` starts another worker than ours.
    Times are in seconds; ``time_limit`` and ``memory_bytes`` of 0 mean none. After ``start_seconds`` an
    engine whose import has no end is given up, unless a debugger may hold it.
    """

    def __init__(
        self,
        engine: str,
        python: str = sys.executable,
        *,
        reusable: bool | None = None,
        command: Sequence[str] = (),
        hello_seconds: float = 60.0,
        ask_seconds: float = 15.0,
        terminate_seconds: float = 5.0,
        lost_seconds: float = 30.0,
        close_seconds: float = 5.0,
        time_limit: float = 0.0,
        start_seconds: float = 180.0,
        memory_bytes: int = 0,
    ) -> None:
        self._engine = engine
        self._reusable = engine == "tools" if reusable is None else reusable
        self._command = list(command) or [python, str(_WORKER)]
        start = 0.0 if engine == "tools" else start_seconds
        self._limits = Limits(hello_seconds, ask_seconds, terminate_seconds, start, time_limit, memory_bytes)
        self._lost_seconds = lost_seconds
        self._close_seconds = close_seconds
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._running: Running | None = None
        self._busy = False
        self._spent = False
        self._wish: bool | None = None

    @property
    def pid(self) -> int:
        """The child's process id; 0 while there is none."""
        child = self._child
        return child.pid if child is not None and child.running else 0

    def warm(self) -> None:
        """Start the child and let it import its framework; returns at once."""
        self._ready_child().send(Warm())

    def run(self, job: Job) -> Iterator[Event]:
        """Yield the job's events; the host adds captured output, ``Stopping`` and ``Crashed``.

        Raises:
            WorkbenchError: ``HOST_BUSY``, ``HOST_SPENT``, or ``HOST_NOT_STARTED`` where there is no
                such interpreter.
        """
        self._claim()
        try:
            child = self._ready_child()
            running = self._running = Running(child, job, self._limits_of(job))
            self._spent = not self._reusable
            if self._wish is not None:
                running.stop(self._wish)
            try:
                yield from running.events()
            finally:
                self._running = None
                if not running.ended:
                    child.kill()
                if self._spent:
                    child.close(self._close_seconds)
        finally:
            self._busy = False
            self._wish = None

    def _limits_of(self, job: Job) -> Limits:
        """Whoever debugs may hold an import for as long as they like."""
        return replace(self._limits, start=0.0) if getattr(job, "debug", None) else self._limits

    def control(self, control: Control) -> None:
        """Hand ``control`` to the running job; without one it is for nobody."""
        running = self._running
        if running is not None:
            running.control(control)

    def stop(self, keep: bool) -> None:
        """Start the stopping ladder of the running job; without one, of the next."""
        self._wish = keep
        running = self._running
        if running is not None:
            running.stop(keep)

    def expect(self, seconds: float) -> None:
        """End the running job with ``TIME_LIMIT`` unless its next event comes within so many seconds.

        Called on the owner's thread between two events: for what tells nothing while it works.
        """
        running = self._running
        if running is not None:
            running.expect(seconds)

    def kill(self) -> None:
        """End the child and all it started, at once."""
        child = self._child
        if child is not None:
            child.kill()

    def close(self) -> None:
        """Let the child end, or end it."""
        with self._lock:
            child, self._child = self._child, None
            self._spent = True
        if child is not None:
            child.close(self._close_seconds)

    def _claim(self) -> None:
        with self._lock:
            if self._busy:
                raise WorkbenchError(ErrorCode.HOST_BUSY, engine=self._engine)
            if self._spent:
                raise WorkbenchError(ErrorCode.HOST_SPENT, engine=self._engine)
            self._busy = True

    def _ready_child(self) -> Child:
        """Return the living child, or a new one."""
        with self._lock:
            if self._child is not None and self._child.usable:
                return self._child
            if self._child is not None:
                self._child.close(self._close_seconds)
            self._child = self._new_child()
            return self._child

    def _new_child(self) -> Child:
        try:
            return Child(
                self._command,
                self._engine,
                memory_bytes=self._limits.memory_bytes,
                lost_seconds=self._lost_seconds,
                start_seconds=self._limits.start,
            )
        except (OSError, RuntimeError) as error:
            if isinstance(error, RuntimeError) or error.errno == errno.ENOMEM:
                raise WorkbenchError(ErrorCode.OUT_OF_MEMORY, str(error), **NO_MEMORY) from error
            program, why = self._command[0], error.strerror or str(error)
            raise WorkbenchError(
                ErrorCode.HOST_NOT_STARTED, engine=self._engine, program=program, why=why
            ) from error
