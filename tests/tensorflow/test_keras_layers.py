"""Keras' LSTM, GRU, attention and embedding in each precision and mode: exact resume, and one curve."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.spec import DataManifest, GraphSpec, Recipe
from tests.conformance.data import digits_in
from tests.conformance.engine import Engine
from tests.conformance.measures import curve_distance
from tests.conformance.nets import NETS, frozen
from tests.conformance.work import Curve

pytestmark = pytest.mark.framework

Digits = tuple[Path, DataManifest]
STEPS, MIDDLE = 8, 5


def long() -> GraphSpec:
    """Every pixel of a digit one after the other, from both ends: too many to be written out."""
    return frozen(
        "long",
        [
            ("image", "input", {"shape": (1, 8, 8)}, ()),
            ("pixels", "reshape", {"shape": (64, 1)}, ("image",)),
            ("first", "gru", {"units": 6, "return_sequences": True, "bidirectional": True}, ("pixels",)),
            ("second", "lstm", {"units": 6}, ("first",)),
            ("logits", "dense", {"units": 10}, ("second",)),
        ],
    )


SPECS = {**{name: NETS[name]() for name in ("lstm", "gru", "transformer", "words")}, "long": long()}
WAYS: list[tuple[str, dict[str, Any]]] = [
    ("lstm", {"precision": "bf16"}),
    ("gru", {"run_mode": "eager", "weight_decay": 0.01, "optimizer": "sgd"}),
    ("transformer", {"precision": "fp16", "clip_norm": 0.5, "accumulate": 2}),
    ("words", {"run_mode": "xla"}),
    ("long", {"weight_decay": 0.01}),
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    found = Engine("tensorflow")
    yield found
    assert found.close() == ""


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    return digits_in(tmp_path_factory.mktemp("data"))


def run(engine: Engine, digits: Digits, net: str, way: dict[str, Any], **own: Any) -> Curve:
    recipe = Recipe(threads=1, **way)
    where = {"folder": str(digits[0]), "manifest": digits[1]}
    found: Curve = engine.ask("train", spec=SPECS[net], recipe=recipe, **where, **own)
    return found


@pytest.mark.parametrize(("net", "way"), WAYS, ids=str)
def test_that_a_run_is_resumed_bit_for_bit(
    engine: Engine, digits: Digits, net: str, way: dict[str, Any]
) -> None:
    whole = run(engine, digits, net, way, until=STEPS)
    half = run(engine, digits, net, way, until=MIDDLE)
    rest = run(engine, digits, net, way, until=STEPS, begin=MIDDLE, state=half.state)
    assert np.isfinite(whole.losses).all()
    np.testing.assert_array_equal(whole.losses, [*half.losses, *rest.losses])
    assert whole.state.keys() == rest.state.keys()
    for key, array in whole.state.items():
        np.testing.assert_array_equal(rest.state[key], array, err_msg=key)


@pytest.mark.parametrize(("net", "mode"), [("long", "xla"), ("lstm", "eager"), ("transformer", "xla")])
def test_that_a_mode_has_the_graphs_curve(engine: Engine, digits: Digits, net: str, mode: str) -> None:
    graph, other = (
        run(engine, digits, net, {"precision": "fp64", "run_mode": way}, until=STEPS)
        for way in ("graph", mode)
    )
    assert curve_distance(graph.losses, other.losses) <= 1e-9
