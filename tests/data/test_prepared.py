"""What was prepared opens whole or names the file that is not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.files import sha256_of
from engines.data.prepared import ARRAYS, intact_manifest, open_prepared, read_manifest
from tests.data.preparing import prepare


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / prepare("iris", tmp_path).digest


def test_that_the_folder_says_the_sha256_of_each_array(folder: Path) -> None:
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert files == {f"{name}.npy": sha256_of(folder / f"{name}.npy") for name in ARRAYS}


def test_that_the_manifest_alone_can_be_read(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert (manifest.name, manifest.samples) == ("iris", 150)
    assert manifest == intact_manifest(folder)
    assert manifest == open_prepared(folder).manifest


def test_that_arrays_are_mapped_not_read(folder: Path) -> None:
    data = open_prepared(folder)
    assert isinstance(data.inputs.base, np.memmap)
    assert not data.inputs.flags.writeable


@pytest.mark.parametrize("name", [*(f"{name}.npy" for name in ARRAYS), "manifest.json"])
def test_that_a_lost_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert intact_manifest(folder) is None
    with pytest.raises(WorkbenchError) as caught:
        open_prepared(folder)
    assert caught.value.code is ErrorCode.DATA_SHARDS_BROKEN
    assert caught.value.facts["file"] == name


def test_that_a_folder_that_is_not_there_is_not_prepared(tmp_path: Path) -> None:
    assert intact_manifest(tmp_path / "gone") is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7), name=st.sampled_from(ARRAYS))
def test_that_any_flipped_bit_is_noticed(folder: Path, place: float, bit: int, name: str) -> None:
    path = folder / f"{name}.npy"
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[int(place * len(whole))] ^= 1 << bit
    path.write_bytes(flipped)
    try:
        assert intact_manifest(folder) is None
    finally:
        path.write_bytes(whole)
    assert intact_manifest(folder) is not None
