"""What every engine shares and must find the same: words, order, weights, rates, the plan, the recipe."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec, ParameterSpec, Recipe
from engines.training.early_stopping import EarlyStopping, lower_is_better
from engines.training.initial_weights import initial_weights
from engines.training.order import batch_shape, epoch_batches, epoch_order
from engines.training.plan import Plan, choose_plan, thread_candidates
from engines.training.recipes import check_recipe
from engines.training.schedules import learning_rates
from engines.training.words import normal, step_seeds, uniform, words

SEEDS = st.integers(0, 2**64 - 1)


def test_that_the_words_are_those_of_philox_today_and_tomorrow() -> None:
    # A run of last year must be repeatable: these never change.
    digest = hashlib.sha256(words(1000, 42, "order/3").astype("<u8").tobytes()).hexdigest()
    assert digest == WORDS_DIGEST
    assert epoch_order(10, 1, 0).tolist() == ORDER


WORDS_DIGEST = "095a89949e5b2772186c3f5afc6a28f005b61dc0bde298446a11fcf9f44307a8"
ORDER = [7, 8, 4, 9, 5, 0, 2, 3, 1, 6]


@given(seed=SEEDS, first=st.integers(0, 1000), count=st.integers(1, 20))
def test_that_a_steps_seed_does_not_depend_on_where_the_run_was_entered(
    seed: int, first: int, count: int
) -> None:
    whole = step_seeds(seed, "dropout", 0, first + count)
    assert step_seeds(seed, "dropout", first, count) == whole[first:]


@given(n=st.integers(1, 500), seed=SEEDS, epoch=st.integers(0, 100))
def test_that_an_order_is_a_permutation_of_its_own(n: int, seed: int, epoch: int) -> None:
    order = epoch_order(n, seed, epoch)
    np.testing.assert_array_equal(np.sort(order), np.arange(n))
    assert order.dtype == np.int64
    if n > 50:
        assert not np.array_equal(order, epoch_order(n, seed, epoch + 1))
        assert not np.array_equal(order, epoch_order(n, seed ^ 1, epoch))


@given(n=st.integers(1, 200), size=st.integers(1, 300))
def test_that_batches_are_whole_and_no_sample_comes_twice(n: int, size: int) -> None:
    batches = epoch_batches(n, size, 5, 0)
    assert batches.shape == batch_shape(n, size)
    assert batches.shape[1] == min(n, size)
    assert len(np.unique(batches)) == batches.size > n - min(n, size)


def test_that_uniform_and_normal_numbers_are_so_distributed() -> None:
    drawn = uniform(words(20_000, 3, "test"))
    assert 0.0 < drawn.min() < drawn.max() < 1.0
    assert stats.kstest(drawn, "uniform").pvalue > 0.01
    assert stats.kstest(normal(20_001, 3, "test"), "norm").pvalue > 0.01


def weights_of(*parameters: ParameterSpec, seed: int = 0) -> dict[str, Any]:
    return initial_weights(GraphSpec("m", (LayerSpec("a", "x", {}, (), (), parameters),), ("a",)), seed)


def test_that_each_initializer_has_its_spread() -> None:
    shape, fans = (200, 300), {"fan_in": 300, "fan_out": 200}
    found = weights_of(
        *(
            ParameterSpec(f"a/{name}", shape, name, **fans)
            for name in ("glorot_uniform", "he_uniform", "he_normal", "zeros", "ones")
        )
    )
    for name, limit in (("glorot_uniform", math.sqrt(6 / 500)), ("he_uniform", math.sqrt(6 / 300))):
        values = found[f"a/{name}"]
        assert np.abs(values).max() <= np.float32(limit)
        assert stats.kstest(values.ravel(), stats.uniform(-limit, 2 * limit).cdf).pvalue > 0.01
    spread = stats.norm(0, math.sqrt(2 / 300)).cdf
    assert stats.kstest(found["a/he_normal"].ravel(), spread).pvalue > 0.01
    assert not found["a/zeros"].any()
    assert (found["a/ones"] == 1).all()
    assert all(values.dtype == np.float32 and values.shape == shape for values in found.values())


def test_that_a_new_layer_changes_no_other_layers_weights() -> None:
    first, second = (ParameterSpec(f"{name}/weight", (3, 4), "he_normal", 4, 3) for name in "ab")
    alone, both = weights_of(second), weights_of(first, second)
    np.testing.assert_array_equal(alone["b/weight"], both["b/weight"])
    assert not np.array_equal(both["a/weight"], both["b/weight"])
    assert not np.array_equal(weights_of(first, seed=1)["a/weight"], both["a/weight"])


def test_that_an_unknown_initializer_is_refused() -> None:
    with pytest.raises(WorkbenchError):
        weights_of(ParameterSpec("a/weight", (2,), "magic"))


def test_that_the_cosine_falls_to_zero_after_a_linear_warm_up() -> None:
    recipe = Recipe(schedule="cosine", learning_rate=2.0, warmup_steps=10, epochs=11)
    rates = learning_rates(recipe, 0, 110, 10)
    np.testing.assert_allclose(rates[:10], np.linspace(0.2, 2.0, 10))
    assert rates[60] == pytest.approx(1.0)
    assert rates[109] == pytest.approx(0.0, abs=1e-3)
    assert (np.diff(rates[10:]) < 0).all()


def test_that_the_step_schedule_falls_every_few_epochs() -> None:
    recipe = Recipe(schedule="step", learning_rate=1.0, step_epochs=2, step_factor=0.5, epochs=6)
    rates = learning_rates(recipe, 0, 30, 5)
    np.testing.assert_allclose(rates, np.repeat([1.0, 0.5, 0.25], 10))


@given(
    schedule=st.sampled_from(["constant", "cosine", "step"]),
    warmup=st.integers(0, 30),
    first=st.integers(0, 40),
)
def test_that_rates_do_not_depend_on_how_steps_are_cut(schedule: str, warmup: int, first: int) -> None:
    recipe = Recipe(schedule=schedule, warmup_steps=warmup, epochs=5, step_epochs=2)
    whole = learning_rates(recipe, 0, 50, 10)
    np.testing.assert_array_equal(learning_rates(recipe, first, 10, 10), whole[first : first + 10])
    assert (learning_rates(recipe, 0, 50, 10, base=1.0) == whole / recipe.learning_rate).all() or np.allclose(
        learning_rates(recipe, 0, 50, 10, base=1.0), whole / recipe.learning_rate
    )


def test_that_early_stopping_waits_its_patience_and_nan_is_never_better() -> None:
    state = EarlyStopping()
    for step, value in enumerate([3.0, 2.0, math.nan, 2.0, 2.5], start=1):
        assert not state.exhausted(3)
        state = state.after(value, step, lower_is_better=True)
    assert (state.best, state.best_step, state.waited) == (2.0, 2, 3)
    assert state.exhausted(3)
    assert not state.exhausted(0)


def test_that_a_first_nan_is_no_best() -> None:
    state = EarlyStopping().after(math.nan, 1, True)
    assert state.best_step == -1
    assert state.after(9.0, 2, True).best_step == 2


@pytest.mark.parametrize(
    ("monitor", "lower"),
    [("validation_loss", True), ("validation_mae", True), ("validation_r2", False), ("validation_f1", False)],
)
def test_that_the_monitors_direction_is_known(monitor: str, lower: bool) -> None:
    assert lower_is_better(monitor) is lower


def test_that_a_core_is_left_for_the_window() -> None:
    assert thread_candidates(1) == thread_candidates(2) == (1,)
    assert thread_candidates(4) == (1, 2, 3)
    assert thread_candidates(9) == (1, 2, 4, 8)


def test_that_more_threads_have_to_win_clearly() -> None:
    assert choose_plan({1: 1e-3, 2: 0.95e-3}.__getitem__, (1, 2), 1000) == Plan(1, 50)
    assert choose_plan({1: 1e-3, 2: 0.5e-3}.__getitem__, (1, 2), 1000) == Plan(2, 100)


def test_that_ruinous_threads_are_not_tried_further() -> None:
    assert choose_plan({1: 1e-3, 2: 17e-3}.__getitem__, (1, 2, 4), 1000).threads == 1


def test_that_a_given_plan_is_not_measured() -> None:
    assert choose_plan(lambda threads: sys.exit(), (1,), 10, threads=3, chunk_steps=7) == Plan(3, 7)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("loss", "magic"),
        ("optimizer", "magic"),
        ("schedule", "magic"),
        ("learning_rate", 0.0),
        ("learning_rate", math.nan),
        ("epochs", 0),
        ("batch_size", 0),
        ("momentum", 1.0),
        ("beta2", 0.99999999),  # 1 in float32: MXNet and TensorFlow would divide by zero
        ("precision", "fp8"),
        ("metrics", ("mae",)),
        ("monitor", "validation_auc"),
    ],
)
def test_that_a_recipe_that_cannot_be_followed_is_refused_by_setting(setting: str, value: Any) -> None:
    with pytest.raises(WorkbenchError) as caught:
        check_recipe(dataclasses.replace(Recipe(), **{setting: value}))
    assert caught.value.code is ErrorCode.RECIPE_INVALID
    assert caught.value.facts["setting"] == setting


def test_that_the_default_recipe_can_be_followed() -> None:
    check_recipe(Recipe())
