"""Events on their way to the window: collected on the worker thread, lightened, taken as one list."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import replace

from engines.contract.events import Event, Metrics


class Inbox:
    """A list that one thread fills and another takes whole; tells when it needs to be announced."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[Event] = []

    def put(self, event: Event) -> bool:
        """Add ``event``; return whether it is the first since the last ``take``."""
        with self._lock:
            self._events.append(event)
            return len(self._events) == 1

    def take(self) -> list[Event]:
        """Return everything since the last call."""
        with self._lock:
            taken, self._events = self._events, []
            return taken


def lighten(events: Iterable[Event]) -> list[Event]:
    """Keep of each stretch of metrics only the last step's values: the rest is read from the run folder."""
    light: list[Event] = []
    for event in events:
        if isinstance(event, Metrics):
            if light and isinstance(light[-1], Metrics):
                light.pop()
            light.append(_last_step(event))
        else:
            light.append(event)
    return light


def _last_step(metrics: Metrics) -> Metrics:
    steps = min((len(values) for values in metrics.values.values()), default=0)
    values = {name: values[-1:].copy() for name, values in metrics.values.items()}
    return replace(metrics, first_step=metrics.first_step + max(steps - 1, 0), values=values)
