"""Who takes part in a comparison: engines that fail or are missing, devices and run modes that are picked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.flows import comparison_work, entrants
from app.flows.engine_comparison import compare_engines, resume_comparison
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Finished
from engines.runs.engine_comparison import judge, list_comparisons, read_comparison
from engines.training.run_folder import read_recipe, read_run
from tests.comparing.orders import desk_of, last_of, order_of, stopped_after
from tests.helpers.small_engines import (
    ROWS,
    CpuOnly,
    Layerless,
    NumpyTrainer,
    QuickWrong,
    SingleOnly,
    small_project,
)

pytestmark = pytest.mark.usefixtures("engines_of_numpy")


@pytest.mark.parametrize(
    ("behave", "code"),
    [(Layerless, "layer_unsupported"), ({"make": NumpyTrainer, "crash": True}, "crashed")],
)
def test_that_an_engine_that_fails_is_named_and_the_others_go_on(
    tmp_path: Path, behave: Any, code: str
) -> None:
    small_project(tmp_path)
    with desk_of(two=behave) as desk:
        events = list(compare_engines(desk, order_of(tmp_path, "one", "two", "three")))
    found = last_of(iter(events))
    assert isinstance(events[-1], Finished)
    assert [one.state for one in found.entrants] == ["done", "failed", "done"]
    assert (found.entrants[1].code, found.entrants[1].stage) == (code, "check")
    verdict = judge(found)
    assert verdict.failed == ("two",)
    assert verdict.word == "agree"
    assert len(found.proofs) == 4


def test_that_an_engine_that_is_not_installed_is_a_row_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def installed(name: str) -> Any:
        if name == "two":
            raise WorkbenchError(ErrorCode.ENGINE_MISSING, engine=name, title="Two", install="two==1")
        return ROWS[name]

    monkeypatch.setattr(comparison_work, "installed_engine", installed)
    small_project(tmp_path)
    with desk_of() as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path, "one", "two", "three")))
    assert [one.state for one in found.entrants] == ["done", "failed", "done"]
    assert found.entrants[1].code == "engine_missing"


def test_that_an_engine_without_double_precision_trains_all_the_same(tmp_path: Path) -> None:
    small_project(tmp_path)
    with desk_of(two=SingleOnly) as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path)))
    assert [one.state for one in found.entrants] == ["done", "done"]
    assert (found.entrants[1].stage, found.entrants[1].code) == ("check", "recipe_invalid")
    verdict = judge(found)
    assert verdict.worst is not None
    assert (verdict.word, verdict.worst.part) == ("agree", "whole")


def test_that_each_engine_trains_and_goes_on_on_the_device_that_was_picked_for_it(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    order = order_of(tmp_path, devices={"two": "second:0"})
    with desk_of(one=CpuOnly, two=CpuOnly) as desk:
        stopped_after(desk, compare_engines(desk, order), 3, keep=True)
    ((folder, stopped),) = list_comparisons(project.folder)
    assert [one.device for one in stopped.entrants] == ["cpu", "second:0"]
    with desk_of(one=CpuOnly, two=CpuOnly) as desk:
        found = last_of(resume_comparison(desk, folder))
    assert judge(found).clean
    assert found.devices == ("cpu", "second:0")
    for one, device in zip(found.entrants, found.devices, strict=True):
        assert [read_run(project.folder / run).device for run in (one.check, one.run)] == [device] * 2


def test_that_one_engine_is_compared_with_itself_on_two_devices(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    with desk_of(one=CpuOnly) as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path, "one", "one:second:0")))
    assert judge(found).clean
    assert [one.key for one in found.entrants] == ["one:cpu", "one:second:0"]
    assert [(pair.first, pair.second) for pair in found.curves] == [("one:cpu", "one:second:0")] * 4
    assert (judge(found).proven, judge(found).asked) == (4, 4)
    for one, device in zip(found.entrants, ("cpu", "second:0"), strict=True):
        assert [read_run(project.folder / run).device for run in (one.check, one.run)] == [device] * 2
        assert one.file.endswith(f"/one-{device.replace(':', '-')}.onnx")
        assert (project.folder / one.file).is_file()
    assert len({path for one in found.entrants for path in (one.check, one.run, one.file)}) == 6
    summary = comparison_work.flat_summary(found)
    assert summary["one:second:0.device"] == "second:0"
    assert "one:cpu~one:second:0.check.loss_difference" in summary


def test_that_one_engine_is_compared_with_itself_in_two_run_modes_and_gone_on_with(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    order = order_of(tmp_path, "one", "one:quick", "two")
    with desk_of(one=QuickWrong) as desk:
        stopped_after(desk, compare_engines(desk, order), 5, keep=True)
    ((folder, _),) = list_comparisons(project.folder)
    with desk_of(one=QuickWrong) as desk:
        found = last_of(resume_comparison(desk, folder))
    assert [one.key for one in found.entrants] == ["one:plain", "one:quick", "two"]
    modes = [read_recipe(project.folder / one.check).run_mode for one in found.entrants]
    assert modes == ["plain", "quick", ""]
    verdict = judge(found)
    assert verdict.word == "differ"
    apart = {(p.first, p.second) for p in found.curves if p.part == "check" and p.early > found.check_bound}
    assert apart == {("one:plain", "one:quick"), ("one:quick", "two")}


@pytest.mark.parametrize(
    ("words", "run_mode", "wanted"),
    [
        (["one", "two"], "", [("one", "cpu", ""), ("two", "cpu", "")]),
        (["one", "one"], "", [("one", "cpu", "")]),
        (["one", "one:plain"], "", [("one", "cpu", "")]),
        (["one", "one:plain"], "quick", [("one:quick", "cpu", "quick"), ("one:plain", "cpu", "plain")]),
        (["one:cuda:0", "two:quick"], "", [("one", "cuda:0", ""), ("two", "cpu", "quick")]),
        (
            ["one:cuda:0:quick", "one"],
            "",
            [("one:cuda:0:quick", "cuda:0", "quick"), ("one:cpu:plain", "cpu", "plain")],
        ),
        (["three", "three:cpu"], "", [("three:second:0", "second:0", ""), ("three:cpu", "cpu", "")]),
    ],
)
def test_that_an_entrant_is_named_by_what_sets_it_apart(
    words: list[str], run_mode: str, wanted: list[tuple[str, str, str]]
) -> None:
    found = entrants.entrants_of(words, run_mode, "cpu", {"three": "second:0"})
    assert [(one.key, one.device, one.mode) for one in found] == wanted


def test_that_a_device_that_vanished_leaves_its_engine_out_at_once(tmp_path: Path) -> None:
    small_project(tmp_path)
    with desk_of(two=CpuOnly) as desk:
        found = last_of(
            compare_engines(desk, order_of(tmp_path, "one", "two", "three", devices={"two": "cuda:0"}))
        )
    assert [one.state for one in found.entrants] == ["done", "failed", "done"]
    assert (found.entrants[1].code, found.entrants[1].stage) == ("device_unknown", "check")
    assert found.entrants[1].facts["known"] == "cpu, second:0"


def test_that_a_record_of_before_devices_were_picked_reads_as_all_on_its_one_device(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    with desk_of() as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path, parts=("check",))))
    path = project.folder / "comparisons" / found.id / "comparison.json"
    plain = json.loads(path.read_text(encoding="utf-8"))
    for one in plain["entrants"]:
        del one["device"]
    path.write_text(json.dumps(plain), encoding="utf-8")
    read = read_comparison(path.parent)
    assert read.devices == ("cpu",)
    assert [read.device_of(one) for one in read.entrants] == ["cpu", "cpu"]
