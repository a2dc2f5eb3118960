"""Every layer of the catalogue, on every engine, against the float64 reference in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engines.training.losses import LOSSES
from tests.conformance.engine import NAMES, Engines
from tests.conformance.measures import (
    FORWARD,
    answer,
    error,
    forward_errors,
    gradient_errors,
    question,
    slope_error,
)
from tests.conformance.nets import layer_cases
from tests.conformance.work import Question
from tests.torch.cases import one_layer

pytestmark = pytest.mark.framework
CASES = list(layer_cases())


def too_far(errors: list[float], bound: float = 1.0) -> dict[str, float]:
    return {name: value for name, value in zip(CASES, errors, strict=True) if not value <= bound}


@pytest.mark.parametrize("name", NAMES)
def test_that_a_layer_computes_what_the_catalogue_says(
    engines: Engines, asked: list[Question], name: str
) -> None:
    assert too_far(forward_errors(engines[name], asked)) == {}


@pytest.mark.parametrize("name", NAMES)
def test_that_a_layer_and_its_gradients_are_exact_in_double_precision(
    engines: Engines, asked: list[Question], exact: list[dict[str, Any]], name: str
) -> None:
    found = engines[name].ask("with_gradients", questions=asked, precision="fp64")
    assert {value.dtype for value, _ in found} == {np.dtype("float64")}
    assert (
        too_far([error(value, answer(entry), FORWARD) for (value, _), entry in zip(found, asked)], 1e-6) == {}
    )
    assert too_far(gradient_errors([gradients for _, gradients in found], exact), 1e-7) == {}


def test_that_the_exact_gradients_are_the_slopes_of_the_reference(
    asked: list[Question], exact: list[dict[str, Any]]
) -> None:
    assert too_far([slope_error(entry, found) for entry, found in zip(asked, exact)], 1e-5) == {}


@pytest.mark.parametrize("name", NAMES)
def test_that_a_layers_gradients_are_exact_in_single_precision(
    engines: Engines, asked: list[Question], exact: list[dict[str, Any]], name: str
) -> None:
    found = engines[name].ask("gradients", questions=asked, precision="fp32")
    assert too_far(gradient_errors(found, exact)) == {}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(5,), (5, 4), (5, 4, 3)])
def test_that_batch_norm_feeds_the_population_variance_into_its_running_one(
    engines: Engines, name: str, shape: tuple[int, ...]
) -> None:
    spec = one_layer("batch_norm", shape, {"momentum": 0.8})
    _, weights, _, _ = question(spec, 3)
    x = np.random.default_rng(3).normal(2.0, 3.0, (6, *shape))
    output, after = engines[name].ask("train_forward", spec=spec, weights=weights, x=x)
    axes = (0, *range(2, x.ndim))
    mean, variance = x.mean(axis=axes), x.var(axis=axes)
    for role, value in (("mean", mean), ("var", variance)):
        before = weights[f"layer/running_{role}"]
        assert error(after[f"layer/running_{role}"], 0.8 * before + 0.2 * value, FORWARD) <= 1
    batch = {**weights, "layer/running_mean": mean, "layer/running_var": variance}
    assert error(output, answer((spec, batch, x, None)), FORWARD) <= 1


@pytest.mark.parametrize("name", NAMES)
def test_that_batch_norm_takes_a_batch_of_one_value(engines: Engines, name: str) -> None:
    spec = one_layer("batch_norm", (2,), {"momentum": 0.75})
    weights = {entry.name: np.ones(2) * (entry.initializer == "ones") for entry in spec.parameters}
    x = np.array([[4.0, -8.0]])
    output, after = engines[name].ask("train_forward", spec=spec, weights=weights, x=x)
    assert output.tolist() == [[0.0, 0.0]]
    assert after["layer/running_mean"].tolist() == [1.0, -2.0]
    assert after["layer/running_var"].tolist() == [0.75, 0.75]


@pytest.mark.parametrize("name", NAMES)
def test_that_dropout_drops_its_rate_and_keeps_the_mean(engines: Engines, name: str) -> None:
    spec = one_layer("dropout", (1000,), {"rate": 0.3})
    output, _ = engines[name].ask("train_forward", spec=spec, weights={}, x=np.ones((100, 1000)))
    assert float((output == 0).mean()) == pytest.approx(0.3, abs=0.01)
    assert np.unique(output[output != 0]) == pytest.approx(1 / 0.7)


@pytest.mark.parametrize("name", NAMES)
def test_that_the_losses_on_tensors_are_those_in_numpy(engines: Engines, name: str) -> None:
    random = np.random.default_rng(5)
    outputs, values = random.normal(size=(2, 20, 4)) * 3
    targets = {"cross_entropy": random.integers(0, 4, 20)}
    targets["binary_cross_entropy"] = random.integers(0, 2, (20, 4)).astype(float)
    asked = {loss: (outputs, targets.get(loss, values)) for loss in LOSSES}
    found = engines[name].ask("losses", asked=asked)
    assert found == pytest.approx({loss: LOSSES[loss].value(*given) for loss, given in asked.items()})
