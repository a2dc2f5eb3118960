"""A run that goes on from weights alone: its optimizer is fresh in its midst, and counts from there on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.spec import DataManifest, Recipe
from engines.training.initial_weights import initial_weights
from tests.conformance.engine import NAMES, PAIRS, Engines
from tests.conformance.measures import curve_distance
from tests.conformance.nets import NETS
from tests.conformance.work import Curve

pytestmark = pytest.mark.framework

Digits = tuple[Path, DataManifest]
BEGIN, MIDDLE, END = 200, 220, 240
"""Weights alone; a checkpoint; the end. Adam's corrections are far from those of step 200 so soon."""


class GoingOn:
    """Trains from weights alone, which count as those after 200 steps, or goes on from a checkpoint."""

    def __init__(self, engines: Engines, digits: Digits, **recipe: Any) -> None:
        self._engines, self._digits = engines, digits
        self._recipe = Recipe(threads=1, **recipe)
        self._spec = NETS["mlp"]()
        self._wholes: dict[str, Curve] = {}

    def whole(self, name: str) -> Curve:
        """Train once from weights alone to the end, and keep the state in the middle."""
        if name not in self._wholes:
            self._wholes[name] = self(name, middle=MIDDLE, kept=True)
        return self._wholes[name]

    def __call__(self, name: str, state: dict[str, Any] | None = None, **own: Any) -> Curve:
        weights = {f"model/{key}": array for key, array in initial_weights(self._spec, 0).items()}
        folder, manifest = self._digits
        curve: Curve = self._engines[name].ask(
            "train",
            spec=self._spec,
            recipe=self._recipe,
            folder=str(folder),
            manifest=manifest,
            state=state or weights,
            begin=MIDDLE if state else BEGIN,
            until=END,
            **own,
        )
        return curve


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_that_a_run_begun_from_weights_alone_resumes_bit_for_bit(
    engines: Engines, digits: Digits, name: str, precision: str
) -> None:
    engines[name].needs(precision)
    train = GoingOn(engines, digits, precision=precision)
    whole = train.whole(name)
    rest = train(name, whole.middle)
    np.testing.assert_array_equal(rest.losses, whole.losses[MIDDLE - BEGIN :])
    assert rest.state.keys() == whole.state.keys()
    for key, array in whole.state.items():
        np.testing.assert_array_equal(rest.state[key], array, err_msg=key)


@pytest.fixture(scope="module")
def exactly(engines: Engines, digits: Digits) -> GoingOn:
    return GoingOn(engines, digits, precision="fp64")


@pytest.mark.parametrize("pair", [*PAIRS, *(pair[::-1] for pair in PAIRS)], ids="-".join)
def test_that_another_engine_counts_from_where_the_optimizer_was_fresh(
    exactly: GoingOn, pair: tuple[str, str]
) -> None:
    whole = exactly.whole(pair[0])
    rest = exactly(pair[1], whole.middle, kept=True)
    assert curve_distance(whole.losses[MIDDLE - BEGIN :], rest.losses) <= 1e-9
