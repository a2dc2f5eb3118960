"""Every engine in each precision and mode that it declares: exact resume, sense, and agreement."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.spec import Recipe
from engines.registry import engine as row_of
from engines.training.initial_weights import initial_weights
from tests.conformance.engine import NAMES, PAIRS, Engines
from tests.conformance.measures import curve_distance
from tests.conformance.nets import NETS
from tests.conformance.test_curves import Digits
from tests.conformance.work import Curve

pytestmark = pytest.mark.framework

WAYS: list[dict[str, Any]] = [
    {"precision": "bf16"},
    {"precision": "fp16"},
    {"precision": "fp16", "clip_norm": 0.5, "accumulate": 2, "memory_layout": "channels_last"},
    {"clip_norm": 0.5, "accumulate": 4},
    {"memory_layout": "channels_last"},
]
QUICKLY = {"learning_rate": 3e-3}
MODES = [(name, mode) for name in NAMES for mode in getattr(row_of(name), "modes", ())[1:]]


def run(engines: Engines, digits: Digits, name: str, net: str, way: dict[str, Any], **own: Any) -> Curve:
    folder, manifest = digits
    recipe = Recipe(threads=1, **way)
    found: Curve = engines[name].ask(
        "train", spec=NETS[net](), recipe=recipe, folder=str(folder), manifest=manifest, **own
    )
    return found


def check_exact_resume(
    engines: Engines, digits: Digits, name: str, net: str, way: dict[str, Any], steps: int, middle: int
) -> Curve:
    """Go on from the middle of a run with a new trainer and in other chunks; return the whole run."""
    whole = run(engines, digits, name, net, way, until=steps, middle=middle)
    again: dict[str, Any] = {"begin": middle, "state": whole.middle, "chunk": 5}
    rest = run(engines, digits, name, net, way, until=steps, **again)
    np.testing.assert_array_equal(whole.losses[middle:], rest.losses)
    assert whole.state.keys() == rest.state.keys()
    for key, array in whole.state.items():
        np.testing.assert_array_equal(rest.state[key], array, err_msg=key)
    return whole


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_that_a_run_is_resumed_bit_for_bit_in_every_precision(
    engines: Engines, digits: Digits, name: str, way: dict[str, Any]
) -> None:
    engines[name].needs(way.get("precision", "fp32"))
    if name == "mxnet" and way.get("memory_layout"):
        pytest.skip("mxnet declares one layout")
    whole = check_exact_resume(engines, digits, name, "cnn", way, 40, 21)
    kept = {key for key in whole.state if key.startswith("engine/")}
    assert ("engine/loss_scale" in kept) == (way.get("precision") == "fp16")


@pytest.mark.parametrize(("name", "mode"), MODES)
def test_that_a_run_is_resumed_bit_for_bit_in_every_mode_and_agrees_with_the_first(
    engines: Engines, digits: Digits, name: str, mode: str
) -> None:
    whole = check_exact_resume(engines, digits, name, "mlp", {"run_mode": mode}, 28, 14)
    plain = run(engines, digits, name, "mlp", {}, until=28, kept=True)
    assert curve_distance(plain.losses, whole.losses) <= 1e-5


@pytest.fixture(scope="module")
def in_full() -> dict[str, Curve]:
    """Each engine's curve in float32, trained once."""
    return {}


def accuracy(curve: Curve, folder: Path) -> float:
    targets = np.load(folder / "targets.npy")[np.load(folder / "validation.npy")]
    return float((np.argmax(curve.outputs, axis=1) == targets).mean())


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
@pytest.mark.parametrize("name", NAMES)
def test_that_half_precision_learns_the_digits_as_well(
    engines: Engines, digits: Digits, in_full: dict[str, Curve], name: str, precision: str
) -> None:
    engines[name].needs(precision)
    half = run(engines, digits, name, "cnn", {**QUICKLY, "precision": precision}, until=280)
    single = in_full.get(name) or run(engines, digits, name, "cnn", QUICKLY, until=280)
    in_full[name] = single
    assert half.outputs.dtype == np.float32
    assert {array.dtype for key, array in half.state.items() if key.startswith("model/")} == {
        np.dtype(np.float32)
    }
    assert accuracy(half, digits[0]) >= 0.95
    assert abs(accuracy(half, digits[0]) - accuracy(single, digits[0])) <= 0.02


def overflowing(net: str) -> dict[str, Any]:
    """Return a run's first arrays, with a loss scaled far beyond what half precision holds."""
    state: dict[str, Any] = {f"model/{key}": value for key, value in initial_weights(NETS[net](), 0).items()}
    state["engine/loss_scale"] = np.array([2.0**30], np.float32)
    state["engine/loss_scale_steps"] = np.array([0], np.int64)
    state["engine/skipped_steps"] = np.array([0], np.int64)
    return state


@pytest.mark.parametrize("name", NAMES)
def test_that_a_step_whose_gradients_overflow_is_left_out_and_the_scale_is_halved(
    engines: Engines, digits: Digits, name: str
) -> None:
    engines[name].needs("fp16")
    begin = overflowing("mlp")
    way: dict[str, Any] = {"precision": "fp16"}
    once = run(engines, digits, name, "mlp", way, until=1, state=begin, kept=True)
    assert once.state["engine/loss_scale"][0] == 2.0**29
    assert once.state["engine/skipped_steps"][0] == 1
    for key, array in begin.items():
        if key.startswith("model/"):
            np.testing.assert_array_equal(once.state[key], array, err_msg=key)
    later = run(engines, digits, name, "mlp", way, until=60, state=begin, kept=True)
    skipped = int(later.state["engine/skipped_steps"][0])
    assert 1 < skipped < 30
    assert later.state["engine/loss_scale"][0] == 2.0 ** (30 - skipped)
    assert later.losses[-1] < 0.8 * later.losses[0]
    assert np.isfinite(later.losses).all()
    # Adam corrects by the steps it took: its first ones are of full size, however many were left out before.
    moved = run(engines, digits, name, "mlp", way, until=skipped + 1, state=begin, kept=True)
    taken = skipped + 1 - int(moved.state["engine/skipped_steps"][0])
    step = max(np.abs(moved.state[key] - begin[key]).max() for key in begin if key.startswith("model/"))
    assert step == pytest.approx(taken * 1e-3, rel=0.05)


@pytest.mark.parametrize("net", ["mlp", "cnn"])
@pytest.mark.parametrize("way", [{"clip_norm": 0.3}, {"accumulate": 2}], ids=str)
def test_that_engines_clip_and_accumulate_alike(
    engines: Engines, digits: Digits, net: str, way: dict[str, Any]
) -> None:
    exact = {**way, "precision": "fp64", "optimizer": "sgd", "learning_rate": 0.05}
    curves = {name: run(engines, digits, name, net, exact, until=60) for name in NAMES}
    for first, second in PAIRS:
        for part in ("losses", "validations"):
            found, wanted = (getattr(curves[name], part) for name in (first, second))
            assert curve_distance(found, wanted) <= 1e-9, (first, second)


@pytest.mark.parametrize("name", NAMES)
def test_that_accumulating_without_batch_norm_changes_rounding_alone(
    engines: Engines, digits: Digits, name: str
) -> None:
    ways = [{"precision": "fp64", "accumulate": parts} for parts in (1, 4)]
    first, second = (run(engines, digits, name, "mlp", way, until=60) for way in ways)
    assert curve_distance(first.losses, second.losses) <= 1e-9


@pytest.mark.parametrize("name", NAMES)
def test_that_clipping_cuts_the_step_to_the_norm(engines: Engines, digits: Digits, name: str) -> None:
    """Plain SGD moves by the gradient itself: its length is the rate times the norm it was cut to."""
    way = {
        "precision": "fp64",
        "optimizer": "sgd",
        "momentum": 0.0,
        "learning_rate": 1.0,
        "clip_norm": 1e-3,
    }
    begin = initial_weights(NETS["mlp"](), 0)
    after = run(engines, digits, name, "mlp", way, until=1).state
    moved = sum(float(((after[f"model/{key}"] - value) ** 2).sum()) for key, value in begin.items())
    assert moved**0.5 == pytest.approx(1e-3, rel=1e-6)
    free = run(engines, digits, name, "mlp", {**way, "clip_norm": 1e9}, until=20)
    never = run(engines, digits, name, "mlp", {**way, "clip_norm": 0.0}, until=20)
    assert curve_distance(never.losses, free.losses) <= 1e-12
