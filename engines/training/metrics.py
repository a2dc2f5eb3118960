"""Metrics of a whole split, from outputs (logits or values) and targets, in float64.

Definitions as in scikit-learn: f1 is the macro mean over the classes that occur, auc of several classes
the macro mean of one against the rest, r2 the uniform mean over the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.training.losses import Targets, Values, log_softmax

Labels = npt.NDArray[np.int64]


def predicted_classes(outputs: npt.NDArray[Any], binary: bool) -> Labels:
    """Return each sample's class: the largest logit, or 1 where the one logit is positive."""
    if binary:
        return (outputs > 0).astype(np.int64).reshape(-1)
    classes: Labels = np.argmax(outputs, axis=-1).astype(np.int64).reshape(-1)
    return classes


def accuracy(outputs: Values, targets: Targets, binary: bool) -> float:
    """Return the share of right classes."""
    return float((predicted_classes(outputs, binary) == targets.reshape(-1)).mean())


def f1(outputs: Values, targets: Targets, binary: bool) -> float:
    """Return the mean over classes of 2·tp / (2·tp + fp + fn)."""
    predicted, true = predicted_classes(outputs, binary), targets.reshape(-1).astype(np.int64)
    _, places = np.unique(np.concatenate([predicted, true]), return_inverse=True)
    sizes = np.bincount(places)
    hits = np.bincount(places[: predicted.size][predicted == true], minlength=sizes.size)
    return float((2.0 * hits / sizes).mean())


def _ranks(scores: Values) -> Values:
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: Values = (last - (counts - 1) / 2.0)[inverse.reshape(-1)]
    return ranks


def binary_auc(scores: Values, positive: npt.NDArray[np.bool_]) -> float:
    """Return the area under the ROC curve by ranks (Mann and Whitney); NaN where a class is missing."""
    count = int(positive.sum())
    rest = positive.size - count
    if not count or not rest:
        return float("nan")
    return float((_ranks(scores)[positive].sum() - count * (count + 1) / 2.0) / (count * rest))


def auc(outputs: Values, targets: Targets, binary: bool) -> float:
    """Return the area under the ROC curve; of several classes the mean of one against the rest."""
    true = targets.reshape(-1)
    if binary:
        return binary_auc(outputs.reshape(-1), true > 0.5)
    scores = np.exp(log_softmax(outputs))
    if scores.shape[-1] == 2:
        return binary_auc(scores[:, 1], true == 1)
    return float(np.mean([binary_auc(scores[:, c], true == c) for c in range(scores.shape[-1])]))


def mae(outputs: Values, targets: Targets, binary: bool = False) -> float:
    """Return the mean absolute error."""
    return float(np.abs(outputs - targets).mean())


def r2(outputs: Values, targets: Targets, binary: bool = False) -> float:
    """Return the share of variance explained; 0 where constant targets are missed, 1 where they are met."""
    rest = ((targets - outputs) ** 2).reshape(len(targets), -1).sum(axis=0)
    total = ((targets - targets.mean(axis=0)) ** 2).reshape(len(targets), -1).sum(axis=0)
    safe = np.where(total > 0, total, 1.0)
    return float(np.where(total > 0, 1.0 - rest / safe, (rest == 0).astype(float)).mean())


METRICS: dict[str, Callable[[Values, Targets, bool], float]] = {
    "accuracy": accuracy,
    "f1": f1,
    "auc": auc,
    "mae": mae,
    "r2": r2,
}
