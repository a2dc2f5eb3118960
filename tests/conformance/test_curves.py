"""Two engines train the same design from the same weights in the same order: the curves are one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engines.contract.spec import DataManifest, Recipe
from engines.training.checkpoints import CheckpointRecord, load_checkpoint, model_arrays, save_checkpoint
from engines.training.early_stopping import EarlyStopping
from engines.training.tensors import dump_tensors, parse_tensors
from tests.conformance.engine import NAMES, PAIRS, Engines
from tests.conformance.measures import FORWARD, curve_distance, error
from tests.conformance.nets import NETS
from tests.conformance.work import Curve
from tests.torch.cases import noisy_model

pytestmark = pytest.mark.framework

Digits = tuple[Path, DataManifest]
STEPS = 100
BOUNDS = {
    "mlp": 1e-5,
    "lstm": 1e-5,
    "gru": 1e-5,
    "words": 1e-5,
    "smooth": 1e-4,
    "cnn": 5e-4,
    "residual": 5e-4,
    "transformer": 5e-4,
}
"""In float32; in float64 1e-9 for all."""
HANDED_OVER = [("cnn", "adam"), ("mlp", "sgd"), ("mlp", "rmsprop"), ("gru", "adam"), ("transformer", "adamw")]
OWN = ("state", "begin", "until", "middle", "kept", "chunk")
OPTIMIZERS = ("sgd", "adam", "adamw", "rmsprop")


class Trained:
    """Curves by engine, net and recipe, each trained once, with the state half-way."""

    def __init__(self, engines: Engines, digits: Digits) -> None:
        self._engines, self._digits = engines, digits
        self._curves: dict[Any, Curve] = {}

    def __call__(self, name: str, net: str, precision: str, **changes: Any) -> Curve:
        key = (name, net, Recipe(precision=precision, **changes))
        if key not in self._curves:
            self._curves[key] = self.now(name, net, precision, middle=STEPS // 2, kept=True, **changes)
        return self._curves[key]

    def now(self, name: str, net: str, precision: str, **options: Any) -> Curve:
        """Train now; options that are the harness' own go to ``work.train``, the rest to the recipe."""
        own = {key: options.pop(key) for key in OWN if key in options}
        recipe = Recipe(precision=precision, threads=1, **options)
        spec = NETS[net]() if net in NETS else noisy_model()
        folder, manifest = self._digits
        curve: Curve = self._engines[name].ask(
            "train",
            spec=spec,
            recipe=recipe,
            folder=str(folder),
            manifest=manifest,
            **{"until": STEPS, **own},
        )
        return curve


@pytest.fixture(scope="module")
def trained(engines: Engines, digits: Digits) -> Trained:
    return Trained(engines, digits)


def bound_of(net: str, precision: str) -> float:
    return 1e-9 if precision == "fp64" else BOUNDS[net]


def check_alike(first: Curve, second: Curve, bound: float) -> None:
    assert curve_distance(first.losses, second.losses) <= bound
    assert len(first.validations) == len(second.validations) > 0
    assert curve_distance(first.validations, second.validations) <= bound


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("precision", ["fp32", "fp64"])
@pytest.mark.parametrize("net", NETS)
def test_that_the_curves_of_two_engines_are_one(
    trained: Trained, pair: tuple[str, str], net: str, precision: str
) -> None:
    first, second = (trained(name, net, precision) for name in pair)
    assert len(first.losses) == STEPS
    assert first.losses[-10:].mean() < 0.9 * first.losses[:10].mean()  # it did train
    assert first.losses.dtype == second.losses.dtype == {"fp32": np.float32, "fp64": np.float64}[precision]
    check_alike(first, second, bound_of(net, precision))


@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_that_every_optimizer_is_the_same_in_double_precision(
    trained: Trained, pair: tuple[str, str], optimizer: str
) -> None:
    changes = {"optimizer": optimizer, "weight_decay": 0.01, "momentum": 0.8, "learning_rate": 3e-3}
    first, second = (trained(name, "mlp", "fp64", **changes) for name in pair)
    check_alike(first, second, 1e-9)
    assert first.state.keys() == second.state.keys()
    for name, array in first.state.items():
        np.testing.assert_allclose(second.state[name], array, rtol=1e-7, atol=1e-10, err_msg=name)


@pytest.mark.parametrize("pair", [*PAIRS, *(pair[::-1] for pair in PAIRS)], ids="-".join)
@pytest.mark.parametrize(("net", "optimizer"), HANDED_OVER)
@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_that_one_engine_goes_on_from_the_checkpoint_of_another(
    trained: Trained, tmp_path: Path, pair: tuple[str, str], net: str, optimizer: str, precision: str
) -> None:
    whole = trained(pair[0], net, precision, optimizer=optimizer)
    record = CheckpointRecord(STEPS // 2, 1, 15, 1e-3, EarlyStopping(), engine=pair[0])
    arrays = load_checkpoint(save_checkpoint(tmp_path, "step", record, whole.middle)).arrays
    given: dict[str, Any] = {"state": dict(arrays), "begin": STEPS // 2, "kept": True}
    rest = trained.now(pair[1], net, precision, optimizer=optimizer, **given)
    bound = bound_of(net, precision)
    assert len(rest.losses) == STEPS // 2
    assert curve_distance(whole.losses[STEPS // 2 :], rest.losses) <= bound
    assert curve_distance(whole.validations[-1:], rest.validations[-1:]) <= bound


@pytest.mark.parametrize("pair", [*PAIRS, *(pair[::-1] for pair in PAIRS)], ids="-".join)
@pytest.mark.parametrize("net", NETS)
def test_that_the_weights_of_one_engine_answer_alike_in_another(
    engines: Engines, trained: Trained, pair: tuple[str, str], net: str
) -> None:
    state = trained(pair[0], net, "fp32").state
    weights = model_arrays(parse_tensors(dump_tensors(state), net))
    x = np.random.default_rng(0).random((50, 1, 8, 8), np.float32)
    answers = [
        engines[name].ask("forwards", questions=[(NETS[net](), weights, x, None)], precision="fp32")[0]
        for name in pair
    ]
    assert error(answers[1], answers[0].astype(np.float64), FORWARD) <= 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("precision", ["fp32", "fp64"])
def test_that_a_resumed_run_is_the_same_bit_for_bit(trained: Trained, name: str, precision: str) -> None:
    whole = trained.now(name, "noisy", precision, middle=49)
    rest = trained.now(name, "noisy", precision, state=whole.middle, begin=49, chunk=5)
    np.testing.assert_array_equal(whole.losses[49:], rest.losses)
    assert whole.state.keys() == rest.state.keys()
    for key, array in whole.state.items():
        np.testing.assert_array_equal(rest.state[key], array, err_msg=key)
