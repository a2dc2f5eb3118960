"""Which validation was the best, and when to stop waiting for a better one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

LOWER_IS_BETTER = ("loss", "mae")


@dataclass(frozen=True)
class EarlyStopping:
    """The best value so far, after which step, and how many validations went by without a better one.

    ``best_step`` is -1 before the first validation that is a number.
    """

    best: float = 0.0
    best_step: int = -1
    waited: int = 0

    def after(self, value: float, step: int, lower_is_better: bool) -> EarlyStopping:
        """Return the state after one more validation; NaN is never better."""
        if not math.isnan(value) and self._improves(value, lower_is_better):
            return EarlyStopping(value, step, 0)
        return replace(self, waited=self.waited + 1)

    def _improves(self, value: float, lower_is_better: bool) -> bool:
        if self.best_step < 0:
            return True
        return value < self.best if lower_is_better else value > self.best

    def exhausted(self, patience: int) -> bool:
        """Tell whether ``patience`` validations (0: endless) went by without a better one."""
        return 0 < patience <= self.waited


def lower_is_better(monitor: str) -> bool:
    """Tell the direction of ``validation_loss``, ``validation_accuracy`` …"""
    return monitor.removeprefix("validation_") in LOWER_IS_BETTER
