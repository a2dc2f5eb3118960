"""One job's whole answer: hello first, then what the engine yields, then exactly one last event."""

from __future__ import annotations

import dataclasses
import importlib
import os
import platform
import time
from collections.abc import Callable, Iterator
from typing import Any

from engines.contract.events import PROTOCOL, Event, Finished, Hello, Stamp, is_last
from engines.contract.faults import failure
from engines.contract.jobs import Job, TrainJob
from engines.host.worker.debugging import listen
from engines.training.control import ControlFlags

Runner = Callable[[Any, ControlFlags], Iterator[Event]]
"""What answers a job: a backend's ``jobs.run``, or the tools' table."""


def runner_of(engine: str) -> Runner:
    """Import what answers the jobs of ``engine``; the framework itself comes with the first job."""
    module = "engines.host.tools" if engine == "tools" else f"engines.backends.{engine}.jobs"
    runner: Runner = importlib.import_module(module).run
    return runner


def warm(engine: str) -> None:
    """Import the framework of ``engine`` ahead of time, where its backend knows how."""
    ahead = getattr(importlib.import_module(runner_of(engine).__module__), "warm", None)
    if ahead is not None:
        ahead()


def hello(engine: str) -> Hello:
    """Say who answers, and with which version of the wire."""
    return Hello(
        protocol=PROTOCOL, engine=engine, version="", pid=os.getpid(), python=platform.python_version()
    )


def answer(engine: str, job: Job, flags: ControlFlags) -> Iterator[Event]:
    """Yield the stamped events of ``job``: ``Hello``, the engine's own, and one last, whatever happens."""
    run = getattr(job, "run", "")
    start = time.monotonic()

    def stamped(event: Event, seq: int) -> Event:
        return dataclasses.replace(event, run=run, seq=seq, t=time.monotonic() - start)

    for seq, event in enumerate(_from_hello_to_last(engine, job, flags)):
        yield stamped(event, seq)


def _events(engine: str, job: Job, flags: ControlFlags) -> Iterator[Event]:
    if isinstance(job, TrainJob) and job.debug is not None:
        yield from listen(job.debug, flags)
    yield from runner_of(engine)(job, flags)


def _from_hello_to_last(engine: str, job: Job, flags: ControlFlags) -> Iterator[Event]:
    yield hello(engine)
    last: Event = Finished()
    try:
        for event in _events(engine, job, flags):
            if not isinstance(event, Stamp):
                raise TypeError(f"{type(event).__name__} is no event")
            if is_last(event):
                last = event
                break
            yield event
    except GeneratorExit:
        raise
    except BaseException as error:  # noqa: BLE001 - SystemExit of foreign code must end with an event, too
        last = failure(error, job.kind)
    yield last
