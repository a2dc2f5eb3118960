"""The view record of prepared data; apart from the others because it holds NumPy arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from engines.contract.spec import DataManifest


@dataclass(frozen=True)
class ColumnView:
    """One column of a table as it was prepared; statistics over all samples, in float64."""

    name: str
    minimum: float
    maximum: float
    mean: float
    std: float
    missing: int


@dataclass(frozen=True)
class DataPreview:
    """What the Data room shows of a prepared set: the first samples, and counts.

    ``samples`` is ``(k, *input_shape)`` as engines see it; ``labels`` are class names or values as text,
    ``splits`` the part of each of these samples. ``columns`` is empty where samples are no table; their
    values are in the source's own units. ``class_counts``: split to one count a class.
    """

    kind: ClassVar[str] = "data_preview"
    manifest: DataManifest
    samples: npt.NDArray[np.float32]
    labels: tuple[str, ...]
    splits: tuple[str, ...]
    columns: tuple[ColumnView, ...] = ()
    class_counts: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
