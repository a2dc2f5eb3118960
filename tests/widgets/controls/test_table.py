"""Tables: sorted by value, filtered by any column, copied with Ctrl+C, saved as CSV."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines.contract.errors import ErrorCode, WorkbenchError
from widgets.controls.table import Column, Table, table_text
from widgets.look.theme import apply, current

ROWS = [("Run 10", 0.5, "finished"), ("Run 9", 10.0, "failed"), ("Run 8", None, 'said "no", twice')]


@pytest.fixture
def table(qapp: QApplication, qtbot: QtBot) -> Table:
    apply(qapp, "light")
    made = Table([Column("Run"), Column("Loss", number=True), Column("State")], "runs", "runs")
    qtbot.addWidget(made)
    made.set_rows(["a", "b", "c"], ROWS)
    made.resize(600, 300)
    made.show()
    return made


def shown(table: Table, column: int) -> list[str]:
    return [table.proxy.index(row, column).data() for row in range(table.proxy.rowCount())]


def test_that_a_click_on_a_heading_sorts_numbers_by_value(table: Table, qtbot: QtBot) -> None:
    header = table.view.horizontalHeader()
    place = header.sectionViewportPosition(1) + header.sectionSize(1) // 2
    where = header.viewport().rect().topLeft()
    where.setX(place)
    where.setY(header.height() // 2)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
    first = shown(table, 1)
    qtbot.mouseClick(header.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert sorted([first, shown(table, 1)]) == [["10.0", "0.5", "–"], ["–", "0.5", "10.0"]]


def test_that_the_filter_looks_into_every_column_and_minds_no_case(table: Table, qtbot: QtBot) -> None:
    qtbot.keyClicks(table.filter, "FAIL")
    assert shown(table, 0) == ["Run 9"]
    table.filter.setText("run 1")
    assert shown(table, 0) == ["Run 10"]
    table.filter.clear()
    assert len(shown(table, 0)) == 3


def test_that_control_c_copies_the_selected_rows_with_headings(table: Table, qtbot: QtBot) -> None:
    table.select(["b"])
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "Run\tLoss\tState\nRun 9\t10.0\tfailed\n"


def test_that_control_c_without_a_selection_copies_all(table: Table, qtbot: QtBot) -> None:
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert len(QApplication.clipboard().text().splitlines()) == 4


def test_that_what_is_saved_reads_back_as_it_was(table: Table, tmp_path: Path) -> None:
    target = tmp_path / "runs.csv"
    table.save_csv(target)
    with target.open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file))[-1] == ["Run 8", "–", 'said "no", twice']


def test_that_the_selection_survives_new_rows_and_is_told(table: Table, qtbot: QtBot) -> None:
    with qtbot.waitSignal(table.selection_changed) as told:
        table.select(["b"])
    assert told.args == [["b"]]
    table.set_rows(["z", "b"], [("Run 11", 1.0, "x"), ("Run 9", 9.0, "failed")])
    assert table.selected_keys() == ["b"]


def test_that_a_double_click_opens_the_row_under_it(table: Table, qtbot: QtBot) -> None:
    spot = table.view.visualRect(table.proxy.index(1, 0)).center()
    with qtbot.waitSignal(table.row_activated) as opened:
        qtbot.mouseClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
        qtbot.mouseDClick(table.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert opened.args == ["b"]


def test_that_tab_leaves_the_table(table: Table) -> None:
    assert not table.view.tabKeyNavigation()


def test_that_other_columns_replace_the_old_ones(table: Table) -> None:
    table.set_columns([Column("Setting"), Column("Run 9")])
    table.set_rows(["seed"], [("seed", "0")])
    assert shown(table, 1) == ["0"]
    assert table.model.columnCount() == 2


@given(st.lists(st.tuples(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"])))))
def test_that_any_text_comes_back_from_the_copied_text(rows: list[tuple[str]]) -> None:
    from widgets.controls.table import RowsModel

    model = RowsModel([Column("Name")])
    model.set_rows([str(place) for place in range(len(rows))], rows)
    text = table_text(model, range(len(rows)), "\t")
    assert list(csv.reader(io.StringIO(text), delimiter="\t"))[1:] == [
        [value] if value else [""] for (value,) in rows
    ]


def test_that_a_table_that_cannot_be_saved_says_so(table: Table, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError) as told:
        table.save_csv(tmp_path / "missing" / "runs.csv")
    assert told.value.code is ErrorCode.COPY_UNWRITABLE


def test_that_rows_are_selected_all_at_once(table: Table) -> None:
    told: list[list[str]] = []
    table.selection_changed.connect(told.append)
    table.select(["c", "a", "gone"])
    table.select(["b"])
    assert told == [["a", "c"], ["b"]]


def test_that_a_table_of_thousands_reads_no_more_than_it_needs_to_follow_its_window(qtbot: QtBot) -> None:
    read: list[int] = []
    table = Table([Column("Run"), Column("Loss", shown=lambda it: f"{read.append(it)}", spare=1)], "t", "t")
    qtbot.addWidget(table)
    table.resize(600, 300)
    table.show()
    table.set_rows([str(row) for row in range(5_000)], [("run", row) for row in range(5_000)])
    for width in range(500, 600, 10):
        table.resize(width, 300)
    assert read
    assert len(set(read)) < 500


def test_that_the_whole_row_under_the_pointer_is_shaded(table: Table, qtbot: QtBot) -> None:
    view = table.view
    view.entered.emit(table.proxy.index(1, 0))

    def looks(row: int, column: int) -> str:
        box = view.visualRect(table.proxy.index(row, column))
        return view.viewport().grab().toImage().pixelColor(box.right() - 2, box.top() + 4).name()

    assert {looks(1, column) for column in range(3)} == {current().hover}
    assert looks(0, 0) == current().surface
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert looks(1, 0) == current().surface
