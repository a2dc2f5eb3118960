"""Where MXNet's trainer takes a quicker way, it is the mathematics: against NumPy in float64."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engines.contract.spec import GraphSpec, Recipe
from engines.design.freeze import freeze
from tests.conformance.engine import Engine
from tests.design.builders import chain

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def mxnet() -> Iterator[Engine]:
    found = Engine("mxnet")
    yield found
    assert found.close() == ""


def adam(recipe: Recipe, weight: Any, gradients: Any, rates: Any) -> tuple[Any, Any, Any]:
    """Kingma and Ba (2015), algorithm 1; the decay of ``adamw`` by Loshchilov and Hutter (2019)."""
    first, second = np.zeros_like(weight), np.zeros_like(weight)
    for step, (gradient, rate) in enumerate(zip(gradients, rates), start=1):
        if recipe.optimizer == "adam":
            gradient = gradient + recipe.weight_decay * weight
        else:
            weight = weight - rate * recipe.weight_decay * weight
        first = recipe.beta1 * first + (1 - recipe.beta1) * gradient
        second = recipe.beta2 * second + (1 - recipe.beta2) * gradient**2
        mean, deviation = first / (1 - recipe.beta1**step), np.sqrt(second / (1 - recipe.beta2**step))
        weight = weight - rate * mean / (deviation + recipe.epsilon)
    return weight, first, second


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("optimizer", ["adam", "adamw"])
def test_that_fifty_steps_of_its_adam_kernel_are_adams(mxnet: Engine, optimizer: str, decay: float) -> None:
    # An epsilon as large as the gradients: added in the wrong place, it would show.
    recipe = Recipe(optimizer=optimizer, weight_decay=decay, epsilon=0.1)
    random = np.random.default_rng(3)
    weights, gradients = random.normal(size=200), 0.1 * random.normal(size=(50, 200))
    rates = np.linspace(0.02, 0.005, 50)
    found = mxnet.ask(
        "tests.mxnet.work.adam_by_kernels", recipe=recipe, weights=weights, gradients=gradients, rates=rates
    )
    wanted = adam(recipe, weights, gradients, rates)
    for name, ours, theirs, bound in zip(("w", "m", "v"), found, wanted, (2e-6, 1e-6, 2e-5)):
        assert ours.dtype == np.float32
        assert np.abs(ours - theirs).max() <= bound * np.abs(theirs).max(), name


def pooled(shape: tuple[int, ...]) -> GraphSpec:
    return freeze(chain(("input", "x", {"shape": shape}), ("global_average_pool", "mean", {})))


@pytest.mark.parametrize("quick", [False, True], ids=["plain", "quick"])
@pytest.mark.parametrize(("precision", "bound"), [("fp32", 2e-7), ("fp64", 1e-15)])
@pytest.mark.parametrize("shape", [(5, 13), (5, 7, 9)], ids=["signal", "image"])
def test_that_a_global_average_and_its_gradient_are_the_means(
    mxnet: Engine, shape: tuple[int, ...], precision: str, bound: float, quick: bool
) -> None:
    random = np.random.default_rng(4)
    x, seed = random.normal(size=(3, *shape)), random.normal(size=(3, shape[0]))
    asked: dict[str, Any] = {"x": x, "seed": seed, "precision": precision, "quick": quick}
    means, slope = mxnet.ask("tests.mxnet.work.global_average", spec=pooled(shape), **asked)
    places = tuple(range(2, x.ndim))
    assert np.abs(means - x.mean(axis=places)).max() <= bound
    wanted = np.broadcast_to(np.expand_dims(seed, places) / np.prod(shape[1:]), x.shape)
    assert slope.dtype == means.dtype == {"fp32": np.float32, "fp64": np.float64}[precision]
    assert np.abs(slope - wanted).max() <= bound
