"""The split into training, validation and test: stratified, seeded, and the same everywhere.

Order comes from raw Philox words, which NumPy promises across versions (``permutation`` it does not).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
TEST, VALIDATION = 0.20, 0.16
"""Shares of all samples; the rest trains."""

_STREAM = 0x73706C6974  # "split"


def split(labels: Indices, seed: int) -> dict[str, Indices]:
    """Split samples by their labels (all zero where there are no classes); indices are ascending.

    Each part has as many of a class as its share asks for, up to rounding; every class keeps at least
    one sample for training.
    """
    test_size = int(np.ceil(len(labels) * TEST))
    validation_size = int(np.ceil(len(labels) * VALIDATION))
    members = _shuffled_members(labels, seed)
    whole = {label: len(rows) for label, rows in members.items()}
    tested = _shares(whole, test_size)
    left = {label: whole[label] - tested[label] for label in whole}
    validated = _shares(left, validation_size)
    parts: dict[str, list[Indices]] = {"train": [], "validation": [], "test": []}
    for label, rows in members.items():
        first, second = tested[label], tested[label] + validated[label]
        parts["test"].append(rows[:first])
        parts["validation"].append(rows[first:second])
        parts["train"].append(rows[second:])
    return {name: np.sort(np.concatenate(rows)) for name, rows in parts.items()}


def _shuffled_members(labels: Indices, seed: int) -> dict[int, Indices]:
    """Return each class's samples in a random order: sorted by one random word a sample."""
    words = np.random.Philox(key=np.array([seed, _STREAM], np.uint64)).random_raw(len(labels))
    order = np.argsort(words, kind="stable").astype(np.int64)
    return {int(label): order[labels[order] == label] for label in np.unique(labels)}


def _shares(counts: Mapping[int, int], size: int) -> dict[int, int]:
    """Divide ``size`` in proportion to ``counts`` by largest remainders (Hamilton's method).

    No class gives its last sample away.
    """
    total = sum(counts.values())
    exact = {label: count * size / total for label, count in counts.items()}
    shares = {label: min(int(exact[label]), counts[label] - 1) for label in counts}
    by_remainder = sorted(counts, key=lambda label: (shares[label] - exact[label], label))
    while sum(shares.values()) < size:
        open_classes = [label for label in by_remainder if shares[label] < counts[label] - 1]
        if not open_classes:
            break
        for label in open_classes[: size - sum(shares.values())]:
            shares[label] += 1
    return shares
