"""One job's whole answer: hello first, then what the engine yields, then exactly one last event."""

from __future__ import annotations

import dataclasses
import errno
import importlib
import os
import platform
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import PROTOCOL, Event, Failed, Finished, Hello, Stamp, is_last
from engines.contract.jobs import Job
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


def _from_hello_to_last(engine: str, job: Job, flags: ControlFlags) -> Iterator[Event]:
    yield hello(engine)
    last: Event = Finished()
    try:
        for event in runner_of(engine)(job, flags):
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


def failure(error: BaseException, job: str) -> Failed:
    """Return the last event of a job that ``error`` ended."""
    details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if isinstance(error, WorkbenchError):
        return Failed(error.code.value, dict(error.facts), error.details or details)
    if isinstance(error, MemoryError):
        return Failed(ErrorCode.OUT_OF_MEMORY.value, {"job": job, "limit": 0}, details)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        facts = {"path": str(error.filename or ""), "why": error.strerror or ""}
        return Failed(ErrorCode.DISK_FULL.value, facts, details)
    facts = {"what": type(error).__name__, "why": str(error)}
    return Failed(ErrorCode.UNEXPECTED.value, facts, details)
