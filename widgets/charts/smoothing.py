"""A trailing mean over a growing series, from running sums: growth costs only what is new."""

from __future__ import annotations

import numpy as np

from widgets.charts.growing import Growing
from widgets.charts.pyramid import Places, Values, grew


class TrailingMean:
    """The mean of the last ``window`` finite values at every place; NaN where there is none."""

    def __init__(self, window: int = 20) -> None:
        self.window = window
        self._last = b""
        self._forget()

    @property
    def values(self) -> Values:
        """The smoothed series, as long as what was given."""
        return self._values.values

    def set_window(self, window: int) -> None:
        """Smooth over ``window`` values from now on, the past too."""
        if window != self.window:
            self.window = max(1, window)
            self._values = Growing(np.float32)
            self._values.append(self._means(np.arange(len(self._sums) - 1), self.window))

    def update(self, values: Values) -> None:
        """Take the whole series as it is now."""
        if not grew(len(self._values), self._last, values):
            self._forget()
        self._last = values[-1:].tobytes()
        done = len(self._values)
        fresh = values[done:].astype(np.float64)
        finite = np.isfinite(fresh)
        for sums, more in ((self._sums, np.where(finite, fresh, 0.0)), (self._counts, finite)):
            sums.append(sums.values[-1] + np.cumsum(more, dtype=np.float64))
        self._values.append(self._means(np.arange(done, len(self._sums) - 1), self.window))

    def sampled(self, start: int, stop: int, count: int) -> tuple[Places, Values]:
        """Return about ``count`` places between two and their means, over as much as lies between them.

        A smooth line of few points: thick lines through dense noise take Qt's painter most of a second.
        """
        stride = max(1, (stop - start) // count)
        places = np.unique(np.append(np.arange(start, stop, stride), stop - 1))
        return places, self._means(places, max(self.window, stride))

    def _forget(self) -> None:
        self._sums, self._counts = Growing(np.float64), Growing(np.float64)
        self._sums.append(np.zeros(1))
        self._counts.append(np.zeros(1))
        self._values = Growing(np.float32)

    def _means(self, at: Places, window: int) -> Values:
        sums, counts = self._sums.values, self._counts.values
        places = at + 1
        before = np.maximum(places - window, 0)
        there = counts[places] - counts[before]
        means = np.full(len(places), np.nan)
        np.divide(sums[places] - sums[before], there, out=means, where=there > 0)
        return means.astype(np.float32)
