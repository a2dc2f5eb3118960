"""Two ways to train held against each other on a noisy machine: in turns, a second each, on one core.

Both live in processes of their own the whole time, warm, and while one trains the other stands still. A
figure is the median over the turns of the ratio of neighbours: what slows the machine down slows both.
"""

from __future__ import annotations

import json
import os
import queue
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

from engines.contract.events import Event, Failed, Metrics
from engines.contract.jobs import TrainJob
from engines.host.environment import child_environment
from engines.host.process import ProcessHost
from tests.bench.device import shown

NICE = -15
PATIENCE = 300.0
FEWEST_LIVES = 2
"""Pairs of processes that are started however long they take."""
SETTLING = 0.05
"""Seconds in which what a process has sent before it stood still is here."""


def alone_on_a_core() -> None:
    """Keep this process and all that it starts on the idlest core, before others, where that may be."""
    process = psutil.Process()
    if hasattr(process, "cpu_affinity"):
        shares = psutil.cpu_percent(interval=1.0, percpu=True)
        process.cpu_affinity([min(process.cpu_affinity(), key=shares.__getitem__)])
    if hasattr(os, "nice"):
        with suppress(psutil.AccessDenied):
            process.nice(NICE)
            prefer(process.pid)


def prefer(pid: int) -> None:
    """Prefer the session of a process to other sessions: on Linux ``nice`` alone counts within one."""
    with suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(NICE))


class Side:
    """A process that trains steps when it is asked for them; a context that ends it."""

    def __enter__(self) -> Side:
        """Give itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the process."""
        self.close()

    def block(self, steps: int) -> float:
        """Train so many steps; return their seconds."""
        raise NotImplementedError

    def close(self) -> None:
        """End the process."""
        raise NotImplementedError


Maker = Callable[[], Side]


class ByHand(Side):
    """Source that reads counts of steps from its input, and prints the seconds that they took.

    It is started in the environment of the app's own engines: what that gains, both sides have.
    """

    def __init__(self, source: str, folder: Path, python: str = sys.executable) -> None:
        environment = {
            **child_environment(),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "OMP_NUM_THREADS": "1",
            "NPROC": "1",
            **shown(),
        }
        # A framework says much, and a pipe that nobody reads is full soon.
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process lives
        self._process = subprocess.Popen(
            [python, "-c", source, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=environment,
        )

    def block(self, steps: int) -> float:
        """Train so many steps; return their seconds."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{steps}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._said.seek(0)
            raise RuntimeError(self._said.read().decode(errors="replace"))
        return float(json.loads(answer))

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._said.close()


class InTheApp(Side):
    """A training in the engine's own process, which stands still between two blocks.

    Its chunks' own times count, from the end of the first whole one on.
    """

    def __init__(self, engine: str, job: TrainJob, python: str = sys.executable) -> None:
        self._host = ProcessHost(engine, python)
        self._events: queue.Queue[Event] = queue.Queue()
        self._reader = threading.Thread(target=self._read, args=(job,), daemon=True)
        self._host.warm()
        prefer(self._host.pid)
        self._reader.start()
        self._next()  # the first chunk, with all that is done once
        self._process = psutil.Process(self._host.pid)
        self._halt()

    def _read(self, job: TrainJob) -> None:
        for event in self._host.run(job):
            self._events.put(event)

    def _next(self) -> Metrics:
        while True:
            event = self._events.get(timeout=PATIENCE)
            assert not isinstance(event, Failed), event
            if isinstance(event, Metrics):
                return event

    def _halt(self) -> None:
        self._process.suspend()
        time.sleep(SETTLING)
        with suppress(queue.Empty):
            while True:
                self._events.get_nowait()

    def block(self, steps: int) -> float:
        """Train so many steps; return their seconds."""
        self._process.resume()
        begin, done = self._next().t, 0  # this one stood still in its midst
        while done < steps:
            event = self._next()
            done += len(event.values["loss"])
        self._halt()
        return (event.t - begin) / done * steps

    def close(self) -> None:
        """End the process."""
        with suppress(psutil.NoSuchProcess):
            self._process.resume()
        self._host.kill()
        self._reader.join(PATIENCE)
        self._host.close()


@dataclass(frozen=True)
class Ratio:
    """How often the one's speed is the other's; half of the turns lie between ``low`` and ``high``."""

    median: float
    low: float
    high: float
    ours: float
    theirs: float

    @property
    def note(self) -> str:
        """The spread and both speeds."""
        speeds = f"{1 / self.ours:.2f} and {1 / self.theirs:.2f} steps/s"
        return f"{speeds}; half of the turns {self.low:.2f}–{self.high:.2f}"


def ratio(
    ours: Maker,
    theirs: Maker,
    steps: int,
    turns: int,
    lives: int,
    until: float = float("inf"),
    clock: Callable[[], float] = time.monotonic,
) -> Ratio:
    """Return how often as fast ``ours`` is; who goes first changes from turn to turn.

    Both are started ``lives`` times: where a process happens to lie in memory is worth some percent. After
    ``until`` no further pair of processes begins but those that are needed at least.
    """
    rows = []
    for life in range(lives):
        if life >= FEWEST_LIVES and clock() > until:
            break
        with ours() as mine, theirs() as other:
            mine.block(1)
            other.block(2)
            for turn in range(turns):
                pair = {side: side.block(steps) for side in ((mine, other), (other, mine))[turn % 2]}
                rows.append((pair[mine], pair[other]))
    found = [hand / app for app, hand in rows]
    low, _, high = statistics.quantiles(found, n=4)
    seconds = [statistics.median(column) / steps for column in zip(*rows)]
    return Ratio(statistics.median(found), low, high, *seconds)


def fastest(makers: Sequence[Maker], steps: int, turns: int) -> list[float]:
    """Return each one's median seconds a step, all measured in turns; what is hopeless is left out soon."""
    sides = [make() for make in makers]
    try:
        took: list[list[float]] = [[side.block(1)] for side in sides]  # all that is done once
        took = [[side.block(1)] for side in sides]
        bound = 2.0 * min(row[0] for row in took)
        for _ in range(turns):
            for side, row in zip(sides, took):
                if row[0] <= bound:
                    row.append(side.block(steps) / steps)
        return [statistics.median(row[1:] or row) for row in took]
    finally:
        for side in sides:
            side.close()
