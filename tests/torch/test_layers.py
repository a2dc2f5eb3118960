"""Every layer of the catalogue against its definition in NumPy, and its gradient against differences.

The conformance suite holds what a layer does in training, and the losses.
"""

from __future__ import annotations

import numpy as np
import pytest

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
