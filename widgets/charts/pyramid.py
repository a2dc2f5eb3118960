"""A min-max pyramid over a growing series: any stretch drawn with few points and every extreme kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from widgets.charts.growing import Growing

BASE = 4
"""How many blocks of one level make a block of the next."""

Values = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


def grew(count: int, last: bytes, values: Values) -> bool:
    """Tell whether ``values`` go on from ``count`` values that ended in ``last``, not written anew."""
    return len(values) >= count and (count == 0 or values[count - 1 : count].tobytes() == last)


class _Level:
    """The extremes of consecutive blocks."""

    def __init__(self) -> None:
        self.lows, self.highs = Growing(np.float32), Growing(np.float32)

    def extend(self, lows: Values, highs: Values) -> None:
        """Append whole blocks, ``BASE`` of those beneath to one of ours."""
        whole = len(lows) // BASE * BASE
        self.lows.append(np.fmin.reduce(lows[:whole].reshape(-1, BASE), axis=1))
        self.highs.append(np.fmax.reduce(highs[:whole].reshape(-1, BASE), axis=1))


class Pyramid:
    """Extremes of a series that only grows; NaN counts as missing."""

    def __init__(self) -> None:
        self._values: Values = np.empty(0, np.float32)
        self._count, self._last = 0, b""
        self._levels: list[_Level] = []

    def update(self, values: Values) -> None:
        """Take the whole series as it is now; only what is new is read, unless it became shorter."""
        if not grew(self._count, self._last, values):
            self._levels = []
        self._values, self._count, self._last = values, len(values), values[-1:].tobytes()
        lows, highs = values, values
        height = 0
        while len(lows) >= BASE:
            if height == len(self._levels):
                self._levels.append(_Level())
            level = self._levels[height]
            done = len(level.lows) * BASE
            level.extend(lows[done:], highs[done:])
            lows, highs = level.lows.values, level.highs.values
            height += 1

    def drawn(self, start: int, stop: int, limit: int) -> tuple[Places, Values]:
        """Return indices and values to draw ``start`` to ``stop`` in ``limit`` to ``BASE * limit`` blocks.

        Where there are more values than ``limit``, each block gives its lowest and its highest value at
        the block's first index; the extremes over the stretch are those of the values themselves.
        """
        start, stop = max(0, start), min(stop, len(self._values))
        height = 0
        while stop - start >= limit * BASE ** (height + 1) and height < len(self._levels):
            height += 1
        if height == 0 or stop <= start:
            return np.arange(start, max(start, stop)), self._values[start:stop]
        return self._blocks(start, stop, height)

    def _blocks(self, start: int, stop: int, height: int) -> tuple[Places, Values]:
        size, level = BASE**height, self._levels[height - 1]
        first = -(-start // size)
        last = max(first, min(stop // size, len(level.lows)))
        lows, highs = [level.lows.values[first:last]], [level.highs.values[first:last]]
        places: list[Places] = [np.arange(first, last, dtype=np.int64) * size]
        for low, high, side in ((start, min(first * size, stop), 0), (max(last * size, start), stop, 1)):
            if high > low:
                part, at = self._values[low:high], len(lows) * side
                lows.insert(at, np.fmin.reduce(part, keepdims=True))
                highs.insert(at, np.fmax.reduce(part, keepdims=True))
                places.insert(at, np.array([low], np.int64))
        pairs = np.stack((np.concatenate(lows), np.concatenate(highs)), axis=1).reshape(-1)
        return np.repeat(np.concatenate(places), 2), pairs
