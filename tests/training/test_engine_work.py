"""What every engine shares of its jobs, reports, references and checkpoints."""

from __future__ import annotations

import io

import numpy as np
import pytest

from engines.contract.capabilities import DeviceView
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.training.fitting import fitting
from engines.training.reference import reference_file
from engines.training.report import engine_report, known_device

DEVICES = (DeviceView("cpu", "CPU"), DeviceView("cuda:0", "A card", 1 << 30))


def test_that_a_report_counts_the_input_among_the_layers() -> None:
    report = engine_report("some", "1.0", DEVICES, ["dense"], ["fp32"], {"extra": "2"}, modes=["jit"])
    assert report.layers == ("input", "dense")
    assert report.modes == ("jit",)
    assert report.facts["extra"] == "2"
    assert int(report.facts["cores"]) > 0


@pytest.mark.parametrize(("name", "full"), [("cpu", "cpu"), ("cuda", "cuda:0"), ("cuda:0", "cuda:0")])
def test_that_a_device_is_known_by_its_names(name: str, full: str) -> None:
    assert known_device(name, DEVICES) == full


def test_that_an_unknown_device_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(WorkbenchError) as caught:
        known_device("tpu", DEVICES)
    assert caught.value.code is ErrorCode.DEVICE_UNKNOWN
    assert caught.value.facts["known"] == "cpu, cuda:0"


@pytest.mark.parametrize(("arrays", "why"), [({}, "missing"), ({"a": np.zeros(2)}, "(2,) ≠ (3,)")])
def test_that_an_array_that_does_not_fit_is_refused(arrays: dict[str, np.ndarray], why: str) -> None:
    with pytest.raises(WorkbenchError) as caught:
        fitting(arrays, "a", (3,), "net")
    assert caught.value.facts == {"path": "net", "array": "a", "why": why}


def test_that_a_reference_holds_the_answers_of_each_batch_size() -> None:
    inputs = np.arange(80, dtype=np.float32).reshape(80, 1)
    sizes: list[int] = []

    def answer(part: np.ndarray) -> np.ndarray:
        sizes.append(len(part))
        return part * 2

    found = np.load(io.BytesIO(reference_file(inputs, answer, lambda part: {"dense": part + 1})))
    assert set(sizes) == {80, 1, 17, 12}
    np.testing.assert_array_equal(found["outputs"], inputs * 2)
    np.testing.assert_array_equal(found["outputs_17"], inputs * 2)
    np.testing.assert_array_equal(found["outputs_1"], inputs[:64] * 2)
    np.testing.assert_array_equal(found["layer/dense"], inputs[:17] + 1)
