"""A comparison from its order to its record: what is trained, measured, proven, kept and gone on with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from app.flows import engine_comparison
from app.flows.engine_comparison import compare_engines, resume_comparison
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.runs.engine_comparison import judge, list_comparisons, read_comparison
from engines.runs.listing import list_runs
from engines.runs.manage import delete_comparison, empty_bin, look_into_bin, restore_comparison
from engines.runs.verify import verify
from engines.training.lock import FolderLock
from engines.training.run_folder import read_recipe, read_run
from tests.comparing.orders import desk_of, last_of, order_of, stopped_after
from tests.helpers.small_engines import (
    small_project,
)

pytestmark = pytest.mark.usefixtures("engines_of_numpy")


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
