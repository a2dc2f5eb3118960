"""The split is held against scikit-learn's counts and against indices written down once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import train_test_split

from engines.data.split import split

counts_of_classes = st.lists(st.just(0) | st.integers(6, 60), min_size=1, max_size=6).filter(
    lambda counts: sum(counts) >= 10
)


def shuffled(counts: list[int], seed: int) -> np.ndarray:
    """Return labels that hold each class so often, in any order."""
    return np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))


def counts(labels: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.bincount(labels[rows], minlength=6)


@given(counts_of_classes, st.integers(0, 2**63 - 1))
def test_that_each_part_has_as_many_of_each_class_as_scikit_learns(classes: list[int], seed: int) -> None:
    array = shuffled(classes, seed)
    parts = split(array, seed)
    everyone = np.arange(len(array))
    if np.count_nonzero(classes) > int(np.ceil(0.16 * len(array))):
        return  # scikit-learn refuses parts smaller than the number of classes
    rest, test = train_test_split(everyone, test_size=0.2, stratify=array, random_state=0)
    share = int(np.ceil(0.16 * len(array)))
    train, validation = train_test_split(rest, test_size=share, stratify=array[rest], random_state=0)
    for name, theirs in (("train", train), ("validation", validation), ("test", test)):
        assert len(parts[name]) == len(theirs)
        # Ties between remainders are free: scikit-learn draws them, we take the lower class.
        assert np.abs(counts(array, parts[name]) - counts(array, theirs)).max() <= 2
    assert np.abs(counts(array, parts["test"]) - counts(array, test)).max() <= 1


@given(st.lists(st.integers(0, 4), min_size=10, max_size=200), st.integers(0, 99))
def test_that_every_sample_is_in_exactly_one_part_and_every_class_trains(
    labels: list[int], seed: int
) -> None:
    array = np.array(labels, np.int64)
    parts = split(array, seed)
    everyone = np.concatenate(list(parts.values()))
    assert sorted(everyone.tolist()) == list(range(len(array)))
    assert set(array[parts["train"]].tolist()) == set(labels)
    assert all((np.diff(part) > 0).all() for part in parts.values())
    assert all(part.dtype == np.int64 for part in parts.values())


def test_that_another_seed_gives_another_split_and_the_same_seed_the_same() -> None:
    labels = np.arange(200, dtype=np.int64) % 4
    first, again, other = split(labels, 1), split(labels, 1), split(labels, 2)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["test"], other["test"])


@pytest.mark.parametrize(
    ("seed", "test"),
    [(0, [8, 15, 16, 17, 24, 25]), (7, [7, 11, 12, 13, 17, 24])],
)
def test_that_the_split_never_changes_from_version_to_version(seed: int, test: list[int]) -> None:
    assert split(np.arange(30, dtype=np.int64) % 3, seed)["test"].tolist() == test


def test_that_a_regression_is_split_without_strata() -> None:
    parts = split(np.zeros(442, np.int64), 0)
    assert {name: len(rows) for name, rows in parts.items()} == {"train": 282, "validation": 71, "test": 89}
