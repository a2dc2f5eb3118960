"""What weights begin with: the same numbers on every machine and engine, with the spread that is promised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.spec import GraphSpec
from engines.design.freeze import freeze
from engines.training.initial_weights import initial_weights
from tests.design.builders import one_layer


def layer(kind: str, shape: tuple[int, ...], **settings: object) -> GraphSpec:
    return freeze(one_layer(kind, settings, shape))


@given(st.integers(1, 9), st.integers(0, 5))
def test_that_an_lstm_remembers_at_first(units: int, seed: int) -> None:
    bias = initial_weights(layer("lstm", (3, 2), units=units, bidirectional=True), seed)
    for name in ("layer/bias", "layer/reverse_bias"):
        i, f, g, o = np.split(bias[name], 4)
        assert (f == 1).all()
        assert not np.concatenate([i, g, o]).any()


@pytest.mark.parametrize(("kind", "gates"), [("lstm", 4), ("gru", 3)])
def test_that_each_gate_is_glorot_uniform_by_itself(kind: str, gates: int) -> None:
    weights = initial_weights(layer(kind, (3, 60), units=90), 0)
    for role, fan_in in (("weight", 60), ("recurrent_weight", 90)):
        limit = np.sqrt(6 / (fan_in + 90))
        for gate in np.split(weights[f"layer/{role}"], gates):
            assert gate.shape == (90, fan_in)
            assert 0.97 * limit < np.abs(gate).max() <= limit
            assert gate.std() == pytest.approx(limit / np.sqrt(3), rel=0.05)
    assert kind == "lstm" or not weights["layer/bias"].any()


def test_that_an_embedding_begins_small() -> None:
    table = initial_weights(layer("embedding", (4,), vocabulary=500, units=40), 0)["layer/weight"]
    assert table.std() == pytest.approx(0.02, rel=0.02)
    assert abs(table.mean()) < 0.001


def test_that_an_attention_has_four_projections_of_their_own() -> None:
    weights = initial_weights(layer("multi_head_attention", (3, 40), heads=4), 0)
    roles = ("query_weight", "key_weight", "value_weight", "weight")
    assert len({weights[f"layer/{role}"].tobytes() for role in roles}) == 4
    for role in roles:
        assert np.abs(weights[f"layer/{role}"]).max() <= np.sqrt(6 / 80)
        assert not weights[f"layer/{role.replace('weight', 'bias')}"].any()


def test_that_a_prelu_begins_with_a_quarter() -> None:
    assert initial_weights(layer("prelu", (3, 2)), 0)["layer/weight"].tolist() == [0.25] * 3


def test_that_another_seed_gives_other_weights_and_the_same_seed_the_same() -> None:
    spec = layer("gru", (3, 2), units=4)
    first, again, other = (initial_weights(spec, seed)["layer/weight"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()
