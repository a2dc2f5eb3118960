"""The child's loop: one thread reads jobs and control, the main thread answers one job after another."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import queue
import sys
import threading
from multiprocessing.connection import Client, Connection
from typing import Any

from engines.contract import wire
from engines.contract.errors import WorkbenchError
from engines.contract.events import Control, Event, has_engine, is_last
from engines.contract.faults import failure
from engines.contract.jobs import Job, TrainJob
from engines.host.worker import answer, output
from engines.host.worker.debugging import undebugged
from engines.host.worker.orders import Bye, Request, Settings, Warm
from engines.training.control import ControlFlags

_NOTED = 0.75
"""After this share of the time that an import has, it is written down where it stands."""


def main() -> None:
    """Serve the host that started this process, until it says bye or hangs up."""
    settings = Settings(**json.loads(sys.stdin.readline()))
    output.prepare()
    _limit_memory(settings.memory_bytes)
    with contextlib.suppress(EOFError, OSError):
        connection = Client(settings.address, authkey=bytes.fromhex(settings.key))
        Worker(connection, settings).serve()


def _limit_memory(limit: int) -> None:
    """Cap the address space; only Linux does so faithfully, elsewhere the host watches."""
    if limit and sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


class Worker:
    """One connection's jobs. ``serve`` runs in the main thread, ``_read`` in a thread of its own."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._work: queue.SimpleQueue[tuple[Any, ControlFlags] | None] = queue.SimpleQueue()
        self._flags = ControlFlags()
        self._saves = False
        self._idle = threading.Event()
        self._idle.set()
        self._gone = False

    def serve(self) -> None:
        """Say hello and answer jobs until the host says bye or hangs up."""
        self._post(wire.encode(answer.hello("")))
        undebugged(threading.Thread(target=self._read, name="control reader", daemon=True)).start()
        while (work := self._work.get()) is not None:
            request, flags = work
            output.note_after(_NOTED * self._start_seconds(request))
            if isinstance(request, Warm):
                self._warm()
            else:
                self._answer(request, flags)
            output.note_no_more()

    def _start_seconds(self, request: Any) -> float:
        """Return how long an import may take; one that a debugger may hold is never given up."""
        return 0.0 if getattr(request, "debug", None) else self._settings.start_seconds

    def _warm(self) -> None:
        with contextlib.suppress(Exception):  # the job meets the same fault again, and tells it
            answer.warm(self._settings.engine)

    def _answer(self, job: Job, flags: ControlFlags) -> None:
        for event in answer.answer(self._settings.engine, job, flags):
            if has_engine(event):
                output.note_no_more()
            sent, message = self._encode(event, job)
            if is_last(sent):
                output.mark(self._settings.mark)
                self._idle.set()
            self._post(message)
            if is_last(sent):
                return

    def _encode(self, event: Event, job: Job) -> tuple[Event, bytes]:
        """Return the event and its message; one that cannot travel becomes the job's failure."""
        try:
            return event, wire.encode(event)
        except WorkbenchError as error:
            failed = failure(error, job.kind)
            last = dataclasses.replace(failed, run=event.run, seq=event.seq, t=event.t)
            return last, wire.encode(last)

    def _post(self, message: bytes) -> None:
        """Send; a host that hung up takes nothing more, and the run folder has it all."""
        try:
            if not self._gone:
                self._connection.send_bytes(message)
        except OSError:
            self._gone = True

    def _read(self) -> None:
        try:
            while not isinstance(request := wire.receive(self._connection, Request), Bye):
                self._take(request)
            self._work.put(None)
        except (EOFError, OSError, WorkbenchError):
            self._lose_controller()

    def _take(self, request: Any) -> None:
        if isinstance(request, Control):
            self._flags.apply(request)
            return
        self._flags = ControlFlags()
        if not isinstance(request, Warm):
            self._saves = isinstance(request, TrainJob)
            self._idle.clear()
        self._work.put((request, self._flags))

    def _lose_controller(self) -> None:
        """End with the host: at once where nothing is to be saved, in a while where a run has to."""
        self._gone = True
        output.silence()
        self._flags.lose_controller()
        self._work.put(None)
        patience = self._settings.lost_seconds if self._saves else 0
        if not self._flags.alone and not self._idle.wait(patience):
            output.end_group()
