"""Tune for this machine: measure ways to train one design, and take the fastest. Framework-free.

One question after another: how many threads, which memory layout, which batch size, how many steps a call,
and at last, since it takes longest, which mode. The ways of one question are measured in turns, so that a
busy moment falls on all of them. A way has to win clearly, and beyond the noise of the pairs; a tie goes to
the recipe as it is, and so does the check at the end, where both are measured side by side once more.

Thread counts that only another process can measure are measured so, too: this one and the other take turns,
each as it is told.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Event, Finished, Stopped
from engines.contract.events import Tuning as Standing
from engines.contract.jobs import TuneJob
from engines.contract.views import CLEARLY, TuneRow, TuneView
from engines.training.abilities import Abilities
from engines.training.control import ControlFlags
from engines.training.plan import free_cores
from engines.training.run_folder import now
from engines.training.trainer import TrainerMaker
from engines.training.tune_questions import GROWTH, Questions, every_thread_count
from engines.training.tune_trial import Clock, Trial
from engines.training.tune_ways import CLEARLY_MORE_THREADS, Way, choose

TURNS, FEWEST_TURNS = 7, 3
PATIENCE = 2
"""After so many times the seconds that were asked for, nothing new is compiled but another mode."""
QUESTIONS = 6
SIDES_SHARE = 0.05
"""Of the seconds that were asked for, a turn beside another process is so much."""
LONG = 1.0
"""What takes so many seconds to get ready is called compiling."""
_STAGES = ("threads", "way", "batch_size", "chunk_steps")
_FIELDS = ("threads", "run_mode", "memory_layout", "batch_size", "chunk_steps")


@dataclass
class _Asked:
    """A question: its ways are in the table as far as they were measured; the first is the present one."""

    stage: str
    ways: list[Way]
    seconds: float


class Tuning:
    """The questions of one job on one engine; ``make`` builds a trainer as for a run."""

    def __init__(
        self,
        job: TuneJob,
        engine: str,
        make: TrainerMaker,
        abilities: Abilities,
        clock: Clock = perf_counter,
    ) -> None:
        self.job, self.engine, self.abilities, self._clock = job, engine, abilities, clock
        self._trial = Trial(job, make, clock, max(GROWTH) * job.recipe.batch_size)
        self._questions = Questions(job, abilities, self._trial.samples)
        self._began = clock()
        self._each = job.seconds / QUESTIONS
        self.present = self.taken = Way(job.recipe, {})
        self._checked = self.present
        self._asked: list[_Asked] = []
        self._ahead: dict[str, float] = {}
        self._share = 0.0
        self.before = self.after = self.noise = 0.0
        self.early = False

    def steps(self) -> Iterator[Standing]:
        """Ask one question after another; each event comes before what it tells of.

        Raises:
            WorkbenchError: what keeps the recipe itself from being run at all.
        """
        yield from self._open_present()
        if self.job.threads_only:
            yield from self._turns(self.present)
        counts = self._counts()
        if counts:
            yield from self._ask("threads", self._questions.threads(self.taken, counts))
        yield from self._ask("layout", self._questions.layouts(self.taken))
        yield from self._ask("batch_size", self._questions.batch_sizes(self.taken), take=self.job.batch_size)
        yield from self._ask("chunk_steps", self._questions.calls(self.taken))
        modes = self._questions.modes(self.taken)
        if len(modes) > 1:
            yield from self._check()  # who does not wait for a compiler has an answer that holds
            before = self.taken
            yield from self._ask("mode", modes)
            if self.taken is not before:
                yield from self._ask("chunk_steps", self._questions.calls(self.taken))
        yield from self._check()
        if self.job.stays and self._elsewhere():
            yield from self._turns(self.taken)

    def _turns(self, way: Way) -> Iterator[Standing]:
        """Take a turn each time that the event before it is answered; it does not end by itself."""
        one = _anew(way)
        while True:
            waiting = self._standing("wait", one, 0.0, 0.0)
            yield replace(waiting, rate=one.rates[-1] if one.rates else 0.0)
            self._trial.turn(one, 0.0)  # another process ran: caches and threads wake up
            self._trial.turn(one, SIDES_SHARE * self.job.seconds)

    def _open_present(self) -> Iterator[Standing]:
        """Get the recipe ready as it stands, or, where that does not compile, as it runs then."""
        yield self._opening(self.present, self.job.seconds)
        self._trial.open(self.present)
        fault, mode = self.present.fault, self.abilities.modes[0]
        if fault is not None and fault.code is ErrorCode.COMPILE_FAILED and self.job.recipe.run_mode != mode:
            self.present = self.taken = self._checked = Way(replace(self.job.recipe, run_mode=mode), {})
            self._trial.open(self.present)
            fault = self.present.fault
        if fault is not None:
            raise fault
        self._trial.held = [self.present]
        self._ahead = dict.fromkeys(("layout", "batch_size", "chunk_steps", "check"), self._each)
        self._ahead["mode"] = self._each + sum(map(self._ready_in, self._questions.modes(self.taken)[1:]))

    # --- one question ---

    def _ask(self, stage: str, ways: list[Way], *, take: bool = True) -> Iterator[Standing]:
        """Measure ``ways`` in turns, and take the one that wins; yields before each measurement."""
        self._ahead.pop(stage, None)
        if len(ways) < 2 and stage != "threads":
            return
        self._asked = [asked for asked in self._asked if asked.stage != stage]
        asked = _Asked(stage, ways, self._each)
        self._asked.append(asked)
        yield from self._open(asked)
        yield from self._measure([way for way in ways if way.fault is None], self._each)
        clearly = CLEARLY_MORE_THREADS if stage == "threads" else CLEARLY
        chosen = choose(ways, clearly)
        if take and chosen is not None and chosen is not ways[0]:
            self.taken = chosen
        for way in ways:
            if way is not self.taken:
                way.trainer = None
        self._trial.held = [self.present, self.taken]

    def _open(self, asked: _Asked) -> Iterator[Standing]:
        for place, way in enumerate(asked.ways):
            ready = self._ready_in(way)
            late = self._passed() + ready > PATIENCE * self.job.seconds
            if late and ready >= LONG and asked.stage != "mode":
                self._trial.leave_out(way, ready)
                continue
            rest = sum(map(self._ready_in, asked.ways[place + 1 :]))
            yield self._opening(way, self._each + rest)
            self._trial.open(way, self.taken.threads)

    def _measure(self, ways: Sequence[Way], seconds: float, doing: str = "measure") -> Iterator[Standing]:
        """Let ``ways`` take turns; one that is hopeless is let go, and slow ones get fewer."""
        begin, turns, number = self._clock(), TURNS, 0
        racing = list(ways)
        while number < turns and racing:
            left = seconds * (1 - number / turns)
            for way in racing:
                yield self._standing(doing, way, seconds / TURNS, left)
                self._trial.turn(way, seconds / (TURNS * len(ways)))
            number += 1
            racing = [way for way in racing if not way.is_hopeless(ways[0])]
            turns = max(FEWEST_TURNS, min(TURNS, round(seconds * number / (self._clock() - begin))))

    def _check(self) -> Iterator[Standing]:
        """Hold what would be taken against the recipe as it was; if it does not win here, that stays."""
        self._ahead.pop("check", None)
        if self.taken is self._checked:
            self._settle_figures()
            return
        sides = [_anew(self.present), _anew(self.taken)]
        yield from self._measure(sides, self._each, "check")
        self.before, self.after = (side.rate for side in sides)
        self.noise = sides[1].gain(sides[0])[1]
        if choose(sides, CLEARLY) is sides[0]:
            self.taken = self.present
        self._checked = self.taken

    def _settle_figures(self) -> None:
        """Where the recipe was never beaten, its own rate is both figures."""
        if not self.before:
            measured = [asked.ways[0].rate for asked in self._asked]
            self.before = self.after = measured[-1] if measured else 0.0

    # --- how it stands ---

    def _passed(self) -> float:
        return self._clock() - self._began

    def _ready_in(self, way: Way) -> float:
        known = self._trial.compile_seconds(way.recipe)
        return self.abilities.compiling.get(self.abilities.mode(way.recipe), 0.0) if known is None else known

    def _opening(self, way: Way, after: float) -> Standing:
        ready = self._ready_in(way)
        return self._standing("compile" if ready >= LONG else "measure", way, ready, ready + after)

    def _standing(self, doing: str, way: Way, takes: float, question: float) -> Standing:
        """Say how far it is: ``question`` are the seconds until this question is answered."""
        left = question + sum(self._ahead.values())
        whole = max(self._passed() + left, 1e-9)
        self._share = max(self._share, 1 - left / whole)
        following = max(self._share, 1 - (left - takes) / whole)
        return Standing(self.view(), doing, way.settings, self._share, following, takes, left)

    def view(self) -> TuneView:
        """Return the table as far as it is known, and what would be taken now."""
        job, taken = self.job, self.taken
        chosen = {
            key: getattr(taken.recipe, key)
            for key in _FIELDS
            if getattr(taken.recipe, key) != getattr(self.present.recipe, key)
        }
        rows = tuple(sorted(self._rows(), key=lambda row: _STAGES.index(row.stage)))
        told = (self.before, self.after, self._elsewhere(), now(), self.early, self.noise)
        return TuneView(self.engine, job.device, rows, chosen, *told)

    def _rows(self) -> Iterator[TuneRow]:
        """Yield a row for each way that was measured; layouts and modes are one list, each way once."""
        told: set[tuple[tuple[str, str | int], ...]] = set()
        for asked in self._asked:
            stage = "way" if asked.stage in ("layout", "mode") else asked.stage
            for way in asked.ways:
                key = tuple(way.settings.items())
                if (way.rates or way.fault is not None) and key not in told:
                    told.add(key)
                    yield way.row(stage, self._in_force(asked.stage, way), asked.ways[0])

    def _in_force(self, stage: str, way: Way) -> bool:
        now_so = {
            **self._questions.settings(self.taken.recipe),
            "threads": self.taken.threads,
            "chunk_steps": self.taken.steps,
            "batch_size": self.taken.recipe.batch_size,
        }
        shown_only = stage == "batch_size" and not self.job.batch_size
        return not shown_only and all(now_so[key] == value for key, value in way.settings.items())

    # --- threads ---

    def _counts(self) -> tuple[int, ...]:
        """Return the thread counts that this process can measure; none where that is no question."""
        if self.job.device != "cpu":
            return ()
        if self.abilities.lasting_threads:
            return (self.present.threads,)
        return every_thread_count(free_cores())

    def _elsewhere(self) -> tuple[int, ...]:
        if self.job.device != "cpu" or self.job.threads_only or not self.abilities.lasting_threads:
            return ()
        return tuple(count for count in every_thread_count(free_cores()) if count != self.present.threads)


def _anew(way: Way) -> Way:
    """Return a way to be measured once more, on the trainer that it has."""
    return replace(way, rates=[])


def tune(
    job: TuneJob,
    flags: ControlFlags,
    engine: str,
    make: TrainerMaker,
    abilities: Abilities,
    clock: Clock = perf_counter,
) -> Generator[Event, None, None]:
    """Answer a tuning job; told to stop and keep, with the best so far. What waits for its turn is done.

    Raises:
        WorkbenchError: what keeps the recipe itself from being run at all.
    """
    tuning, told = Tuning(job, engine, make, abilities, clock), False
    for standing in tuning.steps():
        waits = standing.doing == "wait"
        if waits:
            flags.pause()  # before it is told, so that the answer lifts it
        yield standing
        flags.wait_while_paused()
        if flags.should_stop:
            told, tuning.early = True, not waits
            break
    if told and not flags.keep:
        yield Stopped(step=0, kept=False)
        return
    yield Answer(tuning.view())
    yield Stopped(step=0, kept=True) if tuning.early else Finished()
