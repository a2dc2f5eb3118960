"""What an engine says it can do, and what it says it cannot, is true."""

from __future__ import annotations

import importlib
import importlib.util

import pytest

from engines.contract.capabilities import EngineRow
from engines.design.catalogue import CATALOGUE
from engines.registry import ENGINES
from engines.training.losses import LOSSES
from engines.training.optimizers import OPTIMIZERS
from tests.conformance.engine import NAMES, Engines
from tests.conformance.measures import FORWARD, answer, error, question
from tests.conformance.nets import layer_cases, one_of_each

MODULES = ("probe", "build", "train", "export", "jobs")
WITHOUT_TRAINING = ("probe", "jobs")
SHARE = {"torch": 0.0, "tensorflow": 0.0, "jax": 0.0, "mxnet": 0.25}
"""How much of the catalogue an engine may leave out."""


@pytest.mark.parametrize("row", ENGINES, ids=lambda row: row.name)
def test_that_every_engine_is_built_of_the_same_modules(row: EngineRow) -> None:
    found = importlib.util.find_spec(row.module)
    assert found is not None
    for name in MODULES if row.trains else WITHOUT_TRAINING:
        assert importlib.util.find_spec(f"{found.name}.{name}") is not None, name


def test_that_every_layer_of_the_catalogue_is_tried() -> None:
    assert {kind for kind, _ in layer_cases().values()} == set(CATALOGUE) - {"input"}


@pytest.mark.parametrize("name", NAMES)
def test_that_no_more_is_left_out_than_may_be(name: str) -> None:
    gaps = importlib.import_module(f"engines.backends.{name}.gaps").GAPS
    assert {gap.layer for gap in gaps} <= set(CATALOGUE)
    assert len(gaps) <= SHARE[name] * len(CATALOGUE)
    assert all(gap.call and gap.why for gap in gaps)


@pytest.mark.framework
@pytest.mark.parametrize("name", NAMES)
def test_that_the_gaps_are_the_layers_that_fail(engines: Engines, name: str) -> None:
    gaps = importlib.import_module(f"engines.backends.{name}.gaps").GAPS
    failing = set()
    for kind, spec in one_of_each().items():
        asked = question(spec, 8)
        try:
            (found,) = engines[name].ask("forwards", questions=[asked], precision="fp32")
            right = error(found, answer(asked), FORWARD) <= 1
        except AssertionError:
            right = False
        if not right:
            failing.add(kind)
    assert failing == {gap.layer for gap in gaps}


@pytest.mark.framework
@pytest.mark.parametrize("name", NAMES)
def test_that_the_probe_tells_what_the_suite_has_tried(engines: Engines, name: str) -> None:
    report = engines[name].ask("probe")
    gaps = importlib.import_module(f"engines.backends.{name}.gaps").GAPS
    assert set(report.layers) == set(CATALOGUE) - {gap.layer for gap in gaps}
    assert set(report.losses) == set(LOSSES)
    assert set(report.optimizers) == set(OPTIMIZERS)
    assert {"fp32", "fp64"} <= set(report.precisions)
    assert report.engine == name
    assert report.devices[0].name == "cpu"
