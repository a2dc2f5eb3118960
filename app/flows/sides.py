"""A process that measures one way to train, a turn at a time, so that two live ones take turns."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from engines.contract.events import Control, Event, Tuning
from engines.contract.spec import Recipe
from engines.contract.views import TuneView
from engines.host.protocol import Host
from engines.training.tune_ways import Way


class Side:
    """``running`` are the events of a tuning on ``host``; ``way`` has the rates of the turns it took.

    ``waits``: it stands still, and takes a turn as soon as it is told to.
    """

    def __init__(self, host: Host, running: Generator[Event, None, TuneView], threads: int = 0) -> None:
        self._host, self._running = host, running
        self.way = Way(Recipe(), {"threads": threads}, threads=threads)
        self.waits = False

    def events(self) -> Iterator[Event]:
        """Yield what happens until it waits, or ends."""
        self.waits = False
        for event in self._running:
            if isinstance(event, Tuning) and event.doing == "wait":
                self.way.rates += [event.rate] if event.rate else []
                self.waits = True
                return
            yield event

    def turn(self) -> Iterator[Event]:
        """Let it take one turn."""
        self._host.control(Control("resume"))
        yield from self.events()

    def close(self) -> None:
        """End its process: nothing of it is kept."""
        self._running.close()
