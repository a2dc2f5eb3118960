"""Listing, comparing, verifying, renaming and binning runs."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np
import pytest

from app.run_files import changing as artifacts
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.runs.compare import compare_runs
from engines.runs.listing import list_runs
from engines.runs.manage import (
    BIN,
    BinContent,
    delete_run,
    empty_bin,
    look_into_bin,
    rename_run,
    restore_run,
)
from engines.runs.verify import Finding, verify
from engines.training import manifest, run_folder
from engines.training.metric_log import MetricLog
from engines.training.run_folder import read_run
from tests.helpers.small_training import run_small, small_job


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the finished run ``run``."""
    list(run_small(small_job(tmp_path / "runs")))
    return tmp_path


def trained(folder: Path, **changes: object) -> Path:
    list(run_small(small_job(folder, **changes)))
    return folder / "run"


def test_that_runs_are_listed_with_their_state(project: Path) -> None:
    interrupted = run_small(small_job(project / "runs" / "other"))
    list(itertools.islice(interrupted, 3))
    interrupted.close()
    (project / "runs" / "other" / "run").rename(project / "runs" / "dead")
    (project / "runs" / "broken").mkdir()
    (project / "runs" / "broken" / "run.json").write_text("{")
    states = {run.path.name: run.state for run in list_runs(project)}
    assert states == {"run": "finished", "dead": "interrupted", "broken": "damaged"}
    damaged = list_runs(project)[-1]
    assert damaged.record is None
    assert damaged.why.endswith("run.json")


def test_that_a_project_without_runs_has_none(tmp_path: Path) -> None:
    assert list_runs(tmp_path) == []
    assert look_into_bin(tmp_path) == BinContent()
    empty_bin(tmp_path)


def test_that_equal_runs_have_equal_losses_bit_for_bit(tmp_path: Path) -> None:
    found = compare_runs(trained(tmp_path / "a"), trained(tmp_path / "b"))
    assert found.settings == ()
    assert (found.common_steps, found.first_difference, found.max_abs_difference) == (42, -1, 0.0)
    assert "test_accuracy" in {pair.name for pair in found.figures}


def test_that_a_comparison_names_what_was_set_and_where_losses_part(tmp_path: Path) -> None:
    first = trained(tmp_path / "a", schedule="step", step_epochs=2)
    second = trained(tmp_path / "b", schedule="step", step_epochs=3, epochs=5)
    found = compare_runs(first, second)
    assert {pair.name: (pair.first, pair.second) for pair in found.settings} == {
        "step_epochs": (2, 3),
        "epochs": (6, 5),
    }
    # The rates part at step 14; the first loss that shows it is the next one.
    assert (found.common_steps, found.first_difference) == (35, 15)
    assert 0 < found.max_rel_difference < np.inf


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ([2.0, 1.0, np.inf], [2.0, 1.5, np.inf], (1, 0.5, 0.25)),
        ([2.0, np.nan], [2.0, 1.0], (1, np.inf, np.inf)),
        ([np.nan], [1.0], (0, np.inf, np.inf)),
        ([2.0, np.nan], [2.0, np.nan], (-1, 0.0, 0.0)),
    ],
)
def test_that_losses_that_are_no_numbers_hide_no_difference(
    project: Path, tmp_path: Path, first: list[float], second: list[float], found: tuple[int, float, float]
) -> None:
    runs = [project / "runs" / "run", tmp_path / "other"]
    shutil.copytree(*runs)
    for run, values in zip(runs, (first, second)):
        (run / run_folder.METRICS).unlink()
        log = MetricLog(run / run_folder.METRICS)
        log.append({"loss": np.array(values)})
        log.close()
    told = compare_runs(*runs)
    assert (told.first_difference, told.max_abs_difference, told.max_rel_difference) == found


def test_that_what_is_no_run_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError) as caught:
        compare_runs(tmp_path, tmp_path)
    assert caught.value.code is ErrorCode.NOT_A_RUN


def test_that_a_whole_run_verifies_and_each_flipped_file_is_named(project: Path) -> None:
    run = project / "runs" / "run"
    assert verify(run) == ()
    names = [path for path in run.rglob("*") if path.is_file() and not path.name.startswith(".")]
    assert len(names) > 10
    for path in names:
        whole = path.read_bytes()
        data = bytearray(whole)
        data[len(data) // 2] ^= 4
        path.write_bytes(data)
        assert Finding(path.relative_to(run).as_posix(), "changed") in verify(run), path
        path.write_bytes(whole)
    assert verify(run) == ()


def test_that_a_missing_file_is_named(project: Path) -> None:
    (project / "runs" / "run" / "split.npz").unlink()
    assert verify(project / "runs" / "run") == (Finding("split.npz", "missing"),)


def test_that_a_running_runs_checkpoints_are_looked_at(tmp_path: Path) -> None:
    run = run_small(small_job(tmp_path))
    list(itertools.islice(run, 8))
    assert verify(tmp_path / "run") == ()
    path = next((tmp_path / "run" / "checkpoints").glob("step-*.safetensors"))
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert verify(tmp_path / "run") == (Finding(f"checkpoints/{path.name}", "changed"),)
    run.close()


def test_that_a_renamed_run_is_still_whole(project: Path) -> None:
    run = project / "runs" / "run"
    rename_run(run, " With dropout ")
    assert read_run(run).title == "With dropout"
    assert verify(run) == ()


def test_that_a_name_given_while_a_run_ends_costs_neither_the_name_nor_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window reads run.json to rename the run; before it writes, the run's process writes its end."""
    run, training = tmp_path / "run", run_small(small_job(tmp_path))
    renaming = Thread(target=rename_run, args=(run, "Named"), name="rename")
    next(training)
    read, go = Event(), Event()
    replaced = dataclasses.replace

    def slowly(record: Any, **changes: Any) -> Any:
        changed = replaced(record, **changes)
        if changes.get("title"):
            read.set()
            go.wait(0.3)  # without a lock the run would end in between
        return changed

    monkeypatch.setattr(run_folder, "replace", slowly)
    renaming.start()
    assert read.wait(10)
    list(training)
    go.set()
    renaming.join()
    assert (read_run(run).title, read_run(run).state) == ("Named", "finished")
    assert verify(run) == ()


def test_that_a_deleted_run_can_be_taken_back(project: Path) -> None:
    binned = delete_run(project / "runs" / "run")
    assert list_runs(project) == []
    assert look_into_bin(project).runs == 1
    restored = restore_run(binned)
    assert restored == project / "runs" / "run"
    assert verify(restored) == ()


def test_that_the_bin_holds_two_runs_of_one_name(project: Path) -> None:
    first = delete_run(project / "runs" / "run")
    list(run_small(small_job(project / "runs")))
    second = delete_run(project / "runs" / "run")
    assert first != second
    (first / "run.json").unlink()  # what is damaged goes, too
    files = [path for path in (*first.rglob("*"), *second.rglob("*")) if path.is_file()]
    assert look_into_bin(project) == BinContent(2, 0, sum(path.stat().st_size for path in files))
    empty_bin(project)
    assert look_into_bin(project) == BinContent()
    assert not first.exists()
    assert not second.exists()


def test_that_a_run_being_trained_is_not_deleted(tmp_path: Path) -> None:
    run = run_small(small_job(tmp_path / "runs"))
    next(run)
    with pytest.raises(WorkbenchError) as caught:
        delete_run(tmp_path / "runs" / "run")
    assert caught.value.code is ErrorCode.RUN_BUSY
    run.close()


def test_that_emptying_follows_no_link_out_of_the_bin(project: Path) -> None:
    (project / BIN).mkdir()
    try:
        (project / BIN / "link").symlink_to(project / "runs", target_is_directory=True)
    except OSError:
        pytest.skip("this system makes no links")
    empty_bin(project)
    assert not (project / BIN).exists()
    assert verify(project / "runs" / "run") == ()


def test_that_a_bin_that_cannot_be_emptied_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    delete_run(project / "runs" / "run")

    def refuse(folder: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(WorkbenchError) as caught:
        empty_bin(project)
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
    assert caught.value.facts["path"] == str(project / BIN)


def test_that_a_file_killed_while_it_changed_is_not_called_damaged(project: Path) -> None:
    run = list_runs(project)[0].path
    changing = manifest.changing(run, "run.json", "recipe.json")
    changing.__enter__()
    for name in ("run.json", "recipe.json"):
        (run / name).write_text((run / name).read_text() + "\n")
    assert verify(run) == ()  # the kill: nothing takes them over
    changing.__exit__(None, None, None)
    assert verify(run) == ()
    (run / "recipe.json").write_text("{}")
    assert [found.path for found in verify(run)] == ["recipe.json"]


def test_that_what_is_made_from_a_run_afterwards_is_held_by_its_hash(project: Path) -> None:
    model = list_runs(project)[0].path / "artifacts" / "model.onnx"
    for content in (b"first export", b"second export"):
        with artifacts(model):
            model.write_bytes(content)
        assert verify(model.parent.parent) == ()
    model.write_bytes(b"flipped")
    assert [found.path for found in verify(model.parent.parent)] == ["artifacts/model.onnx"]
