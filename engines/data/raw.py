"""What a reader hands on: numbers, targets and where each value stood, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Raw:
    """A data set as it was read.

    ``inputs`` is ``(n, *shape)`` with NaN where a value is missing; ``target`` is text ``(n,)``, or numbers
    ``(n,)`` or ``(n, k)`` with NaN where one is missing. ``lines`` and ``columns`` (of the inputs, then of
    the target; both from 1) say where values stood, for messages. ``scale`` is what whole samples are
    multiplied by as ``numerator/denominator``, "" for none. ``classes`` names the whole numbers of the
    target, where the source knows names.
    """

    path: str
    inputs: npt.NDArray[np.generic]
    target: npt.NDArray[np.generic]
    target_name: str
    features: tuple[str, ...]
    lines: npt.NDArray[np.int64]
    columns: tuple[int, ...]
    scale: str = ""
    classes: tuple[str, ...] = ()
    task: str = ""

    def where(self, row: int, column: int) -> dict[str, str | int]:
        """Return the facts that name a value: column -1 is the target."""
        name = self.target_name if column < 0 else self.features[column] if self.features else "inputs"
        place = self.columns[column] if self.columns else 1
        return {"path": self.path, "line": int(self.lines[row]), "column": place, "name": name}
