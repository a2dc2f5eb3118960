"""A comparison from its order to its record: what is trained, measured, proven, kept and gone on with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.desk import TOOLS, Desk, Ended
from app.flows import comparison_work, engine_comparison, entrants, further
from app.flows.engine_comparison import ComparisonOrder, compare_engines, resume_comparison
from engines.contract.comparison import EXPLAINS, Comparison
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Stopped, Validated
from engines.host.protocol import Host
from engines.host.thread import InThreadHost
from engines.runs.engine_comparison import curves_of, judge, list_comparisons, read_comparison
from engines.runs.listing import list_runs
from engines.runs.manage import delete_comparison, empty_bin, look_into_bin, restore_comparison
from engines.runs.verify import verify
from engines.training.lock import FolderLock
from engines.training.run_folder import read_recipe, read_run
from tests.helpers.small_engines import (
    ROWS,
    Adaptive,
    CpuOnly,
    Layerless,
    NumpyTrainer,
    OtherEpsilon,
    QuickWrong,
    Rough,
    RoughDownwards,
    SingleOnly,
    SmallHost,
    Wrong,
    WrongInSingle,
    small_project,
)

Makers = dict[str, Any]


@pytest.fixture(autouse=True)
def engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the registry hold three engines of NumPy."""
    for module in (comparison_work, engine_comparison, entrants, further):
        for name in ("known_engine", "installed_engine"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, ROWS.__getitem__)


def desk_of(**hosts: Any) -> Desk:
    """Return a desk whose engines are those given: a trainer's class, or what ``SmallHost`` takes."""

    def make(engine: str) -> Host:
        if engine == TOOLS:
            return InThreadHost(TOOLS)
        given = hosts.get(engine, NumpyTrainer)
        return SmallHost(given, engine) if isinstance(given, type) else SmallHost(name=engine, **given)

    return Desk(make)


def order_of(folder: Path, *engines: str, **changes: Any) -> ComparisonOrder:
    return ComparisonOrder(str(folder / "project"), "", engines or ("one", "two"), **{"steps": 20, **changes})


def last_of(events: Iterator[Event]) -> Comparison:
    """Run to the end and return the last record that was told."""
    found = [event.record for event in events if isinstance(event, Answer)]
    return [record for record in found if isinstance(record, Comparison)][-1]


def test_that_engines_that_are_alike_agree_and_their_files_are_proven_n_by_n(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    with desk_of() as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path)))
    assert [one.state for one in found.entrants] == ["done", "done"]
    assert found.state == "finished"
    verdict = judge(found)
    assert (verdict.word, verdict.engines, verdict.clean) == ("agree", ("one", "two"), True)
    assert {(proof.file, proof.against) for proof in found.proofs} == {
        (file, other) for file in ("one", "two") for other in ("one", "two")
    }
    assert (verdict.proven, verdict.asked) == (4, 4)
    assert {(pair.part, pair.curve) for pair in found.curves} == {
        (part, curve) for part in ("check", "whole") for curve in ("loss", "validation_loss")
    }
    assert found == read_comparison(project.folder / "comparisons" / found.id)


def test_that_every_training_is_an_ordinary_whole_run_of_the_project(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    with desk_of() as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path)))
    runs = {str(run.path.relative_to(project.folder).as_posix()) for run in list_runs(project.folder)}
    assert runs == {path for one in found.entrants for path in (one.check, one.run)}
    for path in runs:
        assert verify(project.folder / path) == ()
    for one in found.entrants:
        assert read_recipe(project.folder / one.check).precision == "fp64"
        assert read_run(project.folder / one.check).step == 20
        assert read_recipe(project.folder / one.run).precision == "fp32"
        assert one.summary["peak_memory_bytes"] > 1e6  # type: ignore[operator]
        assert one.summary["samples_per_second"] > 0  # type: ignore[operator]
        assert one.summary["start_seconds"] > 0  # type: ignore[operator]


def test_that_another_meaning_is_told_from_rounding_by_the_check(tmp_path: Path) -> None:
    small_project(tmp_path)
    with desk_of(two=Wrong) as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path)))
    verdict = judge(found)
    assert verdict.word == "differ"
    assert verdict.worst is not None
    assert verdict.worst.part == "check"
    assert 0 < verdict.worst.beyond < 20
    assert not verdict.clean


def compared(folder: Path, first: Any, second: Any, *parts: str, **changes: Any) -> Comparison:
    """Compare two engines over a hundred steps."""
    small_project(folder, epochs=8)
    order = order_of(folder, steps=100, parts=parts or ("check", "whole"), **changes)
    with desk_of(one=first, two=second) as desk:
        return last_of(compare_engines(desk, order))


@pytest.mark.parametrize(("right", "wrong"), [(NumpyTrainer, Wrong), (Adaptive, OtherEpsilon)])
def test_that_another_momentum_or_epsilon_is_found_by_the_check_and_not_judged_without(
    tmp_path: Path, right: type[NumpyTrainer], wrong: type[NumpyTrainer]
) -> None:
    verdict = judge(compared(tmp_path / "checked", right, wrong))
    assert (verdict.word, verdict.clean) == ("differ", False)
    assert verdict.worst is not None
    assert verdict.worst.part == "check"
    alone = judge(compared(tmp_path / "alone", right, wrong, "whole"))
    assert (alone.word, alone.clean, alone.explained) == ("not_judged", True, 0.0)
    alike = judge(compared(tmp_path / "alike", right, right))
    assert (alike.word, alike.clean) == ("agree", True)


def test_that_rounding_above_the_bound_is_explained_by_what_each_engine_rounds_alone(tmp_path: Path) -> None:
    found = compared(tmp_path, Rough, RoughDownwards)
    verdict = judge(found)
    assert (verdict.word, verdict.clean) == ("agree", True)
    assert verdict.whole is not None
    assert found.bound < verdict.whole.early <= verdict.explained
    own = {(pair.first, pair.curve): pair.early for pair in found.own}
    assert set(own) == {(engine, curve) for engine in ("one", "two") for curve in ("loss", "validation_loss")}
    assert verdict.explained == EXPLAINS * max(own["one", "loss"], own["two", "loss"])
    home = tmp_path / "project"
    for one in found.entrants:
        check, whole = (curves_of(home / run)["loss"][1][:100] for run in (one.check, one.run))
        plain = np.abs(check.astype(float) - whole) / np.maximum(np.abs(check.astype(float)), 0.01)
        assert own[one.engine, "loss"] == plain.max()
    assert judge(compared(tmp_path / "alone", Rough, RoughDownwards, "whole")).word == "not_judged"


def test_that_another_meaning_in_single_precision_alone_is_found_and_does_not_excuse_itself(
    tmp_path: Path,
) -> None:
    found = compared(tmp_path, NumpyTrainer, WrongInSingle)
    verdict = judge(found)
    assert (verdict.word, verdict.clean) == ("differ", False)
    assert verdict.worst is not None
    assert verdict.worst.part == "whole"
    checks = [pair.early for pair in found.curves if pair.part == "check"]
    assert max(checks) <= found.check_bound
    assert verdict.worst.onset > found.bound
    assert max(pair.early for pair in found.own) >= verdict.worst.early / 2


@pytest.mark.parametrize(
    "changes",
    [{"settings": ("accumulate=2",)}, {"settings": ("epochs=2",)}, {"settings": ("precision=fp64",)}],
)
def test_that_a_check_that_trains_something_else_is_no_yardstick(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    assert compared(tmp_path, NumpyTrainer, NumpyTrainer, **changes).own == ()


def test_that_a_file_that_answers_otherwise_fails_against_every_engine_but_the_liar(tmp_path: Path) -> None:
    small_project(tmp_path)
    with desk_of(two={"make": NumpyTrainer, "lie": 0.5}) as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path, parts=("whole",))))
    passed = {(proof.file, proof.against): proof.passed for proof in found.proofs}
    assert passed == {
        ("one", "one"): True,
        ("two", "one"): True,
        ("one", "two"): False,
        ("two", "two"): False,
    }
    assert not judge(found).clean


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


def test_that_a_comparison_is_deleted_to_the_bin_and_its_runs_stay(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    with desk_of() as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path, parts=("check",))))
    folder = project.folder / "comparisons" / found.id
    lock = FolderLock(folder)
    with pytest.raises(WorkbenchError) as busy:
        delete_comparison(folder)
    lock.release()
    assert busy.value.code is ErrorCode.RUN_BUSY
    binned = delete_comparison(folder)
    assert list_comparisons(project.folder) == []
    assert len(list_runs(project.folder)) == 2
    content = look_into_bin(project.folder)
    assert (content.runs, content.comparisons) == (0, 1)
    assert restore_comparison(binned) == folder
    assert read_comparison(folder) == found
    empty_bin(project.folder)
    assert folder.is_dir()
    delete_comparison(folder)
    empty_bin(project.folder)
    assert look_into_bin(project.folder).comparisons == 0


def test_that_dropout_is_off_unless_it_is_kept_and_then_the_verdict_is_about_masks(tmp_path: Path) -> None:
    project = small_project(tmp_path, dropout=0.5)
    with desk_of() as desk:
        calm = last_of(compare_engines(desk, order_of(tmp_path, parts=("whole",))))
    with desk_of() as desk:
        noisy = last_of(compare_engines(desk, order_of(tmp_path, parts=("whole",), dropout=True)))
    assert (calm.dropout_off, calm.masks, judge(calm).word) == (True, False, "agree")
    assert (noisy.dropout_off, noisy.masks, judge(noisy).word) == (False, True, "masks")
    assert [record.id for _, record in list_comparisons(project.folder)] == [noisy.id, calm.id]


def stopped_after(desk: Desk, flow: Iterator[Event], validations: int, keep: bool) -> None:
    """Stop as soon as so many validations have been seen in all."""

    def watch() -> None:
        seen = 0
        for event in flow:
            seen += isinstance(event, Validated)
            if seen == validations:
                desk.stop(keep)

    with pytest.raises(Ended) as ended:
        watch()
    assert isinstance(ended.value.event, Stopped)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("validations", [1, 3, 7])
def test_that_what_is_done_stays_when_it_is_stopped_and_is_gone_on_with(
    tmp_path: Path, validations: int, keep: bool
) -> None:
    project = small_project(tmp_path)
    with desk_of() as desk:
        stopped_after(desk, compare_engines(desk, order_of(tmp_path)), validations, keep)
    ((folder, stopped),) = list_comparisons(project.folder)
    assert stopped.state == "stopped"
    kept = {
        path: read_run(project.folder / path)
        for one in stopped.entrants
        for path in (one.check, one.run)
        if path
    }
    done = {path: record for path, record in kept.items() if record.state == "finished"}
    with desk_of() as desk:
        found = last_of(resume_comparison(desk, folder))
    assert found.id == stopped.id
    assert (found.state, judge(found).clean) == ("finished", True)
    for path, record in done.items():
        assert read_run(project.folder / path) == record
    assert all(path in {p for one in found.entrants for p in (one.check, one.run)} for path in kept)


def test_that_a_record_whose_writer_died_counts_as_stopped(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    with desk_of() as desk:
        found = last_of(compare_engines(desk, order_of(tmp_path, parts=("check",))))
    folder = project.folder / "comparisons" / found.id
    running = replace(found.entrants[0], state="training")
    engine_comparison.write_record(
        folder / "comparison.json", replace(found, state="running", entrants=(running, found.entrants[1]))
    )
    read = read_comparison(folder)
    assert (read.state, [one.state for one in read.entrants]) == ("stopped", ["stopped", "done"])


def test_that_a_damaged_record_is_named_and_left_out_of_the_list(tmp_path: Path) -> None:
    project = small_project(tmp_path)
    folder = project.folder / "comparisons" / "2026-01-01-001-small"
    folder.mkdir(parents=True)
    (folder / "comparison.json").write_text('{"kind": "comparison", "id": 3')
    with pytest.raises(WorkbenchError) as told:
        read_comparison(folder)
    assert told.value.code is ErrorCode.FILE_DAMAGED
    assert list_comparisons(project.folder) == []


@pytest.mark.parametrize("chosen", [("one",), ("one", "one")])
def test_that_one_engine_is_no_comparison(tmp_path: Path, chosen: tuple[str, ...]) -> None:
    small_project(tmp_path)
    with desk_of() as desk, pytest.raises(WorkbenchError) as told:
        list(compare_engines(desk, order_of(tmp_path, *chosen)))
    assert told.value.code is ErrorCode.ENGINES_FEW
