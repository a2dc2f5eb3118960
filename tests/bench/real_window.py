"""The real window for benchmarks: opened as the command does, with a home of its own, on a virtual screen."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil
from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QWidget
from typing_extensions import override

from app.composition import Composition
from app.tour import choose_screen
from app.tour.hand import Hand, let_run
from app.window import open_window
from engines.contract.events import Finished, Started
from engines.runs.history import RunHistory

TICK_MS = 10


class Paints(QObject):
    """Calls back at every paint of one widget."""

    def __init__(self, widget: QWidget, on_paint: Callable[[], None]) -> None:
        super().__init__(widget)
        self._on_paint = on_paint
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._on_paint()
        return False


class Heartbeat:
    """A timer of ten milliseconds in the window's thread; ``late`` holds by how many each beat was late."""

    def __init__(self) -> None:
        self.late: list[float] = []
        self._last = 0.0
        self._timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def __enter__(self) -> Heartbeat:
        self._last = time.perf_counter()
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.stop()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.late.append(max(0.0, (now - self._last) * 1000 - TICK_MS))
        self._last = now


class RealWindow:
    """The window with a project of a template; use it as a context manager."""

    def __init__(self, template: str, **recipe: Any) -> None:
        self._template, self._recipe = template, recipe
        self._home = tempfile.TemporaryDirectory(prefix="modelwright-bench-", ignore_cleanup_errors=True)

    def __enter__(self) -> RealWindow:
        home = Path(self._home.name)
        os.environ["MODELWRIGHT_HOME"] = str(home / "home")
        choose_screen(home)
        app = QApplication.instance()
        self._app = app if isinstance(app, QApplication) else QApplication(sys.argv[:1])
        self.window = open_window(self._app)
        self.hand = Hand(self.window, home)
        self.hand.wait_for(f"template_{self._template}")
        found = self.window.findChild(Composition)
        assert found is not None
        self.bench, self._engines = found.bench, found.engines
        self.hand.click(f"template_{self._template}")
        self.hand.wait(lambda: self.bench.manifest is not None, 120, "the data")
        self.set_recipe(**self._recipe)
        self.room: Any = self.bench.shell.open_room("train")
        self.settle()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.window.close()
        let_run(50)
        self._home.cleanup()

    def set_recipe(self, **values: Any) -> None:
        """Change the design's recipe."""
        design = self.bench.design
        assert design is not None
        design.set_recipe(replace(design.recipe, **values))

    def settle(self) -> None:
        """Wait until the engine is known, a spare has imported it, and no process of ours works."""
        self.hand.wait(lambda: self.bench.engine in self._engines.reports, 180, "the engine's report")
        while self.bench.busy or _burnt(0.5) > 0.05:
            let_run(50)

    def begin(self) -> float:
        """Press F5 in the Train room; return when."""
        began = time.perf_counter()
        self.bench.shell.action("train").trigger()
        return began

    def train(self) -> tuple[Started, Finished]:
        """Run the whole training; return its first and its last event, stamped by the engine."""
        ended: list[bool] = []
        connection = self.bench.run_ended.connect(lambda: ended.append(True))
        self.begin()
        self.hand.wait(lambda: bool(ended), 600, "the end of the run")
        self.bench.run_ended.disconnect(connection)
        history = RunHistory(self.bench.run)
        history.refresh()
        started = next(event for event in history.events if isinstance(event, Started))
        finished = next(event for event in history.events if isinstance(event, Finished))
        return started, finished


def _burnt(seconds: float) -> float:
    """Return the CPU time that our child processes used in the next ``seconds``, by second."""
    before = _children_time()
    let_run(round(seconds * 1000))
    return abs(_children_time() - before) / seconds


def _children_time() -> float:
    whole = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:
            continue
        whole += times.user + times.system
    return whole
