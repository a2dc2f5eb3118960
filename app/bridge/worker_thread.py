"""The worker thread that owns one engine's host and hands its events to the window in batches."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from time import monotonic

from PySide6.QtCore import QObject, Qt, QThread, QTimer, Signal
from typing_extensions import override

from app.bridge.batches import Inbox, lighten
from engines.contract.events import Control, Event, Stopped, is_last
from engines.contract.jobs import Job
from engines.host.protocol import Host
from engines.host.worker.answer import failure

BATCH_MS = 33
"""The least time between two batches: at most thirty a second."""


class EngineThread(QThread):
    """Runs jobs on one host, one after another, away from the GUI thread.

    Every method is for the GUI thread and returns at once, but for ``shutdown``. Each submitted job gets
    exactly one ``job_ended``, after the batch that holds its last event. The thread starts with the first
    work and ends after ``retire`` or ``shutdown``; it is never terminated.
    """

    events_arrived = Signal(list)
    job_ended = Signal(object)
    _announced = Signal()

    def __init__(self, host: Host, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self._host = host
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._inbox = Inbox()
        self._waiting = 0
        self._retired = False
        self._wish: bool | None = None
        self._stopping = threading.Lock()
        self._running = False
        self._flushed_at = 0.0
        self._timer = QTimer(self, singleShot=True)
        self._timer.setObjectName(f"{name} batches")
        self._timer.timeout.connect(self._flush)
        self.finished.connect(self._flush)
        self._announced.connect(self._on_announced, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether a submitted job has not ended."""
        return self._waiting > 0

    @property
    def pid(self) -> int:
        """The process that the jobs run in; 0 while there is none."""
        return self._host.pid

    def warm(self) -> None:
        """Let the host start what a job needs ahead of time."""
        self._do(self._warm_host)

    def submit(self, job: Job) -> None:
        """Run ``job`` after those submitted before; a retired thread takes none."""
        if self._retired:
            raise RuntimeError(f"{self.objectName()} is retired")
        self._waiting += 1
        self._do(lambda: self._answer(job))

    def control(self, control: Control) -> None:
        """Hand ``control`` to the running job, directly."""
        self._host.control(control)

    def stop(self, keep: bool) -> None:
        """Start the stopping ladder of the running job; those that have not begun never begin."""
        with self._stopping:
            self._wish = keep if self.busy else None
            if self._running:
                self._host.stop(keep)

    def kill(self) -> None:
        """End the running job at once, where the host can."""
        self._host.kill()

    def retire(self) -> None:
        """Take no more jobs; the thread ends, and ``finished`` is emitted, after those it has."""
        if not self._retired:
            self._retired = True
            self._do(None)

    def shutdown(self, deadline: float) -> bool:
        """End within ``deadline`` seconds, by the ladder and then by force; tell whether it ended."""
        self.stop(keep=True)
        self.retire()
        ended = self.wait(round(deadline * 1000))
        if not ended:
            self._host.kill()
            ended = self.wait(round(deadline * 1000))
        self._timer.stop()
        self._flush()
        return ended

    @override
    def run(self) -> None:
        """Work until retired; called by Qt in the new thread."""
        threading.current_thread().name = self.objectName()
        try:
            while (work := self._work.get()) is not None:
                work()
        finally:
            self._host.close()

    def _do(self, work: Callable[[], None] | None) -> None:
        self._work.put(work)
        if not self.isRunning() and not self.isFinished():
            self.start()

    def _warm_host(self) -> None:
        try:
            self._host.warm()
        except Exception:  # noqa: BLE001 - the job meets the same fault again, and tells it
            return

    def _answer(self, job: Job) -> None:
        """Hand on every event of ``job``; what the host itself raises becomes the last one."""
        if self._stop_wished():
            self._hand_on(Stopped(step=0, kept=False, run=getattr(job, "run", "")))
            return
        try:
            for event in self._host.run(job):
                self._note_running(not is_last(event))
                self._hand_on(event)
        except Exception as error:  # noqa: BLE001 - a job always ends with an event
            self._note_running(False)
            self._hand_on(failure(error, job.kind))

    def _note_running(self, running: bool) -> None:
        """Pass on a wish that came before the host had begun; one for a job that has ended is void."""
        with self._stopping:
            begins, self._running = running and not self._running, running
            if begins and self._wish is not None:
                self._host.stop(self._wish)

    def _stop_wished(self) -> bool:
        return self._wish is not None

    def _hand_on(self, event: Event) -> None:
        if self._inbox.put(event):
            self._announced.emit()

    def _on_announced(self) -> None:
        """Flush now, or when the last batch is old enough."""
        age = round((monotonic() - self._flushed_at) * 1000)
        if age >= BATCH_MS:
            self._flush()
        elif not self._timer.isActive():
            self._timer.start(BATCH_MS - age)

    def _flush(self) -> None:
        events = self._inbox.take()
        if not events:
            return
        self._flushed_at = monotonic()
        ended = [event for event in events if is_last(event)]
        self._waiting -= len(ended)
        if not self._waiting:
            self._wish = None
        self.events_arrived.emit(lighten(events))
        for event in ended:
            self.job_ended.emit(event)
