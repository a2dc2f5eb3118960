"""A way to train that a tuning tries, and the rule by which one is taken. Framework-free."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engines.contract.errors import WorkbenchError
from engines.contract.spec import Recipe
from engines.contract.views import NOISES, TuneRow
from engines.training.trainer import Trainer

CLEARLY_MORE_THREADS = 1.1
"""So much faster more threads have to be, which the window and others want, too."""
HOPELESS = 0.7
"""A way that was slower than this in each of its first turns gets no more of them."""
FIRST_TURNS = 2


@dataclass
class Way:
    """One recipe that is tried, with what was measured of it: samples a second, turn by turn."""

    recipe: Recipe
    settings: dict[str, str | int]
    rates: list[float] = field(default_factory=list)
    compile_seconds: float = 0.0
    fault: WorkbenchError | None = None
    trainer: Trainer | None = None
    threads: int = 0
    steps: int = 0
    """Threads and steps a call in force once it is open, where the recipe leaves them so."""

    @property
    def rate(self) -> float:
        """Samples a second; 0 where it could not be run."""
        return statistics.median(self.rates) if self.rates else 0.0

    def ratios(self, other: Way) -> list[float]:
        """Return how many times as fast it was, turn against turn."""
        return [mine / theirs for mine, theirs in zip(self.rates, other.rates)]

    def gain(self, other: Way) -> tuple[float, float]:
        """Return the median of the ratios, and its noise: half of them lie so far from it at most."""
        ratios = self.ratios(other)
        if len(ratios) < 2:
            return (ratios or [0.0])[0], 0.0
        return statistics.median(ratios), _middle_half(ratios) / 2

    def beats(self, other: Way, clearly: float) -> bool:
        """Tell whether this way is so much faster, beyond the noise, and ahead in four turns of five."""
        ratios, (times, noise) = self.ratios(other), self.gain(other)
        behind = sum(ratio <= 1.0 for ratio in ratios)
        return times > clearly and times - 1 > NOISES * noise and behind <= len(ratios) // 5

    def is_hopeless(self, present: Way) -> bool:
        """Tell whether the first turns showed that it cannot win."""
        pairs = list(zip(self.rates, present.rates))
        return len(pairs) >= FIRST_TURNS and all(mine < HOPELESS * theirs for mine, theirs in pairs)

    def row(self, stage: str, chosen: bool, present: Way) -> TuneRow:
        """Return what the table shows, beside the way that was there before."""
        spread = _middle_half(self.rates) / self.rate if self.rates else 0.0
        gain, noise = (0.0, 0.0) if present is self else self.gain(present)
        told = TuneRow(
            stage, self.settings, self.rate, spread, self.compile_seconds, chosen, gain=gain, noise=noise
        )
        if self.fault is None:
            return told
        return replace(told, code=self.fault.code.value, facts=self.fault.facts)


def _middle_half(values: Sequence[float]) -> float:
    """Return how wide the middle half of values lies: one bad moment does not widen it."""
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return high - low


def choose(ways: Sequence[Way], clearly: float) -> Way | None:
    """Return the way to take; the first that could be run is the present one, and stays in a tie.

    Another has to beat it clearly, and clearly whichever beat it before. None where nothing could be run.
    """
    able = [way for way in ways if way.rates]
    if not able:
        return None
    present = chosen = able[0]
    for way in able[1:]:
        whole = len(way.rates) == len(present.rates)
        if whole and way.beats(present, clearly) and (chosen is present or way.beats(chosen, clearly)):
            chosen = way
    return chosen


def alike(first: Recipe, second: Recipe) -> bool:
    """Tell whether one trainer serves both: threads and steps a call are told it anew each time."""
    return replace(first, threads=0, chunk_steps=0) == replace(second, threads=0, chunk_steps=0)
