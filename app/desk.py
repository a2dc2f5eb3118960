"""A desk where jobs are worked off one after the other in the calling thread, each in its own process.

The command line has one desk a command; in the window each flow has a thread and a desk of its own.
``stop`` and ``kill`` may be called from a signal handler while a job runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Protocol, TypeVar

from app.engine_facts.at_start import in_the_doctors_words
from app.engine_facts.places import python_of
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Answered, Control, Crashed, Event, Failed, Finished, Stopped
from engines.contract.jobs import Job, TrainJob
from engines.host.process import ProcessHost
from engines.host.protocol import Host

TOOLS = "tools"
"""The host for everything that needs no training framework."""

Record = TypeVar("Record", bound=Answered)


class MakeHost(Protocol):
    """Make a host for an engine's name; tests put a double here."""

    def __call__(self, engine: str) -> Host:
        """Return a host nobody else uses."""
        ...


class Ended(Exception):  # noqa: N818 - no error of ours, it carries how a job ended
    """A job that others depend on did not finish; ``event`` says how it ended."""

    def __init__(self, event: Stopped | Failed | Crashed) -> None:
        super().__init__(event.kind)
        self.event = event


def process_host(engine: str) -> Host:
    """Make a host that runs the engine in a child process of its own, in the interpreter chosen for it."""
    return ProcessHost(engine, python_of(engine))


class Desk:
    """Hosts made when they are wanted and closed with the desk; use it as a context manager."""

    def __init__(self, make_host: MakeHost = process_host) -> None:
        self._make_host = make_host
        self._ready: dict[str, Host] = {}
        self._current: list[Host] = []
        self._stopping, self._keep = False, True
        self._saves = False
        self._end: Callable[[], object] | None = None
        self.killed = False
        self.run_folder: Path | None = None
        """Where the run lies that the work is about, once that is known."""

    def warm(self, engine: str) -> None:
        """Start the engine's process now, so that it imports its framework while other work goes on."""
        self.host(engine).warm()

    def another(self, engine: str) -> Host:
        """Return one more host for an engine, which is starting; the caller closes it."""
        host = self._make_host(engine)
        host.warm()
        return host

    def run(self, engine: str, job: Job) -> Generator[Event, None, None]:
        """Yield the job's events to its last one; an engine's process is spent with its job.

        One that ended before its engine had done anything ends in the doctor's words.
        """
        host = self.host(engine)
        try:
            yield from in_the_doctors_words(engine, job, self._run_on(host, job))
        finally:
            if engine != TOOLS:
                self._ready.pop(engine).close()

    def run_at(self, host: Host, job: Job) -> Generator[Event, None, None]:
        """Yield the job's events on a host of the caller's, which is spent with it."""
        try:
            yield from self._run_on(host, job)
        finally:
            host.close()

    def _run_on(self, host: Host, job: Job) -> Generator[Event, None, None]:
        self._current.append(host)
        self._saves = isinstance(job, TrainJob)
        try:
            if self._stopping:
                host.stop(self._keep)
            yield from host.run(job)
        finally:
            self._current.remove(host)

    def ask(self, engine: str, job: Job, wanted: type[Record]) -> Generator[Event, None, Record]:
        """Yield the job's events but its last one and return what it answered.

        Raises:
            Ended: the job failed, crashed or was stopped.
        """
        return (yield from self._answer_of(self.run(engine, job), job, wanted))

    def ask_at(self, host: Host, job: Job, wanted: type[Record]) -> Generator[Event, None, Record]:
        """Ask as ``ask`` does, on a host of the caller's, which is spent with it."""
        return (yield from self._answer_of(self.run_at(host, job), job, wanted))

    @staticmethod
    def _answer_of(
        running: Generator[Event, None, None], job: Job, wanted: type[Record]
    ) -> Generator[Event, None, Record]:
        record: Record | None = None
        with closing(running) as events:  # the host is free before the fault is told
            for event in events:
                if isinstance(event, Answer) and isinstance(event.record, wanted):
                    record = event.record
                if isinstance(event, (Stopped, Failed, Crashed)):
                    raise Ended(event)
                if not isinstance(event, Finished):
                    yield event
        if record is None:
            raise WorkbenchError(
                ErrorCode.UNEXPECTED, what="no answer", why=f"The {job.kind} job ended without its answer."
            )
        return record

    def control(self, control: Control) -> None:
        """Hand ``control`` to the job that runs; without one it is for nobody."""
        for host in tuple(self._current):
            host.control(control)

    def stop(self, keep: bool = True) -> None:
        """Ask the job that runs, and any that would follow, to stop, keeping what it has or not.

        The first wish counts: a run to be discarded is not kept because the window is closed meanwhile.
        """
        self._keep = self._keep if self._stopping else keep
        self._stopping = True
        for host in tuple(self._current):
            host.stop(self._keep)
        if self._end is not None:
            self._end()

    def ended_by(self, end: Callable[[], object]) -> None:
        """Call ``end`` when the work is told to stop: for work that is no host's job."""
        self._end = end
        if self._stopping:
            end()

    @property
    def stopping(self) -> bool:
        """Whether the work was told to stop."""
        return self._stopping

    @property
    def discards(self) -> bool:
        """Whether the work was told to stop and leave nothing."""
        return self._stopping and not self._keep

    def end(self) -> None:
        """End with the window: a training saves where it is, what has nothing to save is not waited for."""
        saves = bool(self._current) and self._saves
        self.stop()
        if not saves:
            self.kill()

    def kill(self) -> None:
        """End the process of the job that runs at once."""
        self._stopping = self.killed = True
        for host in tuple(self._current):
            host.kill()

    def host(self, engine: str) -> Host:
        """Return the host that the engine's next job runs on; it is the desk's."""
        if engine not in self._ready:
            self._ready[engine] = self._make_host(engine)
        return self._ready[engine]

    def __enter__(self) -> Desk:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        for host in self._ready.values():
            host.close()
        self._ready.clear()
