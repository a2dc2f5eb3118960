from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.preprocessing import StandardScaler

from engines.contract.errors import ErrorCode
from engines.contract.events import Answer, Finished, Progress, Stopped
from engines.contract.jobs import PrepareDataJob
from engines.data.prepare import STAGES, run
from engines.data.preview import preview
from engines.training.control import ControlFlags
from engines.training.shards import open_shards
from tests.data.preparing import events, prepare, prepared, refusal


def test_that_digits_are_pictures_between_zero_and_one(tmp_path: Path) -> None:
    data, source = prepared("digits", tmp_path), load_digits()
    assert np.array_equal(data.inputs, source.images[:, None].astype(np.float32) / 16)
    assert data.inputs.dtype == np.float32
    assert np.array_equal(data.targets, source.target)
    assert data.manifest.preparation["scale"] == "1/16"
    assert data.manifest.splits == {"train": 1149, "validation": 288, "test": 360}
    assert data.manifest.classes == tuple("0123456789")


def test_that_a_table_is_standardized_by_its_training_part_alone(tmp_path: Path) -> None:
    data, source = prepared("breast-cancer", tmp_path), load_breast_cancer()
    train = data.indices["train"]
    scaler = StandardScaler().fit(source.data[train])
    np.testing.assert_allclose(data.inputs, scaler.transform(source.data), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(json.loads(data.manifest.preparation["mean"]), scaler.mean_, rtol=1e-12)
    np.testing.assert_allclose(json.loads(data.manifest.preparation["std"]), scaler.scale_, rtol=1e-12)
    assert data.manifest.classes == ("malignant", "benign")
    assert data.manifest.features == tuple(source.feature_names)


def test_that_a_regressions_target_can_be_taken_back_to_its_own_units(tmp_path: Path) -> None:
    data, source = prepared("diabetes", tmp_path), load_diabetes(scaled=False)
    facts = data.manifest.preparation
    mean, std = json.loads(facts["target_mean"])[0], json.loads(facts["target_std"])[0]
    np.testing.assert_allclose(data.targets[:, 0] * std + mean, source.target, rtol=1e-5)
    trained = data.targets[data.indices["train"]]
    assert abs(float(trained.mean())) < 1e-6
    assert float(trained.std()) == pytest.approx(1.0, abs=1e-5)
    assert (data.manifest.task, data.manifest.target_shape) == ("regression", (1,))


def test_that_the_parts_have_the_classes_in_their_share(tmp_path: Path) -> None:
    data = prepared("wine", tmp_path)
    whole = np.bincount(data.targets) / len(data.targets)
    for rows in data.indices.values():
        np.testing.assert_allclose(np.bincount(data.targets[rows]) / len(rows), whole, atol=0.04)


def test_that_a_binary_task_has_one_number_a_sample(tmp_path: Path) -> None:
    data = prepared("breast-cancer", tmp_path, task="binary")
    assert (data.manifest.task, data.manifest.target_shape) == ("binary", (1,))
    assert np.array_equal(data.targets[:, 0], load_breast_cancer().target)
    assert data.targets.dtype == np.float32


def test_that_a_binary_task_wants_two_classes(tmp_path: Path) -> None:
    fault = refusal("iris", tmp_path, task="binary")
    assert (fault.code, fault.facts["have"]) == (ErrorCode.DATA_CLASSES, 3)


def test_that_values_stay_as_they_are_where_one_says_so(tmp_path: Path) -> None:
    data = prepared("diabetes", tmp_path, standardize="no")
    source = load_diabetes(scaled=False)
    assert np.array_equal(data.inputs, source.data.astype(np.float32))
    assert np.array_equal(data.targets[:, 0], source.target.astype(np.float32))
    assert set(data.manifest.preparation) == {"seed"}


def test_that_the_job_tells_each_stage_and_ends_once(tmp_path: Path) -> None:
    told = events("iris", tmp_path)
    assert [event.stage for event in told if isinstance(event, Progress)] == list(STAGES)
    assert [type(event) for event in told[-2:]] == [Answer, Finished]


def test_that_what_is_prepared_is_only_read(tmp_path: Path) -> None:
    folder = tmp_path / prepare("iris", tmp_path).digest
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    told = events("iris", tmp_path)
    assert [event.stage for event in told if isinstance(event, Progress)] == ["finding"]
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["inputs", "targets", "train", "validation", "test"])
def test_that_one_flipped_bit_makes_it_be_prepared_again(tmp_path: Path, name: str) -> None:
    manifest = prepare("iris", tmp_path)
    path = tmp_path / manifest.digest / f"{name}.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert prepare("iris", tmp_path) == manifest
    assert path.read_bytes() == whole


@pytest.mark.parametrize("name", ["inputs.npy", "test.npy", "manifest.json"])
def test_that_a_lost_file_makes_it_be_prepared_again(tmp_path: Path, name: str) -> None:
    manifest = prepare("iris", tmp_path)
    path = tmp_path / manifest.digest / name
    whole = path.read_bytes()
    path.unlink()
    assert prepare("iris", tmp_path) == manifest
    assert path.read_bytes() == whole


@pytest.mark.parametrize("text", ["", "{}", "[1]", "null", '{"files": 3}', "\x00"])
def test_that_a_broken_manifest_makes_it_be_prepared_again(tmp_path: Path, text: str) -> None:
    manifest = prepare("iris", tmp_path)
    (tmp_path / manifest.digest / "manifest.json").write_text(text, encoding="utf-8")
    assert prepare("iris", tmp_path) == manifest


def test_that_another_seed_lies_in_another_folder(tmp_path: Path) -> None:
    first, second = prepare("iris", tmp_path), prepare("iris", tmp_path, seed="1")
    assert first.digest != second.digest
    assert {path.name for path in tmp_path.iterdir()} == {first.digest, second.digest}


def test_that_a_stopped_preparation_leaves_nothing(tmp_path: Path) -> None:
    flags = ControlFlags()
    told = []
    for event in run(PrepareDataJob("iris", str(tmp_path)), flags):
        told.append(event)
        flags.stop(keep=False)
    assert isinstance(told[-1], Stopped)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"task": "guess"}, "task"),
        ({"missing": "zero"}, "missing"),
        ({"seed": "-1"}, "seed"),
        ({"seed": "one"}, "seed"),
        ({"seed": str(2**63)}, "seed"),
        ({"separator": "::"}, "separator"),
        ({"header": "maybe"}, "header"),
    ],
)
def test_that_an_option_that_cannot_be_is_refused(
    tmp_path: Path, options: dict[str, str], option: str
) -> None:
    fault = refusal("iris", tmp_path, **options)
    assert (fault.code, fault.facts["option"]) == (ErrorCode.DATA_OPTION, option)


def test_that_an_option_nobody_knows_is_told_with_those_there_are(tmp_path: Path) -> None:
    fault = refusal("iris", tmp_path, colour="green")
    assert (fault.code, fault.facts["option"]) == (ErrorCode.DATA_OPTION_UNKNOWN, "colour")
    assert "missing" in str(fault.facts["known"])


@pytest.mark.parametrize("source", ["mnist", "table.xlsx", "", "folder/"])
def test_that_an_unknown_source_is_told_with_the_known_ones(tmp_path: Path, source: str) -> None:
    fault = refusal(source, tmp_path)
    assert fault.code is ErrorCode.DATA_SOURCE_UNKNOWN
    assert "digits" in str(fault.facts["known"])
    assert ".csv" in str(fault.facts["known"])


def test_that_workers_read_the_same_arrays(tmp_path: Path) -> None:
    data = prepared("digits", tmp_path)
    shards = open_shards(tmp_path / data.manifest.digest)
    assert np.array_equal(shards.inputs, data.inputs)
    assert np.array_equal(shards.targets, data.targets)
    assert isinstance(shards.inputs, np.memmap)
    assert {name: len(rows) for name, rows in shards.indices.items()} == data.manifest.splits


def test_that_the_preview_shows_samples_labels_and_counts(tmp_path: Path) -> None:
    data, source = prepared("digits", tmp_path), load_digits()
    view = preview(data)
    rows = [int(np.abs(data.inputs - sample).sum(axis=(1, 2, 3)).argmin()) for sample in view.samples]
    assert 1 < len(rows) <= 64
    assert view.labels == tuple(str(source.target[row]) for row in rows)
    assert all(row in data.indices[part] for row, part in zip(rows, view.parts, strict=True))
    assert view.class_counts == tuple(np.bincount(source.target))
    assert view.columns == ()


def test_that_the_preview_of_a_table_is_in_the_sources_units(tmp_path: Path) -> None:
    view = preview(prepared("diabetes", tmp_path))
    source = load_diabetes(scaled=False)
    assert view.target is not None
    for column, values in zip((*view.columns, view.target), [*source.data.T, source.target], strict=True):
        found = (column.minimum, column.maximum, column.mean, column.std)
        assert found == pytest.approx((values.min(), values.max(), values.mean(), values.std()), rel=1e-5)
        assert sum(column.counts) == len(values)


def test_that_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file, not a folder", encoding="utf-8")
    fault = refusal("iris", blocked)
    assert fault.code is ErrorCode.FILE_UNWRITABLE
    assert str(blocked) in str(fault.facts["path"])
