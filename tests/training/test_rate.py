"""Samples a second are those of the steps: what an engine compiles first does not count."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.contract.events import Finished, Metrics, Stopped
from engines.training import loop
from engines.training.control import ControlFlags
from tests.helpers.small_training import NumpyTrainer, run_small, small_job

STEP, COMPILING = 0.01, 100.0


class Clock:
    """Time goes by only where the trainer says so."""

    now = 0.0


class CompilingTrainer(NumpyTrainer):
    """Compiles at its first step, whoever asks for that; afterwards a step takes ten milliseconds."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._compiled = False

    def measure(self, threads: int, batches: Any) -> float:
        self._compile()
        return STEP

    def run_chunk(self, first_step: int, batches: Any, rates: Any) -> Any:
        self._compile()
        Clock.now += STEP * len(batches)
        return super().run_chunk(first_step, batches, rates)

    def _compile(self) -> None:
        Clock.now += 0.0 if self._compiled else COMPILING
        self._compiled = True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Clock, "now", 0.0)
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: Clock.now))


def rate_of(home: Path, **changes: Any) -> float:
    *_, last = run_small(small_job(home, **changes), make=CompilingTrainer)
    assert isinstance(last, Finished)
    return float(last.summary["samples_per_second"])


@pytest.mark.parametrize("known", [{}, {"threads": 0, "chunk_steps": 0}])
def test_that_compiling_is_no_part_of_the_rate(tmp_path: Path, clock: None, known: dict[str, int]) -> None:
    assert rate_of(tmp_path, **known) == pytest.approx(8 / STEP)


def test_that_a_resumed_run_has_the_rate_of_an_undisturbed_one(tmp_path: Path, clock: None) -> None:
    flags = ControlFlags()
    for event in run_small(small_job(tmp_path, epochs=60), flags, CompilingTrainer):
        if isinstance(event, Metrics):
            flags.stop(keep=True)
    assert event == Stopped(step=event.step, kept=True)  # type: ignore[union-attr]
    assert rate_of(tmp_path, resume=True, epochs=60) == pytest.approx(8 / STEP)
