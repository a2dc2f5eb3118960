"""Ids that an embedding does not know are told before the first step, wherever they come from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.jobs import TrainJob
from engines.contract.spec import GraphSpec, Recipe
from engines.design.freeze import freeze
from engines.training import session
from engines.training.control import ControlFlags
from engines.training.ids import check_ids
from tests.design.builders import chain
from tests.helpers.small_training import FEATURES, NumpyTrainer, small_data

EMBEDDED = ("embedding", "words", {"vocabulary": 9, "units": 2})


def texts(*between: tuple[str, str, dict[str, object]]) -> GraphSpec:
    """Six ids, embedded after what lies between."""
    return freeze(
        chain(
            ("input", "ids", {"shape": (FEATURES,)}),
            *between,
            EMBEDDED,
            ("flatten", "flat", {}),
            ("dense", "head", {"units": 3}),
            name="texts",
        )
    )


@given(st.lists(st.integers(0, 8), min_size=6, max_size=6))
def test_that_ids_of_the_vocabulary_pass(ids: list[int]) -> None:
    check_ids(texts(), np.array([ids], np.float32), "words")


@pytest.mark.parametrize("value", [-1.0, 9.0, 2.5, 1e30, float("nan"), float("inf")])
@pytest.mark.parametrize(
    "between", [(), (("reshape", "turned", {"shape": (2, 3)}), ("flatten", "straight", {}))]
)
def test_that_another_value_is_told_with_the_embedding(
    value: float, between: tuple[tuple[str, str, dict[str, object]], ...]
) -> None:
    inputs = np.zeros((70_000, FEATURES), np.float32)
    inputs[69_999, 5] = value
    with pytest.raises(WorkbenchError) as caught:
        check_ids(texts(*between), inputs, "words")
    assert caught.value.code is ErrorCode.IDS_UNFIT
    assert caught.value.facts == {"node": "words", "vocabulary": 9, "data": "words", "value": f"{value:g}"}


def test_that_values_worked_out_by_layers_are_no_ids_of_the_data() -> None:
    check_ids(texts(("relu", "bent", {})), np.full((2, FEATURES), 99.5, np.float32), "words")


def test_that_a_training_on_such_data_leaves_no_run(tmp_path: Path) -> None:
    manifest = small_data(tmp_path / "data")
    job = TrainJob(str(tmp_path / "run"), texts(), Recipe(), str(tmp_path / "data"), manifest)
    with pytest.raises(WorkbenchError) as caught:
        list(session.train(job, ControlFlags(), "numpy", NumpyTrainer))
    assert caught.value.code is ErrorCode.IDS_UNFIT
    assert caught.value.facts["data"] == "clusters"
    assert not (tmp_path / "run").exists()
