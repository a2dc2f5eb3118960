"""An array that grows at its end without being copied each time."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt

Scalar = TypeVar("Scalar", bound=np.generic)


class Growing(Generic[Scalar]):
    """Room doubles when it is full; ``values`` is a view of what is there."""

    def __init__(self, kind: type[Scalar]) -> None:
        self._room: npt.NDArray[Any] = np.empty(64, kind)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> npt.NDArray[Scalar]:
        """What has been appended, without a copy."""
        return self._room[: self._count]

    def append(self, fresh: npt.NDArray[Any]) -> None:
        """Put ``fresh`` at the end."""
        whole = self._count + len(fresh)
        if whole > len(self._room):
            room = np.empty(max(whole, 2 * len(self._room)), self._room.dtype)
            room[: self._count] = self.values
            self._room = room
        self._room[self._count : whole] = fresh
        self._count = whole
