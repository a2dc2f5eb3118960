"""The Runs room: a table of runs, curves over one another, and what may be done with which selection."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QInputDialog, QLineEdit
from pytestqt.qtbot import QtBot

from tests.widgets.shown import cut, nameless, outside
from widgets.controls.scrolling import Scrolling
from widgets.look.theme import apply
from widgets.rooms.runs import MOST_CURVES, RunRow, RunsRoom, figure

LEFT = Qt.MouseButton.LeftButton
ROWS = [
    RunRow(
        "r1",
        "Run 1 · cosine",
        "finished",
        "digits-cnn",
        "PyTorch",
        20,
        0.061,
        0.983,
        14.0,
        "11-23 05:20",
    ),
    RunRow("r2", "Run 2 · constant", "failed", "digits-mlp", "PyTorch", 20, None, None, 3.0, "11-23 05:24"),
    RunRow("r3", "Run 3 · step", "running", "digits-cnn", "PyTorch", 20, 0.2, 0.9, 5.0, "11-23 05:25"),
]
CURVE = (np.arange(36, 361, 36, dtype=np.int64), np.linspace(1, 0.1, 10))


@pytest.fixture
def room(qapp: QApplication, qtbot: QtBot) -> RunsRoom:
    apply(qapp, "light")
    made = RunsRoom()
    qtbot.addWidget(made)
    made.resize(1216, 722)
    made.show()
    made.set_runs(ROWS)
    return made


def test_that_without_a_run_there_is_one_button(qapp: QApplication, qtbot: QtBot) -> None:
    room = RunsRoom()
    qtbot.addWidget(room)
    room.show()
    assert not room.table.isVisible()
    with qtbot.waitSignal(room.train_requested):
        qtbot.mouseClick(room.empty.button, LEFT)


def test_that_one_selected_run_is_opened_renamed_shown_in_its_folder(room: RunsRoom, qtbot: QtBot) -> None:
    assert not room.open_button.isEnabled()
    room.table.select(["r1"])
    for button, signal in ((room.open_button, room.run_opened), (room.folder, room.folder_requested)):
        with qtbot.waitSignal(signal) as asked:
            qtbot.mouseClick(button, LEFT)
        assert asked.args == ["r1"]
    qtbot.mouseClick(room.rename, LEFT)
    dialog = room.findChild(QInputDialog)
    assert dialog is not None
    field = dialog.findChild(QLineEdit)
    assert field is not None
    field.selectAll()
    qtbot.keyClicks(field, "The good one")
    with qtbot.waitSignal(room.rename_requested) as asked:
        qtbot.keyClick(field, Qt.Key.Key_Return)
    assert asked.args == ["r1", "The good one"]


def test_that_runs_are_deleted_together_and_come_back_by_undo(room: RunsRoom, qtbot: QtBot) -> None:
    room.table.select(["r1", "r2"])
    with qtbot.waitSignal(room.delete_requested) as asked:
        qtbot.mouseClick(room.delete, LEFT)
    assert asked.args == [["r1", "r2"]]
    room.set_runs(ROWS[2:])
    room.show_deleted(["r1", "r2"])
    assert room.message.what.text() == "2 runs are in the bin"
    with qtbot.waitSignal(room.restore_requested) as asked:
        qtbot.mouseClick(room.message.button, LEFT)
    assert asked.args == [["r1", "r2"]]
    assert not room.message.isVisible()


def test_that_a_run_that_goes_on_cannot_be_deleted_and_says_so(room: RunsRoom) -> None:
    room.table.select(["r1", "r3"])
    assert not room.delete.isEnabled()
    assert room.delete.toolTip() == "A run that goes on cannot be moved."
    assert not room.rename.isEnabled()


def test_that_the_selection_is_told_so_that_curves_can_be_brought(room: RunsRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.selection_changed) as told:
        room.table.select(["r2"])
    assert told.args == [["r2"]]
    room.show_curves({"r1": CURVE, "r2": CURVE}, 2)
    assert [trace.title for trace in room.chart.traces.values()] == ["Run 1 · cosine", "Run 2 · constant"]
    with qtbot.waitSignal(room.chart.painted):
        pass
    _, values = room.chart.traces["r2"].item.getData()
    np.testing.assert_allclose(values, CURVE[1], rtol=1e-6)


def test_that_too_many_curves_are_not_drawn_and_this_is_said(room: RunsRoom) -> None:
    room.show_curves({f"x{place}": CURVE for place in range(MOST_CURVES)}, MOST_CURVES + 3)
    assert len(room.chart.traces) == MOST_CURVES
    assert room.chart_card.subtitle.text() == f"the first {MOST_CURVES} of {MOST_CURVES + 3} selected"


def test_that_differences_have_a_column_a_run(room: RunsRoom) -> None:
    room.show_differences(["r1", "r2"], [("schedule", "cosine", "constant"), ("seed", "0", "1")])
    model = room.differences.proxy
    heads = [model.headerData(place, Qt.Orientation.Horizontal) for place in range(3)]
    assert heads == ["Setting or figure", "Run 1 · cosine", "Run 2 · constant"]
    assert [model.index(0, place).data() for place in range(3)] == ["schedule", "cosine", "constant"]
    room.show_differences([], [])
    assert model.rowCount() == 0


def test_that_runs_of_one_title_are_told_apart_by_their_numbers_in_narrow_heads(room: RunsRoom) -> None:
    rows = [RunRow(f"k{place}", "digits-cnn", "finished", number=place) for place in (1, 2, 3)]
    room.set_runs(rows)
    room.show_differences(["k1", "k3"], [("Epochs", "4", "5")])
    model = room.differences.proxy
    heads = [model.headerData(place, Qt.Orientation.Horizontal) for place in (1, 2)]
    assert heads == ["run 1", "run 3"]


def test_that_figures_line_up_and_what_is_unknown_is_a_dash(room: RunsRoom) -> None:
    shown = [room.table.proxy.index(row, 5).data() for row in range(3)]
    assert shown == ["0.0610", "–", "0.2000"]
    assert figure(3e-5) == "3e-5"


def test_that_large_figures_are_short_and_buttons_say_what_they_wait_for(room: RunsRoom) -> None:
    assert figure(646.7086) == "646.7"
    assert figure(12.5) == "12.5000"
    room.table.select(["r1", "r2"])
    assert room.open_button.toolTip().endswith(": select one run")
    room.table.select(["r1"])
    assert room.open_button.toolTip() == "Show the run's curves, log and recipe"


def test_that_without_a_design_the_empty_page_offers_a_template(room: RunsRoom) -> None:
    room.set_design(there=False)
    assert "Start from a template" in room.empty.sentence.text()
    assert room.empty.button.text() == room.empty.button.accessibleName() == "Choose a template"


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_no_text_is_cut(qapp: QApplication, qtbot: QtBot, scale: float) -> None:
    apply(qapp, "light", scale)
    room = RunsRoom()
    qtbot.addWidget(room)
    room.set_runs(ROWS)
    room.show_curves({"r1": CURVE}, 1)
    room.resize(round(1216 * scale), round(722 * scale))
    room.show()
    qtbot.waitUntil(lambda: cut(room) == [])
    assert (nameless(room), outside(room)) == ([], [])
    apply(qapp, "light")


def test_that_a_test_result_says_what_was_measured_and_sorts_as_a_number(room: RunsRoom) -> None:
    rows = [
        RunRow("a", "A", "finished", measure=0.9861, measured="accuracy"),
        RunRow("b", "B", "finished", measure=0.4537, measured="r2"),
        RunRow("c", "C", "failed"),
    ]
    room.set_runs(rows)
    room.table.proxy.sort(6, Qt.SortOrder.DescendingOrder)
    assert [room.table.proxy.index(row, 6).data() for row in range(3)] == ["accuracy 98.6%", "R² 0.454", "–"]


def test_that_runs_of_one_title_are_told_apart_by_their_numbers(room: RunsRoom, qtbot: QtBot) -> None:
    same = [RunRow(f"r{place}", "diabetes", "finished", number=place) for place in (1, 2)]
    room.set_runs([*same, RunRow("r3", "digits", "finished", number=3)])
    names = [room.table.proxy.index(row, 0).data() for row in range(3)]
    assert names == ["diabetes · run 1", "diabetes · run 2", "digits"]
    room.show_curves({"r2": CURVE}, 1)
    assert [trace.title for trace in room.chart.traces.values()] == ["diabetes · run 2"]
    room.table.select(["r2"])
    qtbot.mouseClick(room.rename, LEFT)
    dialog = room.findChild(QInputDialog)
    assert dialog is not None
    assert dialog.textValue() == "diabetes"


@pytest.mark.parametrize(("scale", "height"), [(1.0, 600), (2.0, 440)])
def test_that_a_low_page_scrolls_before_it_squeezes_the_table(
    qapp: QApplication, qtbot: QtBot, scale: float, height: int
) -> None:
    apply(qapp, "light", scale)
    room = RunsRoom()
    qtbot.addWidget(room)
    room.resize(1120, height)
    room.set_runs(ROWS)
    room.show()
    room.message.show_message("One run is in the bin", severity="info")
    QApplication.processEvents()
    view = room.table.view
    assert view.viewport().height() >= 2 * view.verticalHeader().defaultSectionSize()
    assert room.table.filter.geometry().bottom() < view.geometry().top()
    assert room.findChildren(Scrolling)[0].bar.isVisible() == (scale > 1)
    apply(qapp, "light")


@pytest.mark.parametrize(("scale", "width"), [(1.0, 1216), (1.5, 1184), (2.0, 1152), (1.0, 700)])
def test_that_a_runs_name_is_read_whole_and_nothing_scrolls_sideways(
    qapp: QApplication, qtbot: QtBot, scale: float, width: int
) -> None:
    apply(qapp, "light", scale)
    room = RunsRoom()
    qtbot.addWidget(room)
    room.set_runs(ROWS)
    room.resize(width, 722)
    room.show()
    view = room.table.view
    qtbot.waitUntil(lambda: view.horizontalScrollBar().maximum() == 0)
    assert view.columnWidth(0) >= min(view.sizeHintForColumn(0), 150 * scale)
    heads = [one.title for at, one in enumerate(room.table.model.columns) if not view.isColumnHidden(at)]
    assert {"Run", "State", "Engine", "Loss", "Test result"} <= set(heads)
    assert len(heads) == 9 or width < 1216
    assert len(heads) < 9 or width > 700
    apply(qapp, "light")


def test_that_columns_that_went_come_back_with_the_room(room: RunsRoom, qtbot: QtBot) -> None:
    view = room.table.view
    room.resize(700, 722)
    qtbot.waitUntil(lambda: view.isColumnHidden(2))
    room.resize(1216, 722)
    qtbot.waitUntil(lambda: not any(view.isColumnHidden(at) for at in range(9)))
