"""From what was read to what is learned: the task, the classes, missing values, checked row by row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.data.options import Options
from engines.data.raw import Floats, Raw

MOST_CLASSES = 20
"""A target of whole numbers with more different values than this is a regression, unless told."""

LEAST_SAMPLES = 10
LEAST_A_CLASS = 2


@dataclass(frozen=True)
class Checked:
    """A data set whose targets are whole: ``labels`` are class numbers, empty for a regression."""

    raw: Raw
    task: str
    inputs: Floats  # NaN only where they are to be filled
    values: Floats  # the targets of a regression, (n, k)
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    warnings: tuple[str, ...]


Classes = tuple[npt.NDArray[np.int64], tuple[str, ...]]
_NO_CLASSES: Classes = (np.zeros(0, np.int64), ())


def check(raw: Raw, options: Options) -> Checked:
    """Decide the task and check every value.

    Raises:
        WorkbenchError: a ``DATA_…`` code naming line and column, or class and count.
    """
    raw, dropped = _without_missing(raw, options)
    if len(raw.inputs) < LEAST_SAMPLES:
        facts = {"have": len(raw.inputs), "wanted": LEAST_SAMPLES}
        raise WorkbenchError(ErrorCode.DATA_SAMPLES_FEW, path=raw.path, **facts)
    task = options.task or raw.task or infer_task(raw.target)
    inputs = np.asarray(raw.inputs, np.float64)
    if task == "regression":
        values, (labels, classes) = _values(raw), _NO_CLASSES
    else:
        values, (labels, classes) = np.zeros((0, 0)), _classes(raw, task)
    filled = int((~np.isfinite(inputs)).sum())
    warnings = ([f"rows_dropped:{dropped}"] if dropped else []) + (
        [f"values_filled:{filled}"] if filled else []
    )
    return Checked(raw, task, inputs, values, labels, classes, tuple(warnings))


def infer_task(target: npt.NDArray[Any]) -> str:
    """Tell the task from the target: text or few whole numbers are classes, the rest is a regression."""
    if target.dtype.kind == "U":
        return "classification"
    if target.ndim > 1:
        return "regression"
    known = target[np.isfinite(target)]
    different = np.unique(known)
    whole = bool(np.all(known == np.round(known)))
    few = len(different) <= MOST_CLASSES and len(different) * LEAST_A_CLASS <= len(known)
    return "classification" if whole and few else "regression"


def _without_missing(raw: Raw, options: Options) -> tuple[Raw, int]:
    """Refuse missing values, or leave such rows out, as ``options.missing`` says."""
    flat = np.asarray(raw.inputs, np.float64).reshape(len(raw.inputs), -1)
    holes = ~np.isfinite(flat)
    lost = _target_missing(raw.target)
    if options.missing == "drop":
        keep = ~(holes.any(axis=1) | lost)
        kept = replace(raw, inputs=raw.inputs[keep], target=raw.target[keep], lines=raw.lines[keep])
        return kept, int((~keep).sum())
    if lost.any():
        raise WorkbenchError(ErrorCode.DATA_TARGET_MISSING, **raw.where(int(lost.argmax()), -1))
    if holes.any() and not options.missing:
        row, column = (int(place) for place in np.argwhere(holes)[0])
        facts = raw.where(row, column if raw.features else 0)
        raise WorkbenchError(ErrorCode.DATA_VALUE_MISSING, **facts, count=int(holes.sum()))
    return raw, 0


def _target_missing(target: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    if target.dtype.kind == "U":
        return np.asarray(target == "", np.bool_)
    return np.asarray(~np.isfinite(target.reshape(len(target), -1)).all(axis=1), np.bool_)


def _values(raw: Raw) -> Floats:
    if raw.target.dtype.kind == "U":
        facts = raw.where(0, -1)
        value = str(raw.target[0])[:80]
        raise WorkbenchError(ErrorCode.DATA_TARGET_NOT_NUMERIC, **facts, value=value)
    return np.asarray(raw.target, np.float64).reshape(len(raw.target), -1)


def _classes(raw: Raw, task: str) -> Classes:
    """Number the classes: whole numbers and text in their own order."""
    if raw.target.ndim > 1:
        have = f"{raw.target.shape[1]} columns"
        raise WorkbenchError(ErrorCode.DATA_CLASSES, path=raw.path, have=have, wanted="1 column")
    different, labels, counts = np.unique(raw.target, return_inverse=True, return_counts=True)
    names = _class_names(raw, different)
    if len(names) < 2 or (task == "binary" and len(names) != 2):
        wanted = "2" if task == "binary" else "≥ 2"
        raise WorkbenchError(ErrorCode.DATA_CLASSES, path=raw.path, have=len(names), wanted=wanted)
    for name, count in zip(names, counts, strict=True):
        if count < LEAST_A_CLASS:
            facts: dict[str, Fact] = {"name": name, "count": int(count), "wanted": LEAST_A_CLASS}
            raise WorkbenchError(ErrorCode.DATA_CLASS_SMALL, path=raw.path, **facts)
    return labels.reshape(-1).astype(np.int64), names


def _class_names(raw: Raw, different: npt.NDArray[Any]) -> tuple[str, ...]:
    if different.dtype.kind == "U":
        return tuple(str(value) for value in different)
    if raw.classes and np.array_equal(different, np.arange(len(raw.classes))):
        return raw.classes
    return tuple(f"{value:.17g}" if value != round(value) else str(int(value)) for value in different)
