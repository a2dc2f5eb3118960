"""What a room reads of a run: its history, with arrays that grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from widgets.charts.pyramid import Values
from widgets.charts.trace import Steps

NOTHING: tuple[Steps, Values] = (np.empty(0, np.int64), np.empty(0, np.float32))
"""A series without a value."""


class RunData(Protocol):
    """What the room follows: a run's history with arrays that grow."""

    @property
    def names(self) -> Any:
        """Names of the series there are."""
        ...

    @property
    def events(self) -> Sequence[Any]:
        """What happened, in order; it only grows."""
        ...

    def refresh(self) -> bool:
        """Read what is new; tell whether anything was."""
        ...

    def series(self, name: str) -> tuple[Steps, Values]:
        """Every step's values of ``name``."""
        ...

    def validations(self, name: str) -> tuple[Steps, Any]:
        """The validations' values of ``name``."""
        ...


def read(series: Callable[[str], tuple[Steps, Values]], name: str) -> tuple[Steps, Values]:
    """Return a series by name, :data:`NOTHING` where there is none of that name."""
    try:
        return series(name)
    except KeyError:
        return NOTHING
