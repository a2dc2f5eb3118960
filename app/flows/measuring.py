"""Measure ways to train: in one process, then in one more for each thread count that needs its own.

All that happens is told as ``Tuning`` events of the whole. A stop that keeps ends it with the best so far,
at once even where a compiler is at work.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from app.desk import Desk, Ended
from engines.contract.events import Answer, Event, Failed, Stopped, Tuning
from engines.contract.jobs import TuneJob
from engines.contract.spec import Recipe
from engines.contract.views import TuneRow, TuneView
from engines.host.protocol import Host
from engines.training.tune_ways import CLEARLY_MORE_THREADS

OWN_SHARE = 0.75
"""So much of the whole is the first process, where others follow …"""
OTHER_SECONDS = 5.0
"""… which take about so long each."""
_DEAF = ("start", "compile")
"""Nobody is heard meanwhile."""


class Measuring:
    """One tuning of ``job`` on ``engine``; ``view`` is what is known of it."""

    def __init__(self, desk: Desk, engine: str, job: TuneJob) -> None:
        self._desk, self._engine, self._job = desk, engine, job
        self.view = TuneView(engine, job.device)
        self._doing = ""
        self._next_host: Host | None = None

    def events(self) -> Generator[Event, None, TuneView]:
        """Yield what happens, and return the table.

        Raises:
            Ended: the job failed, or was stopped before anything was measured or to leave nothing.
        """
        self._desk.ended_by(self._cut)
        try:
            yield from self._own()
            yield from self._elsewhere()
        except Ended as ended:
            if isinstance(ended.event, Failed) or not self._desk.stopping:
                raise
            if self._desk.discards or not any(row.samples_per_second for row in self.view.rows):
                raise Ended(Stopped(step=0, kept=False)) from ended
            self.view = replace(self.view, early=True)
        finally:
            if self._next_host is not None:
                self._next_host.close()
        return self.view

    def _cut(self) -> None:
        """Wait for no compiler: what was measured before is known here."""
        if self._doing in _DEAF:
            self._desk.kill()

    def _own(self) -> Iterator[Event]:
        for event in self._desk.ask(self._engine, self._job, TuneView):
            if isinstance(event, Answer) and isinstance(event.record, TuneView):
                self.view = event.record
            elif isinstance(event, Tuning):
                self.view, self._doing = event.view, event.doing
                self._stand_by(event.view)
                yield _as_part(event, len(event.view.elsewhere))
            elif not isinstance(event, Answer):
                yield event
        self._doing = ""

    def _stand_by(self, view: TuneView) -> None:
        """Let the next process start while this one measures."""
        if view.elsewhere and self._next_host is None:
            self._next_host = self._desk.another(self._engine)

    # --- thread counts that need a process of their own ---

    def _elsewhere(self) -> Iterator[Event]:
        """Try more threads as long as that is faster, then fewer."""
        own, counts = _threads_of(self.view), self.view.elsewhere
        upwards = sorted(count for count in counts if count > own)
        downwards = sorted((count for count in counts if count < own), reverse=True)
        for direction in (upwards, downwards):
            yield from self._along(direction)

    def _along(self, counts: Sequence[int]) -> Iterator[Event]:
        for threads in counts:
            if self._desk.stopping:
                raise Ended(Stopped(step=0, kept=True))
            row = yield from self._with(threads)
            if wins(row, self.view):
                row = yield from self._said_twice(row, threads)
            self.view = with_threads(self.view, row)
            if row.samples_per_second < self.view.after:
                return

    def _said_twice(self, row: TuneRow, threads: int) -> Generator[Event, None, TuneRow]:
        """Measure the present count and this one once more: another process ran at another moment."""
        known = yield from self._with(_threads_of(self.view))
        again = yield from self._with(threads)
        self.view = replace(self.view, after=max(self.view.after, known.samples_per_second))
        return replace(row, samples_per_second=min(row.samples_per_second, again.samples_per_second))

    def _with(self, threads: int) -> Generator[Event, None, TuneRow]:
        """Measure the way that was chosen with another count of threads, in a process of its own."""
        recipe = replace(tuned(self._job.recipe, self.view.chosen), threads=threads)
        job = replace(self._job, recipe=recipe, threads_only=True)
        host, self._next_host = self._next_host or self._desk.another(self._engine), None
        yield self._standing("start", threads)
        found: TuneRow | None = None
        try:
            for event in self._desk.ask_at(host, job, TuneView):
                if isinstance(event, Answer) and isinstance(event.record, TuneView):
                    found = event.record.rows[0]
                elif isinstance(event, Tuning):
                    yield self._standing(event.doing, threads)
                elif not isinstance(event, Answer):
                    yield event
        except Ended as ended:
            if not isinstance(ended.event, Failed):
                raise
            return TuneRow("threads", {"threads": threads}, code=ended.event.code, facts=ended.event.facts)
        assert found is not None
        return found

    def _standing(self, doing: str, threads: int) -> Tuning:
        self._doing = doing
        known = sum(row.stage == "threads" for row in self.view.rows) - 1
        counts = len(self.view.elsewhere)
        share = OWN_SHARE + (1 - OWN_SHARE) * min(known / counts, 1.0)
        following = OWN_SHARE + (1 - OWN_SHARE) * min((known + 1) / counts, 1.0)
        left = OTHER_SECONDS * max(counts - known, 1)
        return Tuning(self.view, doing, {"threads": threads}, share, following, OTHER_SECONDS, left)


def _as_part(event: Tuning, others: int) -> Tuning:
    """Return how the whole stands, of which the first process is a part."""
    if not others:
        return event
    share, following = OWN_SHARE * event.share, OWN_SHARE * event.next_share
    return replace(event, share=share, next_share=following, left=event.left + OTHER_SECONDS * others)


def _threads_of(view: TuneView) -> int:
    return next(int(row.settings["threads"]) for row in view.rows if row.stage == "threads" and row.chosen)


def wins(row: TuneRow, view: TuneView) -> bool:
    """Tell whether another thread count is clearly faster than what was chosen."""
    return row.samples_per_second > CLEARLY_MORE_THREADS * view.after > 0


def with_threads(view: TuneView, row: TuneRow) -> TuneView:
    """Return ``view`` with a thread count that was measured elsewhere; it is taken where it wins clearly."""
    won = wins(row, view)
    rows = [
        replace(other, chosen=False) if won and other.stage == "threads" else other for other in view.rows
    ]
    place = 1 + max((index for index, other in enumerate(rows) if other.stage == "threads"), default=-1)
    rows.insert(place, replace(row, chosen=won))
    if not won:
        return replace(view, rows=tuple(rows))
    chosen = {**view.chosen, **row.settings}
    return replace(view, rows=tuple(rows), chosen=chosen, after=row.samples_per_second)


def tuned(recipe: Recipe, chosen: Mapping[str, str | int]) -> Recipe:
    """Return the recipe with what a tuning chose."""
    return replace(recipe, **chosen)  # type: ignore[arg-type]
