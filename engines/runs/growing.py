"""An array that grows at its end: amortized, without a Python object per value."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


class Growing:
    """Values of one type; capacity doubles up to a step of a million, so that little stays unused."""

    def __init__(self, kind: np.dtype[Any]) -> None:
        self._values: npt.NDArray[Any] = np.empty(1024, kind)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    @property
    def view(self) -> npt.NDArray[Any]:
        """The values so far, without a copy; not to be written."""
        view = self._values[: self._length]
        view.flags.writeable = False
        return view

    def extend(self, values: npt.NDArray[Any]) -> None:
        """Append ``values``."""
        end = self._length + len(values)
        if end > len(self._values):
            capacity = max(end, len(self._values) + min(len(self._values), 1 << 20))
            grown = np.empty(capacity, self._values.dtype)
            grown[: self._length] = self._values[: self._length]
            self._values = grown
        self._values[self._length : end] = values
        self._length = end

    def cut(self, length: int) -> None:
        """Forget what comes after ``length`` values; earlier views keep what they show."""
        if length < self._length:
            self._values = self._values.copy()
            self._length = length
