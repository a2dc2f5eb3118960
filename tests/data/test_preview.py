"""What the data room shows of a prepared set agrees with the source itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from engines.contract.jobs import PrepareDataJob
from engines.contract.preview import DataPreview
from engines.contract.records import from_plain, to_plain
from engines.data import prepare
from engines.data.prepared import PreparedData, open_prepared
from engines.data.preview import preview
from engines.training.control import ControlFlags


def prepared(folder: Path, source: str) -> PreparedData:
    for _ in prepare.run(PrepareDataJob(source, str(folder)), ControlFlags()):
        pass
    return open_prepared(next(path.parent for path in folder.rglob("manifest.json")))


@pytest.fixture(scope="module")
def cancer(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    return prepared(tmp_path_factory.mktemp("cancer"), "breast-cancer")


def test_that_images_come_as_they_are_with_their_classes(tmp_path: Path) -> None:
    shown = preview(prepared(tmp_path, "digits"))
    bunch = datasets.load_digits()
    rows = np.unique(np.linspace(0, 1796, 64).round().astype(int))
    assert shown.samples.shape == (64, 1, 8, 8)
    np.testing.assert_allclose(shown.samples[:, 0] * 16, bunch.images[rows])
    assert shown.labels == tuple(str(label) for label in bunch.target[rows])
    assert shown.class_counts == tuple(np.bincount(bunch.target))
    assert shown.columns == ()


def test_that_a_table_is_shown_in_its_own_units(cancer: PreparedData) -> None:
    shown = preview(cancer)
    bunch = datasets.load_breast_cancer()
    rows = np.unique(np.linspace(0, 568, 64).round().astype(int))
    np.testing.assert_allclose(shown.samples, bunch.data[rows], rtol=1e-4, atol=1e-4)
    assert [column.name for column in shown.columns] == list(bunch.feature_names)
    radius = shown.columns[0]
    assert radius.minimum == pytest.approx(bunch.data[:, 0].min(), rel=1e-5)
    assert radius.maximum == pytest.approx(bunch.data[:, 0].max(), rel=1e-5)
    assert radius.mean == pytest.approx(bunch.data[:, 0].mean(), rel=1e-5)
    assert radius.std == pytest.approx(bunch.data[:, 0].std(), rel=1e-5)
    assert sum(radius.counts) == 569


def test_that_every_sample_says_which_split_it_lies_in(cancer: PreparedData) -> None:
    shown = preview(cancer)
    rows = np.unique(np.linspace(0, 568, 64).round().astype(int))
    for row, part in zip(rows, shown.parts):
        assert row in cancer.indices[part]


def test_that_a_regression_shows_its_target_in_its_own_units(tmp_path: Path) -> None:
    shown = preview(prepared(tmp_path, "diabetes"))
    target = datasets.load_diabetes().target
    assert shown.class_counts == ()
    assert shown.target is not None
    assert shown.target.minimum == pytest.approx(target.min(), rel=1e-5)
    assert shown.target.maximum == pytest.approx(target.max(), rel=1e-5)
    assert float(shown.labels[0]) == pytest.approx(target[0], rel=1e-5)


def test_that_a_preview_travels_as_a_record(cancer: PreparedData) -> None:
    shown = preview(cancer)
    back = from_plain(DataPreview, to_plain(shown))
    assert back.columns == shown.columns
    np.testing.assert_array_equal(back.samples, shown.samples)


def test_that_a_set_smaller_than_the_preview_is_shown_whole(tmp_path: Path) -> None:
    table = tmp_path / "few.csv"
    rows = "\n".join(f"{place},{place * 2},{'ab'[place % 2]}" for place in range(40))
    table.write_text("width,height,label\n" + rows + "\n")
    shown = preview(prepared(tmp_path / "cache", str(table)))
    assert len(shown.samples) == 40
    np.testing.assert_allclose(shown.samples[:, 1], np.arange(40) * 2, atol=1e-4)
