"""Every event is one line of JSON that any reader takes."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.cli.json_lines import event_line
from engines.contract.events import Answer, Failed, Finished, Metrics, Validated
from engines.contract.views import ProofView


def refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is no JSON")


def test_that_a_line_begins_with_kind_run_number_and_time() -> None:
    line = event_line(Finished({"loss": 0.5}, run="r", seq=3, t=1.5))
    assert line.startswith('{"kind": "finished", "run": "r", "seq": 3, "t": 1.5, ')
    assert json.loads(line)["summary"] == {"loss": 0.5}


@given(arrays(np.float32, st.integers(0, 20), elements=st.floats(width=32)))
def test_that_every_value_of_an_array_comes_back_bit_for_bit(values: np.ndarray) -> None:
    line = event_line(Metrics(7, {"loss": values}))
    assert "\n" not in line
    read = json.loads(line, parse_constant=refuse)["values"]["loss"]
    back = np.array([float(value) for value in read], np.float32)
    np.testing.assert_array_equal(back, values)


@pytest.mark.parametrize(
    ("value", "text"), [(math.nan, "NaN"), (math.inf, "Infinity"), (-math.inf, "-Infinity")]
)
def test_that_what_json_lacks_travels_as_a_word_that_float_reads(value: float, text: str) -> None:
    read = json.loads(event_line(Validated(1, 1, {"loss": value})), parse_constant=refuse)
    assert read["values"]["loss"] == text
    assert repr(float(text)) == repr(value)


def test_that_numpy_numbers_in_a_summary_are_numbers() -> None:
    read = json.loads(event_line(Finished({"loss": np.float64(0.25), "bad": np.float32("nan")})))
    assert read["summary"] == {"loss": 0.25, "bad": "NaN"}


def test_that_an_answer_carries_its_record_with_its_own_kind() -> None:
    read = json.loads(event_line(Answer(ProofView("passed", 360, 1e-7, 1e-8, 1e-5))))
    assert read["record"]["kind"] == "proof"
    assert read["record"]["max_abs_error"] == 1e-7


def test_that_letters_of_every_script_stay_readable() -> None:
    assert "Größe ✓" in event_line(Failed("unexpected", {"why": "Größe ✓\n"}))
