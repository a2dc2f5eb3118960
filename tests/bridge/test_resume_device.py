"""Where a run that is resumed goes on: where it was, or where the header says if that is not here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import pytest

from app.engine_facts.choices import MOST_REASON, device_rows, device_to_resume
from app.messages.words import REASONS
from engines.contract.capabilities import DeviceView, EngineReport
from engines.training.run_folder import RunRecord


@dataclass(frozen=True)
class Run:
    engine: str
    device: str


@pytest.mark.parametrize(
    ("device", "engine", "chosen", "wanted"),
    [
        ("cpu", "torch", "xpu:0", ""),
        ("xpu:0", "torch", "cpu", ""),
        ("cuda:0", "torch", "cpu", "cpu"),
        ("mps", "torch", "xpu:0", "xpu:0"),
        ("tpu:0", "torch", "tpu:0", ""),
        ("cuda:0", "jax", "cpu", ""),
    ],
)
def test_that_a_run_goes_on_where_it_was_unless_only_the_chosen_device_is_here(
    device: str, engine: str, chosen: str, wanted: str
) -> None:
    report = EngineReport("torch", "2", (DeviceView("cpu", "CPU"), DeviceView("xpu:0", "Arc")))
    run = cast("RunRecord", Run("torch", device))
    assert device_to_resume(run, report, engine, chosen) == wanted


def test_that_a_kind_of_device_that_the_build_is_for_is_grey_with_the_engine_s_words() -> None:
    refusals = {"device/cuda": "Found no NVIDIA driver on your system.", "device/mps": "no_gpu"}
    report = EngineReport("torch", "2", (DeviceView("cpu", "CPU"),), refusals=refusals)
    rows = {row.key: row.reason for row in device_rows(report, "cpu")}
    assert rows["cpu"] == ""
    assert rows["cuda"] == "Found no NVIDIA driver on your system."
    assert rows["mps"] == REASONS["no_gpu"]
    long = replace(report, refusals={"device/cuda": "Found no driver " * 20})
    assert device_rows(long, "cpu")[1].reason.endswith(" …")
    assert len(device_rows(long, "cpu")[1].reason) <= MOST_REASON


def test_that_nothing_is_changed_as_long_as_nobody_knows_what_is_here() -> None:
    assert device_to_resume(cast("RunRecord", Run("torch", "cuda:0")), None, "torch", "cpu") == ""
