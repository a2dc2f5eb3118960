"""Checkpoints, tensors, metric log, manifest and lock: what survives kills, flipped bits and full disks."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import CheckpointSaved, Failed
from engines.training import lock, loop, manifest
from engines.training.checkpoints import (
    CheckpointRecord,
    latest_valid,
    list_checkpoints,
    load_checkpoint,
    run_weights,
    save_checkpoint,
)
from engines.training.early_stopping import EarlyStopping
from engines.training.lock import is_locked
from engines.training.metric_log import MetricLog, read_header
from engines.training.run_folder import RunFolder, read_design, read_recipe, read_run
from engines.training.tensors import dump_tensors, parse_tensors, read_tensors
from tests.helpers.small_training import run_small, small_job

RECORD = CheckpointRecord(
    step=5, epoch=0, position=5, learning_rate=0.1, early_stopping=EarlyStopping(0.3, 4, 1)
)
ARRAYS = {"model/a/weight": np.arange(12, dtype=np.float32).reshape(3, 4), "engine/state": np.zeros(0, "u1")}


@given(
    shapes=st.lists(st.lists(st.integers(0, 4), max_size=3), max_size=4),
    kind=st.sampled_from(["f4", "f8", "i8", "u1", "?"]),
)
def test_that_our_tensors_are_read_by_the_safetensors_library_and_the_reverse(
    shapes: list[list[int]], kind: str
) -> None:
    arrays = {f"layer{n}/weight": np.ones(shape, kind) for n, shape in enumerate(shapes)}
    ours = safetensors.numpy.load(dump_tensors(arrays))
    theirs = parse_tensors(safetensors.numpy.save(arrays), "theirs")
    for found in (ours, theirs):
        assert found.keys() == arrays.keys()
        for name, array in arrays.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)


@given(data=st.binary(max_size=60))
def test_that_no_rubbish_is_taken_for_tensors(data: bytes) -> None:
    with pytest.raises(WorkbenchError) as caught:
        parse_tensors(data, "rubbish")
    assert caught.value.code is ErrorCode.FILE_DAMAGED


def test_that_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path / "checkpoints", "step", RECORD, ARRAYS)
    found = load_checkpoint(path)
    assert replace(found.record, sha256="", digest="") == RECORD
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(found.arrays[name], array)


def test_that_a_flipped_bit_anywhere_in_a_checkpoint_is_found(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, "step", RECORD, ARRAYS)
    random = np.random.default_rng(1)
    for target in (path, path.with_suffix(".json")):
        whole = target.read_bytes()
        for place in random.integers(0, 8 * (len(whole) - 1), 60):
            data = bytearray(whole)
            data[place // 8] ^= 1 << (place % 8)
            target.write_bytes(data)
            with pytest.raises(WorkbenchError) as caught:
                load_checkpoint(path)
            assert caught.value.code is ErrorCode.FILE_DAMAGED, bytes(data)
            assert caught.value.facts["path"] == str(target)
        target.write_bytes(whole)


def test_that_arrays_without_a_record_do_not_count(tmp_path: Path) -> None:
    path = save_checkpoint(tmp_path, "step", RECORD, ARRAYS)
    newer = save_checkpoint(tmp_path, "step", replace(RECORD, step=9), ARRAYS)
    newer.with_suffix(".json").unlink()
    found, passed = latest_valid(tmp_path)
    assert found is not None
    assert (found.path, passed) == (path, [])


def test_that_a_checkpoint_written_again_survives_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_checkpoint(tmp_path, "step", RECORD, ARRAYS)

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(WorkbenchError) as caught:
        save_checkpoint(tmp_path, "step", replace(RECORD, learning_rate=0.2), ARRAYS)
    assert caught.value.code is ErrorCode.DISK_FULL
    assert load_checkpoint(path).record.learning_rate == RECORD.learning_rate


def test_that_the_best_weights_are_found_for_evaluation(tmp_path: Path) -> None:
    run = tmp_path / "checkpoints"
    best = {"model/a/weight": np.ones((3, 4), np.float32)}
    save_checkpoint(run, "best", replace(RECORD, step=4), best)
    save_checkpoint(run, "step", RECORD, ARRAYS)
    assert (run_weights(run, "best")["a/weight"] == 1).all()
    np.testing.assert_array_equal(run_weights(run, "last")["a/weight"], ARRAYS["model/a/weight"])


def test_that_a_run_without_checkpoints_says_so(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError) as caught:
        run_weights(tmp_path / "checkpoints", "best")
    assert caught.value.code is ErrorCode.CHECKPOINT_NONE


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder on a disk of 256 KiB; where none can be mounted, a disk that says it is full."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    root = sys.platform == "linux" and os.geteuid() == 0
    mounted = root and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    if not mounted:
        monkeypatch.setattr("os.fsync", _full_when_marked(folder))
    yield folder
    if mounted:
        subprocess.run(["umount", str(folder)], check=True, capture_output=True)


def _full_when_marked(folder: Path) -> Any:
    real = os.fsync

    def fsync(file: int) -> None:
        if (folder / "filler").exists():
            raise OSError(28, "No space left on device")
        real(file)

    return fsync


def test_that_a_full_disk_at_a_checkpoint_ends_the_run_and_spares_the_earlier_ones(
    small_disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SAVING_SHARE", 0)
    job = replace(small_job(tmp_path, epochs=40), run=str(small_disk / "run"))
    events = []
    for event in run_small(job):
        events.append(event)
        saved = [known for known in events if isinstance(known, CheckpointSaved) and not known.best]
        if saved and saved[-1].step >= 21:
            _fill(small_disk / "filler")  # again and again, since older checkpoints make room
    last = events[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.DISK_FULL.value
    assert str(small_disk) in str(last.facts["path"])
    checkpoint, _ = latest_valid(small_disk / "run" / "checkpoints")
    assert checkpoint is not None
    assert checkpoint.record.step >= 21
    (small_disk / "filler").unlink()
    assert [*run_small(replace(job, resume=True))][-1].kind == "finished"


def _fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file:
        try:
            for size in (65536, 4096, 512, 1):
                for _ in range(20000 if size == 65536 else 64):
                    if shutil.disk_usage(path.parent).total > 1 << 20 and file.tell() > 1 << 19:
                        return
                    file.write(bytes(size))
        except OSError:
            return


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_that_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(WorkbenchError) as caught:
            list(run_small(job))
    finally:
        tmp_path.chmod(0o700)
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE


def test_that_a_file_where_the_run_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("in the way")
    with pytest.raises(WorkbenchError) as caught:
        list(run_small(small_job(tmp_path)))
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE


def rows_of(path: Path) -> list[float]:
    with path.open("rb") as file:
        header = read_header(file)
        assert header is not None
        file.seek(header[1])
        return np.frombuffer(file.read(), "<f4").tolist()


def chunk(*losses: float) -> dict[str, Any]:
    return {"loss": np.array(losses, np.float32)}


def test_that_a_log_goes_on_after_a_cut_and_a_torn_row(tmp_path: Path) -> None:
    path = tmp_path / "metrics" / "steps.bin"
    log = MetricLog(path)
    log.append(chunk(1, 2, 3, 4))
    log.close()
    with path.open("ab") as file:
        file.write(b"\x01\x02")
    again = MetricLog(path)
    again.go_on_at(3)
    again.append(chunk(9))
    again.close()
    assert rows_of(path) == [1, 2, 3, 9]


def test_that_rows_lost_to_a_power_cut_count_as_nan(tmp_path: Path) -> None:
    path = tmp_path / "steps.bin"
    log = MetricLog(path)
    log.append(chunk(1))
    log.close()
    again = MetricLog(path)
    again.go_on_at(3)
    again.append(chunk(4))
    again.close()
    found = rows_of(path)
    assert np.isnan(found[1:3]).all()
    assert (found[0], found[3]) == (1, 4)


def test_that_a_log_cut_within_its_header_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "steps.bin"
    path.write_bytes(b"MWMET")
    log = MetricLog(path)
    log.go_on_at(0)
    log.append(chunk(5))
    log.close()
    assert rows_of(path) == [5]


def test_that_a_log_that_is_gone_costs_its_steps_and_shifts_no_later_one(tmp_path: Path) -> None:
    log = MetricLog(tmp_path / "steps.bin")
    log.go_on_at(2)
    log.append(chunk(5))
    log.append(chunk(6))
    log.close()
    found = rows_of(tmp_path / "steps.bin")
    assert np.isnan(found[:2]).all()
    assert found[2:] == [5, 6]


def test_that_a_checkpoint_somebody_reads_ends_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows refuses to remove a file that is open."""
    remove = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path.name.startswith("step-000000007"):
            raise PermissionError(13, "It is used by another process")
        remove(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    monkeypatch.setattr(loop, "SAVING_SHARE", 0)
    assert [*run_small(small_job(tmp_path))][-1].kind == "finished"
    assert list((tmp_path / "run" / "checkpoints").glob("step-000000007.*"))


def test_that_lost_initial_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError) as caught:
        read_tensors(tmp_path / "init.safetensors")
    assert caught.value.code is ErrorCode.FILE_MISSING


def test_that_a_run_folder_says_what_it_is(tmp_path: Path) -> None:
    job = small_job(tmp_path)
    list(run_small(job))
    run = tmp_path / "run"
    assert read_design(run) == job.spec
    assert read_recipe(run) == job.recipe
    record = read_run(run)
    assert (record.engine, record.data, record.state) == ("numpy", "clusters", "finished")
    explained = (run / "README.txt").read_text()
    for path in run.iterdir():
        assert path.name.startswith(".") or path.name == "README.txt" or path.name in explained
    split = np.load(run / "split.npz")
    assert {name: len(split[name]) for name in split.files} == dict(job.manifest.splits)


def test_that_leftovers_of_a_killed_writer_are_swept(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    left = tmp_path / "run" / "checkpoints" / ".step.modelwright-part"
    left.write_bytes(b"half")
    folder = RunFolder(tmp_path / "run", resume=True)
    folder.close()
    assert folder.swept == [left.name]
    assert not left.exists()


def test_that_a_run_goes_on_after_its_model_was_half_saved_into_it(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    left = tmp_path / "run" / "artifacts" / ".0a1b2c3d.modelwright-part"
    left.mkdir()
    (left / "model.keras").write_bytes(b"half")
    assert [*run_small(small_job(tmp_path, resume=True, epochs=7))][-1].kind == "finished"
    assert not left.exists()


def test_that_the_manifest_keeps_the_hash_of_what_does_not_move(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path)))
    run = tmp_path / "run"
    before = manifest.read(run).files
    (run / "init.safetensors").write_bytes(b"flipped")
    list(run_small(small_job(tmp_path, resume=True)))
    after = manifest.read(run).files
    assert after["init.safetensors"] == before["init.safetensors"]


def test_that_a_lock_lives_as_long_as_its_process(tmp_path: Path) -> None:
    run = run_small(small_job(tmp_path))
    next(run)
    assert is_locked(tmp_path / "run")
    run.close()
    assert not is_locked(tmp_path / "run")
    assert not is_locked(tmp_path / "nowhere")


def test_that_a_file_system_without_locks_is_named_and_makes_no_run_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list(run_small(small_job(tmp_path)))

    def refuse(file: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(lock, "_try_lock", refuse)
    assert not is_locked(tmp_path / "run")
    with pytest.raises(WorkbenchError) as caught:
        RunFolder(tmp_path / "run", resume=True)
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
    assert caught.value.facts["why"] == os.strerror(errno.ENOLCK)


def test_that_pruned_checkpoints_leave_no_lone_record(tmp_path: Path) -> None:
    list(run_small(small_job(tmp_path, epochs=10)))
    folder = tmp_path / "run" / "checkpoints"
    whole = {path.stem for role in ("step", "best") for path in list_checkpoints(folder, role)}
    assert {path.stem for path in folder.iterdir()} == whole
