"""A look at prepared data: a few samples, how often each class is there, what each column holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class ColumnView:
    """Statistics of one column in the source's own units; ``counts`` is its histogram, low to high."""

    name: str
    minimum: float
    maximum: float
    mean: float
    std: float
    counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class DataPreview:
    """What the data room shows beside a ``DataManifest``.

    ``samples``: at most 64, ``(k, *input_shape)``; tables in the source's units. ``labels``: each sample's
    class or value as text. ``parts``: the split each sample lies in. ``class_counts``: how often each class
    of the manifest is there, in its order, over the whole set. ``columns``: the inputs of a table;
    ``target``: the values of a regression.
    """

    kind: ClassVar[str] = "data_preview"
    samples: npt.NDArray[np.float32]
    labels: tuple[str, ...]
    parts: tuple[str, ...] = ()
    class_counts: tuple[int, ...] = ()
    columns: tuple[ColumnView, ...] = ()
    target: ColumnView | None = None
