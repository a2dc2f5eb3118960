from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.data.options import Options
from engines.data.readers import read
from engines.data.schema import check
from tests.data.preparing import prepared, refusal

LABELS = np.arange(30) % 3


def pictures(count: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 1, 4, 5)).astype(np.uint8)


def save(path: Path, **arrays: np.ndarray) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_that_pictures_of_bytes_become_numbers_from_zero_to_one(tmp_path: Path) -> None:
    path = save(tmp_path / "set.npz", inputs=pictures(), targets=LABELS)
    data = prepared(path, tmp_path / "cache")
    assert np.array_equal(data.inputs, (pictures() / 255).astype(np.float32))
    assert data.manifest.preparation["scale"] == "1/255"
    assert (data.manifest.input_shape, data.manifest.classes) == ((1, 4, 5), ("0", "1", "2"))


def test_that_usual_names_and_class_names_are_found(tmp_path: Path) -> None:
    path = save(tmp_path / "set.npz", x=pictures(), y=LABELS, classes=np.array(["cat", "dog", "fox"]))
    assert prepared(path, tmp_path / "cache").manifest.classes == ("cat", "dog", "fox")


def test_that_targets_may_be_words(tmp_path: Path) -> None:
    path = save(tmp_path / "set.npz", inputs=pictures(), targets=np.array(["b", "a", "c"])[LABELS])
    data = prepared(path, tmp_path / "cache")
    assert data.manifest.classes == ("a", "b", "c")
    assert data.targets[:3].tolist() == [1, 0, 2]


def test_that_a_regression_may_have_several_values(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(5, 3, (30, 2))
    path = save(tmp_path / "set.npz", inputs=pictures().reshape(30, -1), targets=values)
    data = prepared(path, tmp_path / "cache")
    assert (data.manifest.task, data.manifest.target_shape) == ("regression", (2,))


def test_that_an_npy_is_a_table_whose_last_column_is_the_target(tmp_path: Path) -> None:
    table = np.column_stack([np.linspace(0, 1, 30), np.arange(30.0) ** 2, LABELS])
    np.save(tmp_path / "table.npy", table)
    data = prepared(tmp_path / "table.npy", tmp_path / "cache", standardize="no")
    assert np.array_equal(data.inputs, table[:, :2].astype(np.float32))
    assert np.array_equal(data.targets, LABELS)
    other = prepared(tmp_path / "table.npy", tmp_path / "cache", target="1")
    assert (other.manifest.task, other.manifest.features) == ("regression", ("column0", "column1"))


@pytest.mark.parametrize(
    ("arrays", "name", "why"),
    [
        ({"targets": LABELS}, "inputs", "not among"),
        ({"inputs": pictures()}, "targets", "not among"),
        ({"inputs": pictures(20), "targets": LABELS}, "targets", "(30,)"),
        ({"inputs": LABELS, "targets": LABELS}, "inputs", "(30,)"),
        ({"inputs": pictures()[:, :0], "targets": LABELS}, "inputs", "empty"),
        ({"inputs": pictures().astype(str), "targets": LABELS}, "inputs", "<U"),
        ({"inputs": pictures() * 1j, "targets": LABELS}, "inputs", "complex"),
        ({"inputs": pictures(), "targets": LABELS.astype("M8[s]")}, "targets", "datetime"),
        ({"inputs": pictures(), "targets": np.zeros((30, 2, 2))}, "targets", "(30, 2, 2)"),
        ({"inputs": pictures(), "targets": np.full((30, 2), "a")}, "targets", "text"),
        ({"inputs": pictures().astype(object), "targets": LABELS}, "set.npz", "allow_pickle"),
    ],
)
def test_that_arrays_that_do_not_fit_are_named(
    tmp_path: Path, arrays: dict[str, np.ndarray], name: str, why: str
) -> None:
    fault = refusal(save(tmp_path / "set.npz", **arrays), tmp_path / "cache")
    assert (fault.code, fault.facts["name"]) == (ErrorCode.DATA_ARRAY, name)
    assert why in str(fault.facts["why"])


def test_that_a_hole_in_an_array_names_its_row(tmp_path: Path) -> None:
    inputs = pictures().astype(np.float64)
    inputs[4, 0, 2, 2] = np.nan
    inputs[9, 0, 1, 1] = np.inf
    fault = refusal(save(tmp_path / "set.npz", inputs=inputs, targets=LABELS), tmp_path / "cache")
    assert fault.code is ErrorCode.DATA_VALUE_MISSING
    assert (fault.facts["line"], fault.facts["count"]) == (5, 2)


def test_that_holes_in_pictures_are_filled_place_by_place(tmp_path: Path) -> None:
    inputs = pictures().astype(np.float64)
    inputs[4, 0, 2, 2] = np.nan
    path = save(tmp_path / "set.npz", inputs=inputs, targets=LABELS)
    data = prepared(path, tmp_path / "cache", missing="mean")
    train = data.indices["train"]
    assert data.inputs[4, 0, 2, 2] == pytest.approx(np.nanmean(inputs[train, 0, 2, 2]), rel=1e-6)


def test_that_a_column_of_an_npy_that_is_not_there_is_told(tmp_path: Path) -> None:
    np.save(tmp_path / "table.npy", np.ones((30, 3)))
    fault = refusal(tmp_path / "table.npy", tmp_path / "cache", target="3")
    assert (fault.code, fault.facts["columns"]) == (ErrorCode.DATA_COLUMN_UNKNOWN, "0, 1, 2")


@pytest.mark.parametrize("array", [np.ones(30), np.ones((30, 1)), np.ones((3, 3, 3)), np.array(1.0)])
def test_that_an_npy_that_is_no_table_is_told(tmp_path: Path, array: np.ndarray) -> None:
    np.save(tmp_path / "table.npy", array)
    assert refusal(tmp_path / "table.npy", tmp_path / "cache").code is ErrorCode.DATA_ARRAY


def test_that_a_pickle_is_refused_and_never_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"

    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (mark,))

    for name in ("trap.npy", "trap.npz"):
        (tmp_path / name).write_bytes(pickle.dumps(Trap()))
        assert refusal(tmp_path / name, tmp_path / "cache").code is ErrorCode.DATA_ARRAY
    np.save(tmp_path / "objects.npy", np.array([[Trap()] * 2] * 30), allow_pickle=True)
    assert refusal(tmp_path / "objects.npy", tmp_path / "cache").code is ErrorCode.DATA_ARRAY
    assert not mark.exists()


def test_that_an_array_that_claims_to_be_huge_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776, 1024), }"
    body = b"\x93NUMPY\x01\x00" + len(header + b"\n").to_bytes(2, "little") + header + b"\n"
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("inputs.npy", body)
        archive.writestr("targets.npy", body)
    (tmp_path / "huge.npy").write_bytes(body)
    for name in ("huge.npz", "huge.npy"):
        assert refusal(tmp_path / name, tmp_path / "cache").code is ErrorCode.DATA_ARRAY


def test_that_one_kind_of_file_under_the_others_name_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "set.npz", inputs=pictures(), targets=LABELS).rename(tmp_path / "set.npy")
    np.save(tmp_path / "table.npy", np.ones((30, 3)))
    (tmp_path / "table.npy").rename(tmp_path / "table.npz")
    for name in ("set.npy", "table.npz"):
        assert refusal(tmp_path / name, tmp_path / "cache").code is ErrorCode.DATA_ARRAY


def test_that_other_files_in_the_archive_are_left_alone(tmp_path: Path) -> None:
    path = save(tmp_path / "set.npz", inputs=pictures(), targets=LABELS)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("notes.txt", "hello")
    assert prepared(path, tmp_path / "cache").manifest.samples == 30
    with zipfile.ZipFile(tmp_path / "words.npz", "w") as archive:
        archive.writestr("inputs", "hello")
    assert refusal(tmp_path / "words.npz", tmp_path / "other").code is ErrorCode.DATA_ARRAY


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_that_a_mutated_file_is_read_or_refused_and_nothing_else(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["set.npz", "table.npy"]))
    path = tmp_path / name
    if name.endswith("npz"):
        save(path, inputs=pictures(12), targets=LABELS[:12])
    else:
        np.save(path, np.ones((12, 3)))
    content = bytearray(path.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4)):
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        check(read(str(path), Options()), Options())
    except WorkbenchError as fault:
        assert fault.facts["path"] == str(path)  # noqa: PT017 - either outcome is fine
