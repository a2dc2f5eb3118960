"""Training speed in the real window with live charts, and how late the window's thread is meanwhile.

Run: ``python -m tests.bench.live_training [--repeats N]``. Speed: samples a second of the digits MLP
(64-128-10, batch 32, Adam), from the engine's first step to its last, against a tuned bare loop in a
process of its own: the same thread, no validation in either, interleaved pairs, the median of their
ratios. Lateness: a heartbeat of 10 ms in the window's thread, over all of these runs; for comparison the
same window beside a child that only burns a core.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from app.plans import prepared_folder
from app.tour.hand import let_run
from tests.bench.figures import Figure, percentile, run
from tests.bench.real_window import Heartbeat, RealWindow
from tests.bench.throughput import bare

EPOCHS = 400
BURN_MS = 5_000
RECIPE = {
    "epochs": EPOCHS,
    "batch_size": 32,
    "optimizer": "adam",
    "validate_every": 0,
    "threads": 1,
    "monitor": "validation_loss",
}


def in_the_window(window: RealWindow, heartbeat: Heartbeat) -> float:
    """Train once; return samples a second."""
    window.settle()
    with heartbeat:
        started, finished = window.train()
    return started.total_steps * started.batch_size / (finished.t - started.t)


def beside_a_burner(window: RealWindow) -> list[float]:
    """Return how late the heartbeat is beside a child that only burns a core."""
    window.settle()
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with Heartbeat() as heartbeat:
            let_run(BURN_MS)
    finally:
        child.kill()
        child.wait()
    return heartbeat.late


def measure(repeats: int) -> list[Figure]:
    """Return the ratio, and lateness at its 99th percentile and at its worst."""
    heartbeat, pairs = Heartbeat(), []
    burner: list[float] = []
    with RealWindow("digits-mlp", **RECIPE) as window:
        assert window.bench.manifest is not None
        folder = prepared_folder(window.bench.manifest)
        for _ in range(repeats):
            pairs.append((in_the_window(window, heartbeat), bare(folder, EPOCHS)))
            burner += beside_a_burner(window)
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = (statistics.median(side) for side in zip(*pairs))
    beside = f"beside a burning child {percentile(burner, 0.99):.1f}"
    rates = f"{ours:,.0f} : {theirs:,.0f} samples/s"
    late, worst = heartbeat.late, f"beside a burning child {max(burner):.1f}"
    return [
        Figure("samples/s in the window, of a bare loop", ratio, 0.90, "×", True, rates),
        Figure("lateness while training, p99", percentile(late, 0.99), 16, "ms", note=beside),
        Figure("lateness while training, worst", max(late), 50, "ms", note=worst),
    ]


if __name__ == "__main__":
    sys.exit(run(measure, 5, __doc__))
