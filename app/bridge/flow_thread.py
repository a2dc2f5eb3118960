"""A worker thread for one flow of jobs; its events reach the GUI thread in batches.

The thread owns the desk and so the hosts; it calls the flow's generator and puts each event into an inbox.
The GUI empties the inbox at most thirty times a second. Control never waits: it goes straight to the desk.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from PySide6.QtCore import QObject, QThread, QTimer, Signal
from typing_extensions import override

from app.bridge.batches import Inbox, lighten
from app.desk import Desk, Ended
from engines.contract.events import Control, Event, Finished, is_last

Flow = Callable[[Desk], Iterator[Event]]
Outcome = Event | BaseException
"""How a flow ended: its last event, or the fault that it raised."""

BATCH_MS = 33


class _Worker(QThread):
    """Runs the generator; touches no QObject but its own signal."""

    arrived = Signal()

    def __init__(self, name: str, desk: Desk, flow: Flow) -> None:
        super().__init__()
        self.setObjectName(name)
        self.inbox = Inbox()
        self.outcome: Outcome = Finished()
        self._desk = desk
        self._flow = flow

    @override
    def run(self) -> None:
        threading.current_thread().name = self.objectName()
        try:
            with self._desk:
                for event in self._flow(self._desk):
                    self._take(event)
        except Ended as ended:
            self.outcome = ended.event
        except BaseException as fault:  # noqa: BLE001 - whatever it was, the person is told
            self.outcome = fault

    def _take(self, event: Event) -> None:
        if is_last(event):
            self.outcome = event
        if self.inbox.put(event):
            self.arrived.emit()


class FlowThread(QObject):
    """One flow in its own thread. ``events_arrived`` carries a list of events, ``ended`` the outcome.

    ``ended`` comes exactly once, after the last batch. Create and use it on the GUI thread.
    """

    events_arrived = Signal(list)
    ended = Signal(object)

    def __init__(
        self, name: str, flow: Flow, desk: Desk | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.desk = desk or Desk()
        self._worker = _Worker(name, self.desk, flow)
        self._worker.arrived.connect(self._on_arrived)
        self._worker.finished.connect(self._on_finished)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(BATCH_MS)
        self._timer.timeout.connect(self._drain)

    def start(self) -> None:
        """Begin; returns at once."""
        self._worker.start()

    @property
    def running(self) -> bool:
        """Whether the flow has not ended yet."""
        return self._worker.isRunning()

    def control(self, action: str, **values: float) -> None:
        """Hand a control to the job that runs, without waiting."""
        self.desk.control(Control(action, values))

    def stop(self, keep: bool = True) -> None:
        """Start the stopping ladder, without waiting."""
        self.desk.stop(keep)

    def end(self) -> None:
        """End with the window, without waiting: see ``Desk.end``."""
        self.desk.end()

    def wait(self, milliseconds: int) -> bool:
        """Wait so long for the end; tell whether it came."""
        return self._worker.wait(milliseconds)

    def shut_down(self, milliseconds: int = 20_000) -> bool:
        """Stop, then wait for the thread; kill the job's process when it does not come."""
        if not self.running:
            return True
        self.desk.stop(keep=True)
        if self._worker.wait(milliseconds):
            return True
        self.desk.kill()
        return self._worker.wait(5_000)

    def _on_arrived(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _drain(self) -> None:
        batch = self._worker.inbox.take()
        if batch:
            self.events_arrived.emit(lighten(batch))

    def _on_finished(self) -> None:
        self._timer.stop()
        self._drain()
        self.ended.emit(self._worker.outcome)
