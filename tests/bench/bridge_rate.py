"""Events a second from a child to the window, and how late the window's thread is meanwhile.

Run: ``python -m tests.bench.bridge_rate [--epochs N]``. The fake engine says 2,000 log lines before each
of its own events; lateness is that of a 5 ms timer in the thread that receives the batches.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, QTimer

from app.bridge.flow_thread import FlowThread
from app.desk import Desk
from engines.host.process import ProcessHost
from tests.helpers.fake_jobs import fake_training

TICK_MS = 5


def main() -> None:
    """Measure once and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=4)
    epochs = parser.parse_args().epochs
    application = QCoreApplication([])
    batches: list[int] = []
    ticks: list[float] = []
    timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    with tempfile.TemporaryDirectory() as folder:
        job = fake_training(Path(folder), "fake:chatty", epochs)
        thread = FlowThread("bench", lambda desk: desk.run("fake", job), Desk(lambda _: ProcessHost("fake")))
        thread.events_arrived.connect(lambda events: batches.append(len(events)))
        thread.ended.connect(lambda _: application.quit())
        timer.start()
        thread.start()
        begin = time.perf_counter()
        application.exec()
        seconds = time.perf_counter() - begin
        thread.shut_down()
    late = sorted((b - a) * 1000 - TICK_MS for a, b in pairwise(ticks))
    print(f"{sum(batches):,} events in {seconds:.2f} s: {sum(batches) / seconds:,.0f} a second")
    print(f"{len(batches)} batches, {len(batches) / seconds:.1f} a second, the largest of {max(batches):,}")
    print(f"lateness: median {statistics.median(late):.1f} ms, p99 {late[int(len(late) * 0.99)]:.1f} ms")


if __name__ == "__main__":
    main()
