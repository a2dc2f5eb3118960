"""Which engines are being looked at and for how long, so that one that hangs keeps nobody waiting."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from app.bridge.flow_thread import FlowThread

PATIENCE_S = 5.0
"""So long an engine has the machine for itself, and is not called slow."""
_TICK_MS = 1_000


class Looking(QObject):
    """The engines whose answer is awaited. ``ticked`` comes each second with the name of one that is slow."""

    ticked = Signal(str)

    def __init__(self, parent: QObject, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(parent)
        self._clock = clock
        self._since: dict[str, float] = {}
        self._threads: dict[str, FlowThread | None] = {}
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self.tick)

    def begin(self, name: str) -> None:
        """Note that an engine is being looked at from now on."""
        self._since[name] = self._clock()
        self._timer.start()

    def hold(self, name: str, thread: FlowThread | None) -> None:
        """Keep the thread that looks, so that it can be stopped."""
        if name in self._since:
            self._threads[name] = thread

    def end(self, name: str) -> None:
        """Note that the answer is there."""
        self._since.pop(name, None)
        self._threads.pop(name, None)
        if not self._since:
            self._timer.stop()

    def skip(self, name: str) -> None:
        """Stop looking, without waiting; the end comes by the thread."""
        thread = self._threads.get(name)
        if thread is not None:
            thread.stop(keep=False)

    def __contains__(self, name: str) -> bool:
        """Tell whether an engine is being looked at."""
        return name in self._since

    @property
    def waits(self) -> bool:
        """Whether one is being looked at that the others should wait for."""
        return any(not self.seconds(name) for name in self._since)

    def __bool__(self) -> bool:
        """Tell whether any engine is being looked at."""
        return bool(self._since)

    def seconds(self, name: str) -> int:
        """Return for how long a slow engine has been looked at; 0 where it is none, or not yet."""
        seconds = self._clock() - self._since[name] if name in self._since else 0.0
        return int(seconds) if seconds >= PATIENCE_S else 0

    def tick(self) -> None:
        """Tell of those that are slow."""
        for name in [name for name in self._since if self.seconds(name)]:
            self.ticked.emit(name)
