"""From ▶ to the first loss painted on the chart, with a spare that stands by.

Run: ``python -m tests.bench.first_loss [--repeats N]``.
"""

from __future__ import annotations

import statistics
import sys
import time

from app.tour.hand import let_run
from tests.bench.figures import Figure, run
from tests.bench.real_window import Paints, RealWindow


def press_and_wait(window: RealWindow) -> float:
    """Press ▶; return after how many seconds the loss chart was painted with a loss on it."""
    window.settle()
    moments: list[float] = []
    chart = window.room.loss

    def on_paint() -> None:
        if began and len(chart.traces["every_step"].steps) and window.bench.run != before:
            moments.append(time.perf_counter())

    before, began = window.bench.run, 0.0
    paints = Paints(chart.plot.viewport(), on_paint)
    began = window.begin()
    window.hand.wait(lambda: bool(moments), 60, "the first loss")
    paints.deleteLater()
    window.bench.shell.action("stop_discard").trigger()
    window.hand.wait(lambda: not window.bench.busy, 60, "the end of the run")
    let_run(100)
    return moments[0] - began


def measure(repeats: int) -> list[Figure]:
    """Return the median."""
    with RealWindow("digits-mlp", epochs=2_000) as window:
        seconds = [press_and_wait(window) for _ in range(repeats)]
    note = f"best {min(seconds):.2f} s, worst {max(seconds):.2f} s"
    return [Figure("▶ to first loss on the chart", statistics.median(seconds), 0.5, "s", note=note)]


if __name__ == "__main__":
    sys.exit(run(measure, 7, __doc__))
