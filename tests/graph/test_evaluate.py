"""An ONNX file on prepared data, whatever batch length it was made for."""

from __future__ import annotations

from pathlib import Path

import pytest
from onnx import helper

from engines.graph.evaluate import evaluate
from tests.graph.models import model_of, numbers
from tests.helpers.small_training import CLASSES, FEATURES, small_data


@pytest.mark.parametrize("batch", [1, 7, 20, 64])
def test_that_a_model_of_one_batch_length_is_evaluated_on_every_sample(tmp_path: Path, batch: int) -> None:
    small_data(tmp_path)  # 20 samples to test with
    node, weights = helper.make_node("MatMul", ["x", "w"], ["y"]), {"w": numbers(0, FEATURES, CLASSES)}
    free = model_of([node], weights, ("n", FEATURES), ("n", CLASSES))
    fixed = model_of([node], weights, (batch, FEATURES), (batch, CLASSES))
    found, wanted = (evaluate(model, tmp_path, "test") for model in (fixed, free))
    assert found.samples == wanted.samples == 20
    assert found.confusion == wanted.confusion
    assert found.values == pytest.approx(wanted.values)
