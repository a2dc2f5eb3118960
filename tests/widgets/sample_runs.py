"""A run's history made of arrays, for charts and rooms that read one."""

from __future__ import annotations

from typing import Any

import numpy as np

from engines.contract.events import CheckpointSaved, Event, Started, Validated

STEPS_PER_EPOCH = 36


class SampleRun:
    """Grows by ``take``; losses fall, accuracies rise, both with noise from a fixed seed."""

    def __init__(self, epochs: int = 20) -> None:
        self.total = epochs * STEPS_PER_EPOCH
        at = np.arange(self.total)
        random = np.random.default_rng(7)
        self.steps = at.astype(np.int64)
        self.columns = {
            "loss": (2.2 * np.exp(-at / 90) * np.exp(random.normal(0, 0.3, self.total))).astype(np.float32),
            "accuracy": (1 - 0.9 * np.exp(-at / 70)).astype(np.float32),
            "learning_rate": (1e-3 * (1 + np.cos(np.pi * at / self.total)) / 2).astype(np.float32),
        }
        self.length = 0
        self.refreshed = 0
        self.events: list[Event] = []

    @property
    def names(self) -> tuple[str, ...]:
        """The columns."""
        return tuple(self.columns)

    def start(self, first_step: int = 0) -> Started:
        """Return the event that begins the run."""
        return Started(
            first_step, self.total, STEPS_PER_EPOCH, self.total // STEPS_PER_EPOCH, 32, 1, 10, "cpu"
        )

    def take(self, steps: int) -> None:
        """Let ``steps`` more be there."""
        self.length = min(self.total, self.length + steps)

    def refresh(self) -> bool:
        """Count how often the run was read."""
        self.refreshed += 1
        return True

    def series(self, name: str) -> tuple[Any, Any]:
        """Return what is there of a column."""
        return self.steps[: self.length], self.columns[name][: self.length]

    def validations(self, name: str) -> tuple[Any, Any]:
        """Return one value an epoch, in float64 as a history does."""
        if name not in ("loss", "accuracy"):
            return np.zeros(0, np.int64), np.zeros(0)
        ends = np.arange(STEPS_PER_EPOCH, self.length + 1, STEPS_PER_EPOCH)
        return ends, self.columns[name][ends - 1].astype(np.float64)

    def epoch_events(self, epoch: int, *, best: bool) -> tuple[Validated, CheckpointSaved]:
        """Return the events at the end of an epoch."""
        step = epoch * STEPS_PER_EPOCH
        values = {name: float(self.columns[name][step - 1]) for name in ("loss", "accuracy")}
        return Validated(step, epoch, values, t=float(epoch)), CheckpointSaved(
            step, epoch, "c", best, t=float(epoch)
        )
