"""A measured figure beside its goal, and how a benchmark prints what it found."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

from tests.bench.device import add_option, choose, device


@dataclass(frozen=True)
class Figure:
    """``value`` has to be at least or at most ``goal``; ``note`` says how it was got."""

    what: str
    value: float
    goal: float
    unit: str = ""
    at_least: bool = False
    note: str = ""
    load: float = 0.0

    @property
    def reached(self) -> bool:
        """Whether the goal is met."""
        return self.value >= self.goal if self.at_least else self.value <= self.goal


def load() -> float:
    """Return how many processes wanted a core over the last minute, by core."""
    return psutil.getloadavg()[0] / (psutil.cpu_count() or 1)


def percentile(values: Iterable[float], share: float) -> float:
    """Return the value that ``share`` of ``values`` do not exceed; 0 where there are none."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def table(figures: Iterable[Figure]) -> str:
    """Return figures as lines: value, goal, whether it is met, load by core, note."""
    lines = []
    for one in figures:
        sign, word = ("≥" if one.at_least else "≤"), ("met   " if one.reached else "MISSED")
        value, goal = f"{one.value:.2f} {one.unit}", f"{sign} {one.goal:g} {one.unit}"
        lines.append(f"{one.what:<46} {value:>12} {goal:>12}  {word} load {one.load:.1f}  {one.note}")
    return "\n".join(lines)


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(measure: Callable[[int], list[Figure]], repeats: int, doc: str | None) -> int:
    """Measure and print, as JSON lines with ``--json``; the exit status says whether all goals are met.

    What was not measured on the CPU says so.
    """
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("--repeats", type=int, default=repeats)
    parser.add_argument("--json", action="store_true", help="print one figure a line")
    add_option(parser)
    given = parser.parse_args()
    choose(given.device)
    begin = load()
    measured = measure(given.repeats)
    where = "" if device() == "cpu" else f" on {device()}"
    figures = [dataclasses.replace(one, what=one.what + where, load=max(begin, load())) for one in measured]
    if given.json:
        for one in figures:
            say(json.dumps(dataclasses.asdict(one), ensure_ascii=False))
    else:
        say(table(figures))
    return 0 if all(one.reached for one in figures) else 1
