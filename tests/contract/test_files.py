"""A file is the old one or the new one, whatever happens while it is written."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import BinaryIO

import pytest

from engines.contract import files
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import (
    SUFFIX,
    make_folder,
    read_bytes,
    sha256_of,
    sweep,
    write_atomic,
    write_text_atomic,
)

ROOT = Path(__file__).parents[2]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_that_a_file_is_written_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    write_text_atomic(path, "één\n")
    write_text_atomic(path, "twee\r\n")
    assert path.read_bytes() == b"twee\r\n"
    assert names(tmp_path) == ["a.txt"]


def test_that_a_function_may_write_the_content(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a.bin", lambda file: file.write(b"123"))
    assert (tmp_path / "a.bin").read_bytes() == b"123"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT if hasattr(errno, "EDQUOT") else errno.ENOSPC])
def test_that_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, number: int) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")

    def fill(file: BinaryIO) -> None:
        file.write(b"half")
        raise OSError(number, os.strerror(number))

    with pytest.raises(WorkbenchError) as caught:
        write_atomic(path, fill)
    assert (caught.value.code, caught.value.facts["path"]) == (ErrorCode.DISK_FULL, str(path))
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a.bin"]


def test_that_a_fault_of_the_writer_is_its_own(tmp_path: Path) -> None:
    def fail(file: BinaryIO) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_atomic(tmp_path / "a.bin", fail)
    assert names(tmp_path) == []


def test_that_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError) as caught:
        write_atomic(tmp_path / "gone" / "a.bin", b"")
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
    assert caught.value.facts["path"] == str(tmp_path / "gone" / "a.bin")


def test_that_a_folder_cannot_be_made_where_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WorkbenchError) as caught:
        make_folder(tmp_path / "file" / "folder")
    assert caught.value.code is ErrorCode.FILE_UNWRITABLE
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_that_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    for read in (read_bytes, sha256_of):
        with pytest.raises(WorkbenchError) as missing:
            read(tmp_path / "gone")
        assert missing.value.code is ErrorCode.FILE_MISSING
        with pytest.raises(WorkbenchError) as folder:
            read(tmp_path)
        assert folder.value.code is ErrorCode.FILE_IS_FOLDER


def test_that_a_hash_is_of_the_whole_file(tmp_path: Path) -> None:
    content = os.urandom(3 * 2**20 + 5)
    (tmp_path / "a").write_bytes(content)
    assert sha256_of(tmp_path / "a") == hashlib.sha256(content).hexdigest()


def test_that_leftovers_are_swept_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    left = [tmp_path / f".a.00000000{SUFFIX}", tmp_path / "deep" / f".b.00000000{SUFFIX}"]
    for path in (*left, tmp_path / "a"):
        path.touch()
    assert sweep(tmp_path) == sorted(left)
    assert names(tmp_path) == ["a", "deep"]


def test_that_a_folder_left_unfinished_is_swept_with_all_in_it(tmp_path: Path) -> None:
    left = tmp_path / f".00000000{SUFFIX}"
    (left / "model.savedmodel").mkdir(parents=True)
    (left / f".a.00000000{SUFFIX}").touch()
    assert left in sweep(tmp_path)
    assert names(tmp_path) == []


KILLED = """
import sys
from pathlib import Path
from engines.contract.files import write_atomic
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for letter in b"ab":
        write_atomic(path, bytes([letter]) * 200_000)
"""


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
def test_that_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"a" * 200_000)
    for rounds in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            before = path.stat().st_mtime_ns
            while path.stat().st_mtime_ns == before:
                pass
            for _ in range(rounds * 997):
                path.exists()
            child.send_signal(signal.SIGKILL)
        content = path.read_bytes()
        assert content in (b"a" * 200_000, b"b" * 200_000)
    sweep(tmp_path)
    assert names(tmp_path) == ["a.bin"]


@pytest.mark.parametrize("keeps", [True, False])
def test_that_a_reader_who_holds_the_old_file_open_is_waited_for_where_that_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    """Windows refuses to rename onto a file that somebody reads; the window reads run.json all the time."""
    refusals = [PermissionError(errno.EACCES, "Access is denied")] * 2
    rename = Path.replace

    def sharing(part: Path, target: Path) -> Path:
        if refusals:
            raise refusals.pop()
        return rename(part, target)

    monkeypatch.setattr(Path, "replace", sharing)
    monkeypatch.setattr(files, "_OPEN_FILES_KEEP_NAMES", keeps)
    if keeps:
        write_atomic(tmp_path / "run.json", b"new")
        assert names(tmp_path) == ["run.json"]
    else:
        with pytest.raises(WorkbenchError):
            write_atomic(tmp_path / "run.json", b"new")
        assert names(tmp_path) == []
