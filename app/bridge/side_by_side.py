"""Several flows side by side: the next begins when the one before has ended or takes long.

Imports of engines one after another are kinder to a machine than all at once; but one that hangs must not
keep the others waiting.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field

from app.desk import Desk
from engines.contract.events import Event

Flow = Callable[[Desk], Iterator[Event]]
PATIENCE_S = 5.0
"""So long a flow has the machine for itself."""
_TICK_S = 1.0


@dataclass(frozen=True)
class Waiting:
    """A flow has been going on for so many seconds, which is long."""

    seconds: float


@dataclass(frozen=True)
class Over:
    """A flow is at its end; ``fault`` is what it raised."""

    fault: BaseException | None = None


Said = Event | Waiting | Over


@dataclass
class _Going:
    """What is under way: since when, and what was said that nobody has heard yet."""

    since: dict[str, float] = field(default_factory=dict)
    said: queue.SimpleQueue[tuple[str, Said]] = field(default_factory=queue.SimpleQueue)
    threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, name: str, flow: Flow, desk: Desk) -> None:
        self.since[name] = time.monotonic()
        thread = threading.Thread(target=self._run, args=(name, flow, desk), name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _run(self, name: str, flow: Flow, desk: Desk) -> None:
        fault: BaseException | None = None
        try:
            for event in flow(desk):
                self.said.put((name, event))
        except BaseException as error:  # noqa: BLE001 - whatever it was, it is handed on
            fault = error
        self.said.put((name, Over(fault)))

    def seconds(self) -> dict[str, float]:
        """Return for how long each has gone on."""
        now = time.monotonic()
        return {name: now - since for name, since in self.since.items()}


def side_by_side(
    desk: Desk, flows: Mapping[str, Flow], patience: float = PATIENCE_S
) -> Generator[tuple[str, Said], None, None]:
    """Yield what each flow says beside its name, ``Waiting`` while one takes long, and ``Over``.

    All work at ``desk``; once it is told to stop, none begins any more. Closing the generator ends them all.
    """
    left, going = dict(flows), _Going()
    try:
        while left or going.since:
            if desk.stopping:
                left.clear()
            elif left and all(seconds >= patience for seconds in going.seconds().values()):
                name = next(iter(left))
                going.begin(name, left.pop(name), desk)
            yield from _heard(going, patience)
    finally:
        if going.since:  # nobody listens any more
            desk.end()
        for thread in going.threads:
            thread.join()


def _heard(going: _Going, patience: float) -> Iterator[tuple[str, Said]]:
    """Wait until something is said or the next one may begin, and yield what there is to tell."""
    due = [patience - seconds for seconds in going.seconds().values() if seconds < patience]
    try:
        name, said = going.said.get(timeout=min([*due, _TICK_S]))
    except queue.Empty:
        late = {name: seconds for name, seconds in going.seconds().items() if seconds >= patience}
        yield from ((name, Waiting(seconds)) for name, seconds in late.items())
        return
    if isinstance(said, Over):
        del going.since[name]
    yield name, said
