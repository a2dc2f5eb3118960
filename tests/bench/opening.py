"""From the command to the painted, usable window: the process's start to the Start page with its templates.

Run: ``python -m tests.bench.opening [--repeats N]``. Each start is ``app.main``'s own in a fresh process
with compiled bytecode and a warm disk; a filter on Qt's events notes the first paint and the first paint
of the Start page. The note tells the CPU time, which a busy machine does not lengthen as much.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.figures import Figure, run
from tests.helpers.source import ROOT

PROBE = """
import json, sys, time
began = float(sys.argv.pop())
import app.window as module
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication

class Probe(QObject):
    moments = {}
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and watched.objectName() in ("window", "start_room"):
            self.note(watched.objectName())
            if watched.objectName() == "start_room" and "usable" not in self.moments:
                QTimer.singleShot(0, self.end)  # after all that this paint drew
        return False
    def note(self, name):
        self.moments.setdefault(name, (time.time() - began, time.process_time()))
    def end(self):
        window = next(w for w in QApplication.topLevelWidgets() if w.objectName() == "window")
        assert window.findChild(QObject, "template_digits-cnn").isVisible()
        self.note("usable")
        sys.stdout.write(json.dumps(self.moments) + "\\n")
        sys.stdout.flush()
        window.close()

probe, open_window = Probe(), module.open_window
def opened(application):
    application.installEventFilter(probe)
    return open_window(application)
module.open_window = opened
from app.main import main
sys.exit(main([]))
"""


def start(home: Path) -> dict[str, tuple[float, float]]:
    """Start once; return the moments by wall clock and by CPU time."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "MODELWRIGHT_HOME": str(home / "home"),
        "PYTHONPYCACHEPREFIX": str(home / "compiled"),
        "QT_QPA_PLATFORM": "offscreen",
    }
    command = [sys.executable, "-c", PROBE, str(time.time())]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, cwd=ROOT, timeout=120
    )
    if done.returncode:
        raise RuntimeError(f"status {done.returncode}: {done.stderr}")
    moments: dict[str, tuple[float, float]] = json.loads(done.stdout.splitlines()[0])
    return moments


def measure(repeats: int) -> list[Figure]:
    """Return the medians, after one start that warms disk and bytecode."""
    with tempfile.TemporaryDirectory() as home:
        start(Path(home))
        starts = [start(Path(home)) for _ in range(repeats)]
    figures = []
    for name, what in (("window", "command to first paint"), ("usable", "command to usable Start page")):
        seconds = statistics.median(one[name][0] for one in starts)
        cpu = statistics.median(one[name][1] for one in starts)
        best = min(one[name][0] for one in starts)
        figures.append(Figure(what, seconds, 1.0, "s", note=f"best {best:.2f} s, CPU time {cpu:.2f} s"))
    return figures


if __name__ == "__main__":
    sys.exit(run(measure, 7, __doc__))
