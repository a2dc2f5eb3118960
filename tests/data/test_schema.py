"""What is learned follows from the target; scaling can be undone from the recorded facts."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.data import scaling
from engines.data.options import Options, read_options
from engines.data.raw import Raw
from engines.data.schema import check, infer_task
from engines.data.split import split

tables = arrays.arrays(
    np.float64,
    st.tuples(st.integers(12, 60), st.integers(1, 4)),
    elements=st.floats(-1e4, 1e4, width=32),
)


def raw(inputs: np.ndarray, target: np.ndarray, **changes: object) -> Raw:
    columns = tuple(range(1, inputs.shape[1] + 2))
    names = tuple(f"c{column}" for column in range(inputs.shape[1]))
    fields = {"classes": (), "task": "", **changes}
    return Raw("set", inputs, target, "target", names, np.arange(len(inputs)) + 1, columns, **fields)  # type: ignore[arg-type]


@given(tables)
def test_that_scaled_inputs_go_back_to_their_own_units(table: np.ndarray) -> None:
    checked = check(raw(table, np.arange(len(table)) / 7), Options())
    train = split(np.zeros(len(table), np.int64), 0)["train"]
    scaled, facts, warnings = scaling.inputs(checked, train, Options())
    mean, std = (np.array(json.loads(facts[name])) for name in ("mean", "std"))
    spread = np.abs(table - mean).max(axis=0, initial=0.0)
    assert (np.abs(scaled.astype(np.float64) * std + mean - table) <= 1e-6 * spread + 1e-9).all()
    never = [column for column in range(table.shape[1]) if len(set(table[train, column].tolist())) == 1]
    assert warnings == [f"constant_column:c{column}" for column in never]


def test_that_a_column_almost_constant_in_training_stays_finite_elsewhere() -> None:
    table = np.zeros((40, 1))
    parts = split(np.zeros(40, np.int64), 0)
    table[parts["train"][0]], table[parts["test"][0]] = 4.8e-38, 3.0
    checked = check(raw(table, np.arange(40) / 7), Options())
    scaled, facts, _ = scaling.inputs(checked, parts["train"], Options())
    assert json.loads(facts["std"]) == [1.0]
    np.testing.assert_allclose(scaled, table, atol=1e-9)


@given(tables)
def test_that_a_regressions_targets_go_back_to_their_own_units(table: np.ndarray) -> None:
    checked = check(raw(table, table[:, 0]), Options(task="regression"))
    train = split(np.zeros(len(table), np.int64), 0)["train"]
    scaled, facts = scaling.targets(checked, train, Options())
    mean, std = (np.array(json.loads(facts[f"target_{name}"])) for name in ("mean", "std"))
    spread = np.abs(table[:, 0] - mean).max()
    found = scaled.astype(np.float64)[:, 0] * std + mean
    assert (np.abs(found - table[:, 0]) <= 1e-6 * spread + 1e-9).all()


@given(st.lists(st.integers(-5, 5), min_size=24, max_size=80))
def test_that_classes_are_numbered_in_their_own_order(values: list[int]) -> None:
    target = np.array(values + sorted(set(values)) * 2, np.float64)
    if len(set(values)) == 1:
        return
    found = check(raw(np.ones((len(target), 1)), target), Options(task="classification"))
    assert found.classes == tuple(str(value) for value in sorted(set(values)))
    assert [int(found.classes[label]) for label in found.labels] == target.tolist()


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (np.array(["a", "b"] * 10), "classification"),
        (np.arange(20.0) % 2, "classification"),
        (np.arange(400.0) % 20, "classification"),
        (np.arange(400.0) % 21, "regression"),
        (np.arange(10.0), "regression"),
        (np.linspace(0, 1, 20), "regression"),
        (np.zeros((20, 2)), "regression"),
        (np.array([0.0, 1.0, np.nan] * 10), "classification"),
    ],
)
def test_that_the_task_is_told_from_the_target(target: np.ndarray, task: str) -> None:
    assert infer_task(target) == task


def test_that_names_of_classes_are_kept_where_the_numbers_fit_them() -> None:
    target = np.arange(20.0) % 2
    inputs = np.ones((20, 1))
    assert check(raw(inputs, target, classes=("no", "yes")), Options()).classes == ("no", "yes")
    assert check(raw(inputs, target + 1, classes=("no", "yes")), Options()).classes == ("1", "2")


def test_that_several_columns_are_no_classes() -> None:
    with pytest.raises(WorkbenchError) as caught:
        check(raw(np.ones((20, 1)), np.zeros((20, 2))), Options(task="classification"))
    assert caught.value.code is ErrorCode.DATA_CLASSES


def test_that_words_are_no_regression() -> None:
    with pytest.raises(WorkbenchError) as caught:
        check(raw(np.ones((20, 1)), np.array(["a", "b"] * 10)), Options(task="regression"))
    assert (caught.value.code, caught.value.facts["value"]) == (ErrorCode.DATA_TARGET_NOT_NUMERIC, "a")


def test_that_options_are_read_from_their_text() -> None:
    given_options = {"separator": "tab", "drop": "id,name", "seed": "12", "target": "y", "missing": "mean"}
    wanted = Options(target="y", drop=("id", "name"), missing="mean", separator="\t", seed=12)
    assert read_options(given_options) == wanted
    assert read_options({}) == Options()
