"""Workers open prepared arrays only where they are what the manifest says."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.data.prepared import open_prepared
from engines.training.shards import open_shards
from tests.data.preparing import prepare


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / prepare("iris", tmp_path).digest


def broken(folder: Path) -> WorkbenchError:
    with pytest.raises(WorkbenchError) as caught:
        open_shards(folder)
    assert caught.value.code is ErrorCode.DATA_SHARDS_BROKEN
    assert caught.value.facts["path"] == str(folder)
    return caught.value


def test_that_arrays_are_mapped_and_cannot_be_written(folder: Path) -> None:
    shards = open_shards(str(folder))
    assert isinstance(shards.inputs, np.memmap)
    assert isinstance(shards.targets, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        shards.inputs[0, 0] = 1.0
    assert {name: len(rows) for name, rows in shards.indices.items()} == {
        "train": 96,
        "validation": 24,
        "test": 30,
    }


@pytest.mark.parametrize("name", ["inputs.npy", "targets.npy", "validation.npy", "manifest.json"])
@pytest.mark.parametrize("content", [None, b"", b"\x93NUMPY\x01\x00", b"{"])
def test_that_a_lost_or_cut_file_is_named(folder: Path, name: str, content: bytes | None) -> None:
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    assert broken(folder).facts["file"] == name


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("inputs", np.zeros((150, 4), np.float64)),
        ("inputs", np.zeros((150, 5), np.float32)),
        ("inputs", np.zeros((149, 4), np.float32)),
        ("targets", np.zeros(150, np.float32)),
        ("targets", np.zeros((150, 1), np.int64)),
        ("train", np.zeros(95, np.int64)),
        ("train", np.full(96, 150, np.int64)),
        ("test", np.full(30, -1, np.int64)),
        ("test", np.zeros(30, np.int32)),
    ],
)
def test_that_an_array_of_another_type_or_shape_is_named(folder: Path, name: str, array: np.ndarray) -> None:
    np.save(folder / f"{name}.npy", array)
    assert broken(folder).facts["file"] == f"{name}.npy"


def test_that_an_array_of_objects_is_never_unpickled(folder: Path) -> None:
    np.save(folder / "inputs.npy", np.array([object()] * 150), allow_pickle=True)
    assert "objects" in str(broken(folder).facts["why"])


def test_that_a_manifest_of_other_fields_is_named(folder: Path) -> None:
    data = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**data, "samples": "many"}), encoding="utf-8")
    fault = broken(folder)
    assert fault.facts["file"] == "manifest.json"
    assert "samples" in str(fault.facts["why"])


def test_that_a_lack_of_memory_is_no_damage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*_: object, **__: object) -> None:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    monkeypatch.setattr(np, "load", short)
    monkeypatch.setattr(np.lib.format, "open_memmap", short)
    for opened in (open_shards, open_prepared):
        with pytest.raises(OSError, match="memory"):
            opened(folder)
