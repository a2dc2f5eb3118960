"""A job whose engine ended before it had done anything: what the doctor says of that, in place of a crash."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from app.engine_facts.places import kept_of, place_of
from engines.contract.capabilities import EngineRow
from engines.contract.events import Crashed, Event, Failed, Hello, Log, has_engine
from engines.contract.jobs import Job, TrainJob
from engines.environments.doctor import end_at_start, findings_before
from engines.registry import engine
from engines.training.run_folder import RUN


def in_the_doctors_words(name: str, job: Job, running: Generator[Event, None, None]) -> Iterator[Event]:
    """Yield a job's events; a bad end before any work says what is wrong with the engine of that name.

    What the process wrote until then is the details of such an end, and comes as lines where there is none.
    """
    row, before = engine(name), _written(job)
    greeted = begun = False
    lines: list[Event] = []
    with closing(running) as events:
        for event in events:
            if isinstance(event, Log) and not begun:
                lines.append(event)
                continue
            if isinstance(event, (Failed, Crashed)) and not begun and row and _written(job) == before:
                told = _told(row, event, greeted=greeted)
                yield from lines if told is event else ()
                yield told
                return
            greeted = greeted or isinstance(event, Hello)
            begun = begun or has_engine(event)
            yield from lines
            lines.clear()
            yield event


def _written(job: Job) -> int:
    """Return when the run's record was last written: what writes it has its engine."""
    record = Path(job.run) / RUN if isinstance(job, TrainJob) else None
    return record.stat().st_mtime_ns if record is not None and record.exists() else 0


def _told(row: EngineRow, end: Failed | Crashed, *, greeted: bool) -> Failed | Crashed:
    place = place_of(row)
    told = end_at_start(row, place, end)
    if greeted or told is end or isinstance(end, Failed):
        return told
    # Not even the worker began: what is wrong is the interpreter, which is asked once more.
    bad = (finding for finding in findings_before(row, place, kept_of(row.name)) if finding.severity == "bad")
    found = next(bad, None)
    if found is None:
        return told
    return Failed(found.code, found.facts, end.stderr, run=end.run, seq=end.seq, t=end.t)
