"""What the window's process holds after a million steps came in while the Train room showed them.

Run: ``python -m tests.bench.memory``. Each step has a loss, an accuracy and a learning rate; they are
appended to the run's own file of metrics in chunks, and the room reads and draws each as it comes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import psutil

from app.tour.hand import let_run
from engines.training.metric_log import MetricLog
from engines.training.run_folder import METRICS
from tests.bench.figures import Figure, run
from tests.bench.real_window import RealWindow

STEPS, CHUNK = 1_000_000, 10_000


def resident() -> float:
    """Return this process's memory in megabytes."""
    return float(psutil.Process().memory_info().rss) / 1e6


def grow(window: RealWindow) -> None:
    """Let the run that is shown grow to a million steps, one chunk a frame."""
    log = MetricLog(Path(window.bench.run) / METRICS)
    log.go_on_at(window.room.history.length)
    dice = np.random.default_rng(0)
    for start in range(0, STEPS, CHUNK):
        fall = np.exp(-np.arange(start, start + CHUNK) / STEPS * 4)
        noise = dice.normal(1, 0.1, CHUNK)
        values = {name: (fall * noise).astype(np.float32) for name in log.columns}
        log.append(values)
        window.room.refresh_soon()
        let_run(60)
    log.close()


def measure(repeats: int) -> list[Figure]:
    """Return the memory at the end."""
    with RealWindow("digits-mlp", epochs=1) as window:
        window.train()
        before = resident()
        grow(window)
        let_run(500)
        length = window.room.history.length
        assert length >= STEPS, length
        after = resident()
    note = f"{before:.0f} MB before, {length:,} steps of 3 values"
    return [Figure("window's memory after 1,000,000 steps", after, 400, "MB", note=note)]


if __name__ == "__main__":
    sys.exit(run(measure, 1, __doc__))
