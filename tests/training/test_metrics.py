"""Losses and metrics against scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import DataManifest
from engines.training.evaluation import evaluate, figures, shape_targets
from engines.training.losses import LOSSES
from engines.training.metrics import METRICS, binary_auc

SEEDS = st.integers(0, 2**32 - 1)


def softmax(logits: Any) -> Any:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@given(seed=SEEDS, classes=st.integers(3, 6))
def test_that_class_figures_are_those_of_scikit_learn(seed: int, classes: int) -> None:
    random = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(classes), random.integers(0, classes, 40)])
    logits = random.normal(size=(len(targets), classes)) * 3
    found = figures(logits, targets, "cross_entropy", ("accuracy", "f1", "auc"))
    shares, predicted = softmax(logits), logits.argmax(axis=1)
    assert found["loss"] == pytest.approx(reference.log_loss(targets, shares, labels=range(classes)))
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(targets, predicted))
    assert found["f1"] == pytest.approx(reference.f1_score(targets, predicted, average="macro"))
    assert found["auc"] == pytest.approx(reference.roc_auc_score(targets, shares, multi_class="ovr"))


@given(seed=SEEDS)
def test_that_binary_figures_are_those_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    targets = np.concatenate([[0.0, 1.0], random.integers(0, 2, 40)])
    logits = np.round(random.normal(size=(len(targets), 1)), 1)  # ties, too
    shaped = shape_targets(targets, (1,), "binary_cross_entropy")
    found = figures(logits, shaped, "binary_cross_entropy", ("accuracy", "f1", "auc"))
    share, predicted = 1 / (1 + np.exp(-logits[:, 0])), logits[:, 0] > 0
    assert found["loss"] == pytest.approx(reference.log_loss(targets, share))
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(targets, predicted))
    assert found["f1"] == pytest.approx(reference.f1_score(targets, predicted, average="macro"))
    assert found["auc"] == pytest.approx(reference.roc_auc_score(targets, logits[:, 0]))


@given(seed=SEEDS, outputs=st.integers(1, 3))
def test_that_regression_figures_are_those_of_scikit_learn(seed: int, outputs: int) -> None:
    random = np.random.default_rng(seed)
    targets = random.normal(size=(30, outputs)).astype(np.float32)
    values = targets + random.normal(size=targets.shape)
    found = figures(values, targets, "mean_squared_error", ("mae", "r2"))
    assert found["loss"] == pytest.approx(reference.mean_squared_error(targets, values))
    assert found["mae"] == pytest.approx(reference.mean_absolute_error(targets, values))
    assert found["r2"] == pytest.approx(reference.r2_score(targets, values), rel=1e-6, abs=1e-9)


def test_that_two_class_auc_uses_the_second_class() -> None:
    targets, logits = np.array([0, 1, 1, 0]), np.array([[2.0, 1.0], [0.0, 1.0], [3.0, 2.0], [1.0, 3.0]])
    expected = reference.roc_auc_score(targets, softmax(logits)[:, 1])
    assert METRICS["auc"](logits, targets, False) == pytest.approx(expected)


def test_that_auc_of_one_class_alone_is_no_number() -> None:
    assert np.isnan(binary_auc(np.array([0.1, 0.2]), np.array([True, True])))


def test_that_constant_targets_have_an_r2_as_in_scikit_learn() -> None:
    constant = np.ones((5, 1))
    assert METRICS["r2"](constant, constant, False) == reference.r2_score(constant, constant)
    assert METRICS["r2"](constant + 1, constant, False) == reference.r2_score(constant, constant + 1)


def test_that_huber_is_square_near_and_straight_far() -> None:
    value = LOSSES["huber"].value(np.array([[0.5], [3.0]]), np.zeros((2, 1)))
    assert value == pytest.approx((0.125 + 2.5) / 2)


def test_that_losses_of_huge_logits_are_finite() -> None:
    assert figures(np.array([[1e4, -1e4]]), np.array([1]), "cross_entropy", ())["loss"] == pytest.approx(2e4)
    assert figures(np.array([[1e4]]), np.array([[0.0]]), "binary_cross_entropy", ())["loss"] == 1e4


def test_that_values_without_bound_make_figures_not_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = figures(np.array([[np.inf], [1.0]]), np.zeros((2, 1)), "mean_squared_error", ("mae",))
    assert found["loss"] == np.inf


@pytest.mark.parametrize(
    ("targets", "outputs", "loss"),
    [
        (np.array([0, 5]), (3,), "cross_entropy"),  # a class that the model has no output for
        (np.zeros((4, 2)), (3,), "mean_squared_error"),
        (np.array([0, 1]), (2,), "binary_cross_entropy"),
        (np.zeros((4, 2), np.int64), (3,), "cross_entropy"),
    ],
)
def test_that_targets_that_do_not_fit_are_named_with_both_shapes(
    targets: Any, outputs: tuple[int, ...], loss: str
) -> None:
    with pytest.raises(WorkbenchError) as caught:
        shape_targets(targets, outputs, loss)
    assert caught.value.code is ErrorCode.TARGETS_UNFIT
    assert caught.value.facts["outputs"] == str(outputs)


@given(seed=SEEDS)
def test_that_the_confusion_is_that_of_scikit_learn(seed: int) -> None:
    random = np.random.default_rng(seed)
    targets, logits = random.integers(0, 3, 30), random.normal(size=(30, 3))
    names = ("a", "b", "c")
    manifest = DataManifest("d", "d", "classification", "", (2,), (), 30, {}, names)
    found = evaluate(logits, targets, "cross_entropy", ("accuracy",), "test", manifest)
    expected = reference.confusion_matrix(targets, logits.argmax(axis=1), labels=[0, 1, 2])
    np.testing.assert_array_equal(np.array(found.confusion), expected)
    assert (found.samples, found.classes, found.split) == (30, names, "test")


def test_that_a_model_may_know_more_classes_than_the_data_have() -> None:
    random = np.random.default_rng(0)
    logits, targets = random.normal(size=(60, 5)), random.integers(0, 3, 60)
    manifest = DataManifest("d", "d", "classification", "0", (1,), (), 60, {}, classes=("a", "b", "c"))
    found = evaluate(logits, targets, "cross_entropy", ("accuracy",), "test", manifest)
    expected = reference.confusion_matrix(targets, logits.argmax(axis=1), labels=range(5))
    np.testing.assert_array_equal(np.array(found.confusion), expected)
    assert found.classes == ("a", "b", "c", "3", "4")
