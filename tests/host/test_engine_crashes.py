"""Each engine's process dies in the midst of a training: it is told at once, and the next one starts."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from engines.contract.events import Crashed, Event, Hello, Metrics
from engines.contract.jobs import TrainJob
from engines.contract.spec import DataManifest, Recipe
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from engines.host.process import ProcessHost
from engines.training.run_folder import read_run
from tests.conformance.engine import NAMES
from tests.helpers.dying_worker import EXIT_CODE
from tests.helpers.engine_pythons import python_of
from tests.helpers.processes import until_gone

pytestmark = [
    pytest.mark.framework,
    pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="these signals are POSIX's"),
]

WORKER = Path(__file__).parents[1] / "helpers" / "dying_worker.py"
TOLD_SECONDS, STARTED_SECONDS = 3.0, 10.0
WAYS = {"killed": ("", -9), "exits": ("exit", EXIT_CODE), "segmentation fault": ("segv", -11)}
"""What the process is told to do to itself, or is done to it; and how that is reported."""


class Death:
    """One training whose process dies at its first metrics; what was seen, and when."""

    def __init__(self, engine: str, way: str, run: Path, digits: tuple[Path, DataManifest]) -> None:
        self.order, _ = WAYS[way]
        self.flag = run.with_suffix(".flag")
        self.begun = time.monotonic()
        self.died = self.greeted = 0.0
        self.family: list[int] = []
        spec = freeze(TEMPLATES["digits-mlp"].design())
        recipe = Recipe(epochs=100_000, threads=1, chunk_steps=20)
        job = TrainJob(str(run), spec, recipe, str(digits[0]), digits[1])
        host = ProcessHost(engine, command=[python_of(engine), str(WORKER), str(self.flag)])
        try:
            self.events = [self._hear(event, host) for event in host.run(job)]
        finally:
            host.close()
        self.told = time.monotonic() - self.died

    def _hear(self, event: Event, host: ProcessHost) -> Event:
        if isinstance(event, Hello):
            self.greeted = time.monotonic() - self.begun
        elif isinstance(event, Metrics) and not self.died:
            child = psutil.Process(host.pid)
            self.family = [child.pid, *(one.pid for one in child.children(recursive=True))]
            self.died = time.monotonic()
            if self.order:
                order = self.flag.with_suffix(".order")
                order.write_text(self.order)
                order.replace(self.flag)  # there with its text in it, or not there
            else:
                os.kill(host.pid, signal.SIGKILL)
        return event


def check(engine: str, way: str, folder: Path, digits: tuple[Path, DataManifest], times: int) -> None:
    """Let so many processes die one after the other; each is told of, leaves nothing, and has a successor."""
    code = WAYS[way][1]
    for number in range(times):
        run = folder / f"run-{number}"
        death = Death(engine, way, run, digits)
        last = death.events[-1]
        assert isinstance(last, Crashed), last
        assert death.told <= TOLD_SECONDS
        assert (last.signal, last.exit_code) == ((-code, 0) if code < 0 else (0, code)), last.stderr
        assert all(until_gone(pid) for pid in death.family), "an orphan is left"
        assert death.greeted <= STARTED_SECONDS
        assert read_run(run).state != "finished", "what is left can be read, and claims nothing"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("engine", NAMES)
def test_that_a_dead_engine_is_told_of_at_once_and_followed_by_another(
    engine: str, way: str, tmp_path: Path, digits: tuple[Path, DataManifest]
) -> None:
    check(engine, way, tmp_path, digits, times=3)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("engine", NAMES)
def test_that_twenty_five_deaths_are_like_three(
    engine: str, way: str, tmp_path: Path, digits: tuple[Path, DataManifest]
) -> None:
    check(engine, way, tmp_path, digits, times=25)
