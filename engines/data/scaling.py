"""Bring inputs and targets to a scale that trains well, from statistics of the training part alone.

What was done is returned as facts, so that an exported model can say how to treat a new sample. Lists in
facts are JSON; numbers are written so that they read back exactly.
"""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from engines.data.options import Options
from engines.data.raw import Floats
from engines.data.schema import Checked
from engines.data.split import Indices

Scaled = npt.NDArray[np.float32]
FARTHEST = 1e30
"""So many deviations from the mean a value may be: float32 ends at 3e38."""


def inputs(checked: Checked, train: Indices, options: Options) -> tuple[Scaled, dict[str, str], list[str]]:
    """Return the inputs as float32, the facts, and warnings about columns that never change.

    Tables: missing values become the column's mean, then mean 0 and deviation 1 (population) a column.
    Whole samples such as pictures are multiplied by the reader's scale.
    """
    values = checked.inputs
    if checked.raw.scale:
        return (
            np.asarray(values * float(Fraction(checked.raw.scale)), np.float32),
            {"scale": checked.raw.scale},
            [],
        )
    mean, facts = _means(values, train), {}
    if not np.isfinite(values).all():
        values = np.where(np.isfinite(values), values, mean)
        facts = {"missing": "mean", "mean": _list(mean)}
    if values.ndim != 2:
        return values.astype(np.float32), facts, []
    constant = _constant(values, train)
    warnings = [f"constant_column:{checked.raw.features[column]}" for column in np.flatnonzero(constant)]
    if options.standardize == "no":
        return values.astype(np.float32), facts, warnings
    mean, std = _statistics(values, train)
    facts |= {"mean": _list(mean), "std": _list(std)}
    return ((values - mean) / std).astype(np.float32), facts, warnings


def targets(
    checked: Checked, train: Indices, options: Options
) -> tuple[npt.NDArray[np.generic], dict[str, str]]:
    """Return class numbers ``(n,)`` int64, 0 or 1 as ``(n, 1)`` float32, or a regression's values."""
    if checked.task == "classification":
        return checked.labels, {}
    if checked.task == "binary":
        return checked.labels.astype(np.float32)[:, None], {}
    values = checked.values
    if options.standardize == "no":
        return values.astype(np.float32), {}
    mean, std = _statistics(values, train)
    facts = {"target_mean": _list(mean), "target_std": _list(std)}
    return ((values - mean) / std).astype(np.float32), facts


def _constant(values: Floats, train: Indices) -> npt.NDArray[np.bool_]:
    """Tell which columns never change in training (their deviation may be rounding, not zero)."""
    rows = values[train]
    return np.asarray(rows.max(axis=0) == rows.min(axis=0), np.bool_)


def _statistics(values: Floats, train: Indices) -> tuple[Floats, Floats]:
    """Return mean and deviation of each column in training; exactly the value and 1 where it is constant.

    A deviation in which another part's values would be too many for float32 counts as 1 as well.
    """
    rows, constant = values[train], _constant(values, train)
    mean = np.where(constant, rows[0], rows.mean(axis=0))
    deviation = rows.std(axis=0)
    lost = deviation < np.abs(values - mean).max(axis=0) / FARTHEST
    return mean, np.where(constant | lost, 1.0, deviation)


def _means(values: Floats, train: Indices) -> Floats:
    """Return each value's mean over the training samples where it is there; 0 where it never is."""
    rows = values[train]
    known = np.isfinite(rows)
    counts = known.sum(axis=0)
    sums = np.where(known, rows, 0.0).sum(axis=0)
    return np.asarray(np.divide(sums, counts, out=np.zeros_like(sums), where=counts > 0))


def _list(values: Floats) -> str:
    return json.dumps([float(value) for value in values.ravel()])
