"""Measure ways to train: in one process, then thread counts that need their own, two live ones in turns.

All that happens is told as ``Tuning`` events of the whole. A stop that keeps ends it with the best so far,
at once even where a compiler is at work; a compiler that takes too long is broken off, and its way left out.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace

from app.desk import Desk, Ended
from app.flows.sides import Side
from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Event, Failed, Stopped, Tuning
from engines.contract.jobs import TuneJob
from engines.contract.spec import Recipe
from engines.contract.views import TuneRow, TuneView
from engines.host.protocol import Expects, Host
from engines.training.tune_ways import CLEARLY_MORE_THREADS

OWN_SHARE = 0.75
"""So much of the whole is the first process, where others follow …"""
OTHER_SECONDS = 5.0
"""… which take about so long each."""
TURNS = 8
COMPILE_TIMES = 4.0
"""So many times the seconds that were asked for a compiler may take, unless it is the recipe's own."""
_DEAF = ("start", "compile")
"""Nobody is heard meanwhile."""


class Measuring:
    """One tuning of ``job`` on ``engine``; ``view`` is what is known of it."""

    def __init__(self, desk: Desk, engine: str, job: TuneJob) -> None:
        self._desk, self._engine, self._job = desk, engine, job
        self.view = TuneView(engine, job.device)
        self._doing, self._compiling = "", dict[str, str | int]()
        self._next_host: Host | None = None
        self._sides: list[Side] = []

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
            for side in self._sides:
                side.close()
            if self._next_host is not None:
                self._next_host.close()
        return self.view

    def _cut(self) -> None:
        """Wait for no compiler: what was measured before is known here."""
        if self._doing in _DEAF:
            self._desk.kill()

    # --- the first process ---

    def _own(self) -> Iterator[Event]:
        host, job = self._desk.host(self._engine), replace(self._job, stays=True)
        side = Side(host, self._desk.ask(self._engine, job, TuneView))
        self._sides.append(side)
        try:
            yield from self._followed(host, side)
        except Ended as ended:
            if not self._is_too_long(ended):
                raise
            self._leave_out_what_compiled()
        self._doing = ""
        if not side.waits:
            self._let_go(side)

    def _followed(self, host: Host, side: Side) -> Iterator[Event]:
        """Yield its events, with the table taken from them."""
        for event in side.events():
            if isinstance(event, Answer) and isinstance(event.record, TuneView):
                self.view = event.record
            elif isinstance(event, Tuning):
                self.view, self._doing = event.view, event.doing
                self._stand_by(event.view)
                self._mind(host, event)
                yield _as_part(event, len(event.view.elsewhere))
            elif not isinstance(event, Answer):
                yield event

    def _mind(self, host: Host, event: Tuning) -> None:
        """Let no compiler take too long once there is something to go by."""
        self._compiling = {}
        if event.doing == "compile" and event.view.rows and isinstance(host, Expects):
            self._compiling = dict(event.settings)
            host.expect(COMPILE_TIMES * self._job.seconds)

    def _is_too_long(self, ended: Ended) -> bool:
        event, late = ended.event, ErrorCode.TIME_LIMIT.value
        return bool(self._compiling) and isinstance(event, Failed) and event.code == late

    def _leave_out_what_compiled(self) -> None:
        """Put a row with the reason into the table; what was measured before stays."""
        stage = "way" if "run_mode" in self._compiling else next(iter(self._compiling))
        facts = {"seconds": round(COMPILE_TIMES * self._job.seconds)}
        row = TuneRow(stage, self._compiling, code=ErrorCode.TUNE_COMPILE_LONG.value, facts=facts)
        self.view = replace(self.view, rows=_beside_its_own(self.view.rows, row))

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
            faster = yield from self._against(threads)
            if not faster:
                return

    def _against(self, threads: int) -> Generator[Event, None, bool]:
        """Hold another thread count against the present one in turns; tell whether it is faster at all."""
        present = self._sides[0] if self._sides else (yield from self._side(_threads_of(self.view)))
        present.way.rates.clear()
        try:
            other = yield from self._side(threads)
            yield from self._race(present, other)
        except Ended as ended:
            if not isinstance(ended.event, Failed):
                raise
            row = TuneRow("threads", {"threads": threads}, code=ended.event.code, facts=ended.event.facts)
            self.view = with_threads(self.view, row, won=False)
            return False
        won = other.way.beats(present.way, CLEARLY_MORE_THREADS)
        row = other.way.row("threads", won, present.way)
        self.view = with_threads(self.view, row, won=won)
        self._let_go(present if won else other)
        return row.gain > 1

    def _side(self, threads: int) -> Generator[Event, None, Side]:
        """Start a process with a thread count for what was chosen, up to its first turn."""
        recipe = replace(tuned(self._job.recipe, self.view.chosen), threads=threads)
        job = replace(self._job, recipe=recipe, threads_only=True)
        host, self._next_host = self._next_host or self._desk.another(self._engine), None
        side = Side(host, self._desk.ask_at(host, job, TuneView), threads)
        self._sides.append(side)
        yield self._standing("start", threads)
        try:
            for event in side.events():
                if isinstance(event, Tuning):
                    yield self._standing(event.doing, threads)
                elif not isinstance(event, Answer):
                    yield event
        except Ended:
            self._sides.remove(side)
            raise
        self._check_waits(side)
        return side

    def _race(self, present: Side, other: Side) -> Iterator[Event]:
        """Let both take turns, each first in half of the pairs; a hopeless one is let go."""
        for number in range(TURNS):
            yield self._standing("measure", other.way.threads, number / TURNS)
            for side in (present, other) if number % 2 else (other, present):
                for event in side.turn():
                    if not isinstance(event, (Tuning, Answer)):
                        yield event
                self._check_waits(side)
            if other.way.is_hopeless(present.way):
                return

    def _check_waits(self, side: Side) -> None:
        """Raise where a process ended, which it does when it was told to stop."""
        if not side.waits:
            raise Ended(Stopped(step=0, kept=True))

    def _let_go(self, side: Side) -> None:
        self._sides.remove(side)
        side.close()

    def _standing(self, doing: str, threads: int, raced: float = 0.0) -> Tuning:
        self._doing = doing
        known = sum(row.stage == "threads" for row in self.view.rows) - 1
        counts = len(self.view.elsewhere)
        share = OWN_SHARE + (1 - OWN_SHARE) * min((known + raced) / counts, 1.0)
        following = OWN_SHARE + (1 - OWN_SHARE) * min((known + 1) / counts, 1.0)
        left = OTHER_SECONDS * max(counts - known - raced, 0.1)
        takes = OTHER_SECONDS * (1 - raced)
        return Tuning(self.view, doing, {"threads": threads}, share, following, takes, left)


def _as_part(event: Tuning, others: int) -> Tuning:
    """Return how the whole stands, of which the first process is a part."""
    if not others:
        return event
    share, following = OWN_SHARE * event.share, OWN_SHARE * event.next_share
    return replace(event, share=share, next_share=following, left=event.left + OTHER_SECONDS * others)


def _threads_of(view: TuneView) -> int:
    return next(int(row.settings["threads"]) for row in view.rows if row.stage == "threads" and row.chosen)


def _beside_its_own(rows: Sequence[TuneRow], row: TuneRow) -> tuple[TuneRow, ...]:
    """Return the rows with one more, after the last of its stage."""
    place = 1 + max((index for index, other in enumerate(rows) if other.stage == row.stage), default=-1)
    return (*rows[:place], row, *rows[place:]) if place else (*rows, row)


def with_threads(view: TuneView, row: TuneRow, *, won: bool) -> TuneView:
    """Return ``view`` with a thread count that was measured elsewhere, which is taken where it ``won``.

    What was fastest before is so many times as fast now: both were measured in the same moments.
    """
    rows = [
        replace(other, chosen=False) if won and other.stage == "threads" else other for other in view.rows
    ]
    rows = list(_beside_its_own(rows, replace(row, chosen=won)))
    if not won:
        return replace(view, rows=tuple(rows))
    chosen = {**view.chosen, **row.settings}
    return replace(view, rows=tuple(rows), chosen=chosen, after=view.after * row.gain)


def tuned(recipe: Recipe, chosen: Mapping[str, str | int]) -> Recipe:
    """Return the recipe with what a tuning chose."""
    return replace(recipe, **chosen)  # type: ignore[arg-type]
