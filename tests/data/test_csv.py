from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.data.csv_table import read_csv, read_table
from engines.data.options import Options
from engines.data.readers import read
from engines.data.schema import check
from tests.data.preparing import prepare, prepared, refusal, rows, write

HEADER = "number,square,class"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_that_encoding_and_separator_are_found_out(tmp_path: Path, separator: str, encoding: str) -> None:
    header = separator.join(("Länge", "square", "class"))
    path = write(tmp_path / "table.csv", header, *rows(separator=separator), encoding=encoding)
    raw = read_csv(path, Options())
    assert raw.features == ("Länge", "square")
    assert raw.target_name == "class"
    assert np.array_equal(raw.inputs, [[row, row * row] for row in range(20)])
    assert raw.target.tolist() == ["even", "odd"] * 10


def test_that_a_table_is_prepared_with_its_classes(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", HEADER, *rows())
    data = prepared(path, tmp_path / "cache")
    assert data.manifest.classes == ("even", "odd")
    assert (data.manifest.task, data.manifest.name, data.manifest.target) == (
        "classification",
        "table",
        "class",
    )
    assert data.targets.tolist() == [0, 1] * 10


def test_that_the_target_is_chosen_by_name_or_by_what_it_is_called(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", "a,label,b", *(f"{row},{row % 2},{row}" for row in range(20)))
    assert read_csv(path, Options()).target_name == "label"
    surer = write(tmp_path / "surer.csv", "x,y,Target", *(f"{row},{row},{row}" for row in range(3)))
    assert read_csv(surer, Options()).target_name == "Target"
    chosen = read_csv(path, Options(target="a"))
    assert (chosen.target_name, chosen.features) == ("a", ("label", "b"))


def test_that_a_column_can_be_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", "id,number,class", *(f"x{row},{row},{row % 2}" for row in range(20)))
    assert prepare(path, tmp_path / "cache", drop="id").features == ("number",)


def test_that_a_file_without_a_header_gets_column_names(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", *(f"{row},{row / 7},{row % 2}" for row in range(20)))
    assert read_csv(path, Options()).features == ("column1", "column2")
    assert len(read_csv(path, Options()).inputs) == 20


def test_that_decimal_commas_are_numbers_where_semicolons_separate(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", "width;class", *(f"{row},5;{row % 2}" for row in range(20)))
    assert read_csv(path, Options()).inputs[:3, 0].tolist() == [0.5, 1.5, 2.5]


def test_that_quoted_cells_hold_separators_quotes_and_line_ends(tmp_path: Path) -> None:
    table = write(
        tmp_path / "table.csv", "number,class", *(f'{row},"a, ""b""\n{row % 2}"' for row in range(20))
    )
    raw = read_csv(table, Options())
    assert set(raw.target.tolist()) == {'a, "b"\n0', 'a, "b"\n1'}
    assert raw.lines.tolist() == list(range(2, 42, 2))


@pytest.mark.parametrize(
    ("lines", "code", "facts"),
    [
        ([], ErrorCode.DATA_EMPTY, {}),
        (["", "", ""], ErrorCode.DATA_EMPTY, {}),
        ([HEADER], ErrorCode.DATA_EMPTY, {}),
        ([HEADER, "1,2,a", "3,4"], ErrorCode.DATA_RAGGED, {"line": 3, "have": 2, "wanted": 3}),
        ([HEADER, "1,2,a", "", "3,4,b,5"], ErrorCode.DATA_RAGGED, {"line": 4, "have": 4}),
        (["a,b,a", "1,2,3"], ErrorCode.DATA_HEADER_TWICE, {"line": 1, "column": 3, "name": "a"}),
        (
            [HEADER, "1,2,a", "3,oops,b"],
            ErrorCode.DATA_VALUE_NOT_NUMERIC,
            {"line": 3, "column": 2, "value": "oops"},
        ),
        (
            [HEADER, *rows(), "20,,odd"],
            ErrorCode.DATA_VALUE_MISSING,
            {"line": 22, "column": 2, "name": "square"},
        ),
        ([HEADER, *rows(), "inf,1,odd"], ErrorCode.DATA_VALUE_MISSING, {"line": 22, "column": 1, "count": 1}),
        ([HEADER, *rows(), "NaN,1,odd"], ErrorCode.DATA_VALUE_MISSING, {"line": 22, "column": 1}),
        (
            [HEADER, *rows(), "20,1,"],
            ErrorCode.DATA_TARGET_MISSING,
            {"line": 22, "column": 3, "name": "class"},
        ),
        ([HEADER, *rows(), "20,1,lonely"], ErrorCode.DATA_CLASS_SMALL, {"name": "lonely", "count": 1}),
        ([HEADER, *rows(4)], ErrorCode.DATA_SAMPLES_FEW, {"have": 4, "wanted": 10}),
        (["class", *"abababababab"], ErrorCode.DATA_COLUMNS_FEW, {"columns": "class"}),
        ([HEADER, *(f"{row},1,same" for row in range(12))], ErrorCode.DATA_CLASSES, {"have": 1}),
        ([HEADER, '1,2,"a', "3,4,b"], ErrorCode.DATA_BROKEN, {"line": 2}),
        ([HEADER, "1,2,a", '1,"2"x,a'], ErrorCode.DATA_BROKEN, {"line": 3}),
        ([HEADER, "1,2,a", "1,2\0,a"], ErrorCode.DATA_ENCODING, {}),
    ],
)
def test_that_a_bad_table_names_the_line_and_column(
    tmp_path: Path, lines: list[str], code: ErrorCode, facts: dict[str, object]
) -> None:
    path = write(tmp_path / "bad.csv", *lines)
    fault = refusal(path, tmp_path / "cache")
    assert fault.code is code
    assert {"path": str(path), **facts}.items() <= dict(fault.facts).items()


def test_that_a_missing_file_is_named(tmp_path: Path) -> None:
    fault = refusal(tmp_path / "gone.csv", tmp_path)
    assert (fault.code, fault.facts["path"]) == (ErrorCode.FILE_MISSING, str(tmp_path / "gone.csv"))


def test_that_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    assert refusal(tmp_path / "folder.csv", tmp_path).code is ErrorCode.FILE_IS_FOLDER


def test_that_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    path = tmp_path / "bytes.csv"
    path.write_bytes(b"a,b\n1,\x81\n")
    fault = refusal(path, tmp_path)
    assert (fault.code, fault.facts["position"]) == (ErrorCode.DATA_ENCODING, 6)


def test_that_a_target_or_column_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", HEADER, *rows())
    for options in ({"target": "kind"}, {"drop": "kind"}):
        fault = refusal(path, tmp_path / "cache", **options)
        assert fault.code is ErrorCode.DATA_COLUMN_UNKNOWN
        assert fault.facts["columns"] == "number, square, class"


def test_that_a_regression_refuses_a_target_of_words(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", HEADER, *rows())
    fault = refusal(path, tmp_path / "cache", task="regression")
    assert fault.code is ErrorCode.DATA_TARGET_NOT_NUMERIC
    assert (fault.facts["line"], fault.facts["column"], fault.facts["value"]) == (2, 3, "even")


def test_that_one_slip_in_a_column_of_numbers_makes_no_classes_of_it(tmp_path: Path) -> None:
    lines = [f"{row},{row * 1.5}" for row in range(40)]
    lines[7] = "7,1O.5"
    fault = refusal(write(tmp_path / "table.csv", "x,value", *lines), tmp_path / "cache")
    assert fault.code is ErrorCode.DATA_TARGET_NOT_NUMERIC
    assert (fault.facts["line"], fault.facts["value"]) == (9, "1O.5")


def test_that_rows_with_holes_can_be_left_out(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", HEADER, *rows(), "20,,odd", "21,5,", "22,inf,even")
    data = prepared(path, tmp_path / "cache", missing="drop")
    assert data.manifest.samples == 20
    assert data.manifest.warnings == ("rows_dropped:3",)


def test_that_holes_can_be_filled_with_the_mean_of_the_training_part(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", HEADER, *rows(30), "30,,odd", ",7,even")
    data = prepared(path, tmp_path / "cache", missing="mean", standardize="no")
    train = data.indices["train"]
    known = np.array([row * row for row in range(30)] + [np.nan, 7.0])
    assert data.inputs[30, 1] == pytest.approx(np.nanmean(known[train]), rel=1e-6)
    assert data.manifest.warnings == ("values_filled:2",)
    assert data.manifest.preparation["missing"] == "mean"


def test_that_a_column_that_never_changes_is_a_warning_and_becomes_zero(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", "same,x,class", *(f"0.1,{row},{row % 2}" for row in range(30)))
    data = prepared(path, tmp_path / "cache")
    assert data.manifest.warnings == ("constant_column:same",)
    assert not data.inputs[:, 0].any()


@pytest.mark.parametrize(
    ("values", "task"),
    [
        ([str(row % 3) for row in range(60)], "classification"),
        ([f"{row % 2}.0" for row in range(60)], "classification"),
        (["yes" if row % 2 else "no" for row in range(60)], "classification"),
        ([str(row) for row in range(60)], "regression"),
        ([str(row % 3 + 0.5) for row in range(60)], "regression"),
        ([str(row % 25) for row in range(60)], "regression"),
    ],
)
def test_that_the_task_follows_from_the_target(tmp_path: Path, values: list[str], task: str) -> None:
    path = write(tmp_path / "table.csv", "x,target", *(f"{row},{value}" for row, value in enumerate(values)))
    assert prepare(path, tmp_path / "cache").task == task


def test_that_the_task_can_be_chosen(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", "x,target", *(f"{row},{row % 3}" for row in range(60)))
    assert prepare(path, tmp_path / "cache", task="regression").task == "regression"


def test_that_changed_content_lies_in_another_folder(tmp_path: Path) -> None:
    path = write(tmp_path / "table.csv", HEADER, *rows(20))
    first = prepare(path, tmp_path / "cache")
    write(path, HEADER, *rows(30))
    assert prepare(path, tmp_path / "cache").digest != first.digest


def test_that_the_same_content_elsewhere_is_found_again(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    first = prepare(write(tmp_path / "table.csv", HEADER, *rows()), tmp_path / "cache")
    second = prepare(write(tmp_path / "other" / "table.csv", HEADER, *rows()), tmp_path / "cache")
    assert second.digest == first.digest
    assert second.source == str(tmp_path / "other" / "table.csv")


cells = st.one_of(
    st.floats(allow_nan=True).map(str),
    st.integers().map(str),
    st.text(st.characters(codec="utf-8"), max_size=6),
    st.sampled_from(["", "NA", "1,5", '"', ";", "1_0", "١", "1e999"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(st.characters(codec="utf-8")),
        st.lists(st.lists(cells)).map(lambda r: "\n".join(map(",".join, r))),
    )
)
def test_that_any_text_is_read_or_refused_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(text.encode())
    for options in (Options(), Options(missing="mean"), Options(missing="drop"), Options(task="regression")):
        try:
            found = check(read(str(path), options), options)
        except WorkbenchError as fault:
            last = len(text.splitlines()) + 1
            assert 1 <= int(fault.facts.get("line", 1)) <= last  # noqa: PT017 - either outcome is fine
            continue
        assert len(found.inputs) == len(found.labels) + len(found.values)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.integers(2, 4).flatmap(
        lambda width: st.lists(
            st.lists(
                st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=width, max_size=width
            ),
            min_size=2,
        )
    ),
    separator=st.sampled_from([",", ";", "\t", "|"]),
)
def test_that_what_pythons_writer_wrote_is_read_cell_by_cell(
    tmp_path: Path, table: list[list[str]], separator: str
) -> None:
    written = io.StringIO()
    csv.writer(written, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(table)
    path = tmp_path / "written.csv"
    path.write_bytes(written.getvalue().encode())
    whole = [tuple(row) for row in table if any(cell.strip() for cell in row)]
    if not whole:
        return
    found = read_table(path, Options(separator=separator, header="no"))
    assert found.rows == tuple(whole)
