"""The chart of one measure while a run goes on: every step, smoothed, and the validations."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QWidget

from widgets.charts.chart import LineChart
from widgets.charts.pyramid import Values
from widgets.charts.smoothing import TrailingMean
from widgets.charts.trace import Steps, Trace


class LossChart(LineChart):
    """``every step`` as a thin light line, the trailing mean over it, validations as a marked line."""

    def __init__(
        self,
        name: str,
        accessible: str,
        *,
        percent: bool = False,
        can_log: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, accessible, percent=percent, can_log=can_log, parent=parent)
        self._mean = TrailingMean()
        self.set_traces(
            [
                Trace("every_step", "every step", 0, thin=True),
                Trace("train", "mean", 0, sampler=self._mean.sampled),
                Trace("validation", "validation", 1, marks=True),
            ]
        )

    def clear(self) -> None:
        """Forget all data, for another run."""
        nothing = np.empty(0, np.int64), np.empty(0, np.float32)
        self.set_train(*nothing)
        self.set_validation(*nothing)
        self.reset()

    def set_smoothing(self, window: int) -> None:
        """Smooth over ``window`` steps."""
        self._mean.set_window(window)
        self.set_data("train", self.traces["every_step"].steps, self._mean.values)

    def set_train(self, steps: Steps, values: Values) -> None:
        """Give every step's value as it is now."""
        self._mean.update(values)
        self.set_data("every_step", steps, values)
        self.set_data("train", steps, self._mean.values)

    def set_validation(self, steps: Steps, values: Values) -> None:
        """Give the validations' values as they are now."""
        self.set_data("validation", steps, np.asarray(values, np.float32))
