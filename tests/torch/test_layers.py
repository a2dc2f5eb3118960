"""Every layer of the catalogue against its definition in NumPy, and its gradient against differences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.training.losses import LOSSES
from tests.torch.cases import cases
from tests.torch.conftest import Ask
from tests.torch.reference import REFERENCES

pytestmark = pytest.mark.framework


@pytest.fixture(scope="module")
def tried(ask: Ask, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, np.ndarray], list[str]]:
    target = tmp_path_factory.mktemp("layers") / "layers.npz"
    wrong = ask("try_layers", target=str(target))
    with np.load(target) as arrays:
        return dict(arrays), wrong


def test_that_every_layer_of_the_catalogue_is_tried() -> None:
    from engines.design.catalogue import CATALOGUE

    assert {kind for kind, _ in cases().values()} == set(REFERENCES) == set(CATALOGUE) - {"input"}


@pytest.mark.parametrize("number", range(len(cases())), ids=list(cases()))
def test_that_a_layer_computes_what_the_catalogue_says(
    tried: tuple[dict[str, np.ndarray], list[str]], number: int
) -> None:
    arrays, _ = tried
    kind, spec = list(cases().values())[number]
    layer = next(layer for layer in spec.layers if layer.name == "layer")
    x = arrays[f"{number}/x"]
    begin = f"{number}/layer/"
    weights = {name[len(begin) :]: array for name, array in arrays.items() if name.startswith(begin)}
    assert set(weights) == {parameter.name.split("/")[1] for parameter in layer.parameters}
    xs = [x, *[np.tanh(x)] * (len(layer.inputs) - 1)]
    expected = REFERENCES[kind](layer, weights, *xs)
    assert expected.shape == (3, *layer.output_shape)
    np.testing.assert_allclose(arrays[f"{number}/y"], expected, rtol=1e-6, atol=1e-6)


def test_that_every_gradient_is_that_of_finite_differences(
    tried: tuple[dict[str, np.ndarray], list[str]],
) -> None:
    assert tried[1] == []


def test_that_batch_norm_feeds_the_population_variance_into_its_running_one(ask: Ask, tmp_path: Path) -> None:
    ask("normalize_in_training", target=str(tmp_path / "norm.npz"))
    arrays = np.load(tmp_path / "norm.npz")
    for rank in (1, 2, 3):
        x, y = arrays[f"{rank}/x"].astype(np.float64), arrays[f"{rank}/y"]
        axes = (0, *range(2, rank + 1))
        mean, variance = np.zeros(5), np.ones(5)
        for batch, output in zip(x, y):
            shape = (1, 5, *[1] * (rank - 1))
            m, v = batch.mean(axis=axes), batch.var(axis=axes)
            even = (batch - m.reshape(shape)) / np.sqrt(v.reshape(shape) + 1e-5)
            np.testing.assert_allclose(output, even, rtol=1e-4, atol=1e-5)
            mean, variance = 0.8 * mean + 0.2 * m, 0.8 * variance + 0.2 * v
        np.testing.assert_allclose(arrays[f"{rank}/mean"], mean, rtol=1e-5)
        np.testing.assert_allclose(arrays[f"{rank}/var"], variance, rtol=1e-5)


def test_that_batch_norm_takes_a_batch_of_one_value(ask: Ask) -> None:
    output, mean, variance = ask("normalize_one_value")
    assert output == [0.0, 0.0]
    assert mean == [1.0, -2.0]
    assert variance == [0.75, 0.75]


def test_that_dropout_drops_its_rate_and_keeps_the_mean(ask: Ask) -> None:
    zeros, scale = ask("drop_out")
    assert zeros == pytest.approx(0.3, abs=0.01)
    assert scale == pytest.approx(1 / 0.7)


def test_that_the_losses_on_tensors_are_those_in_numpy(ask: Ask, tmp_path: Path) -> None:
    ask("loss_values", target=str(tmp_path / "losses.npz"))
    arrays = np.load(tmp_path / "losses.npz")
    targets = {"cross_entropy": "classes", "binary_cross_entropy": "binary"}
    for name, row in LOSSES.items():
        wanted = arrays[targets.get(name, "values")]
        assert row.value(arrays["logits"], wanted) == pytest.approx(float(arrays[name])), name
