"""The Compare room: the verdict, curves over one another, how far they are apart, the table, the proofs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from tests.widgets.comparing_views import agreed, cells, falling, line
from tests.widgets.shown import cut, nameless, outside
from widgets.charts.chart import LineChart
from widgets.comparing.traces import engine_pen
from widgets.controls.drops import DropRow
from widgets.controls.text import Elided
from widgets.look.theme import apply
from widgets.look.tokens import DARK, LIGHT
from widgets.rooms.compare import CompareRoom, memory_text, time_text

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def room(qapp: QApplication, qtbot: QtBot) -> CompareRoom:
    apply(qapp, "light")
    made = CompareRoom()
    qtbot.addWidget(made)
    made.resize(1216, 722)
    made.show()
    return made


def feed(room: CompareRoom) -> None:
    for number, key in enumerate(("torch", "tensorflow")):
        room.set_curve("check", key, falling(100, number * 1e-14))
        room.set_curve("whole", key, falling(200, number * 1e-6))


def test_that_without_a_comparison_there_is_one_sentence_and_one_button(
    room: CompareRoom, qtbot: QtBot
) -> None:
    assert room.empty.isVisible()
    assert not room.table.isVisible()
    with qtbot.waitSignal(room.compare_requested):
        qtbot.mouseClick(room.empty.button, LEFT)


def test_that_the_verdict_stands_on_top_with_the_number_that_decides(room: CompareRoom) -> None:
    room.set_view(agreed())
    assert room.head.verdict.text().startswith("PyTorch and TensorFlow agree: 6.2e-15")
    assert room.head.figure.text() == "6.2e-15"
    assert room.head.figure.property("severity") == "good"
    assert room.head.compare.isVisible()
    assert not room.head.resume.isVisible()
    assert not room.head.bar.isVisible()


def test_that_the_verdict_is_copied_as_text(room: CompareRoom, qtbot: QtBot) -> None:
    room.set_view(agreed())
    qtbot.mouseClick(room.head.copy, LEFT)
    copied = QGuiApplication.clipboard().text()
    assert copied.splitlines()[0] == room.head.verdict.text()
    assert "All 4 proofs" in copied
    assert "seed 0" in copied


def test_that_while_it_goes_on_it_says_where_it_is(room: CompareRoom) -> None:
    going = (line("torch"), line("tensorflow", "training", "busy"))
    room.set_view(agreed(running=True, stage="TensorFlow trains", share=0.4, engines=going))
    assert room.head.bar.isVisible()
    assert room.head.bar.share == 0.4
    assert room.head.stage.text() == "TensorFlow trains"
    assert not room.head.compare.isVisible()
    assert [mark.chip.text for mark in room.head._marks] == ["done", "training"]


def test_that_a_stopped_comparison_can_be_gone_on_with(room: CompareRoom, qtbot: QtBot) -> None:
    room.set_view(agreed(resumable=True))
    with qtbot.waitSignal(room.resume_requested):
        qtbot.mouseClick(room.head.resume, LEFT)


def test_that_earlier_comparisons_are_offered_once_there_are_several(room: CompareRoom, qtbot: QtBot) -> None:
    room.set_view(agreed())
    room.set_known([DropRow("/comparisons/1", "one")], "/comparisons/1")
    assert not room.head.known.isVisible()
    room.set_known([DropRow("/comparisons/1", "one"), DropRow("/comparisons/2", "two")], "/comparisons/1")
    assert room.head.known.isVisible()
    with qtbot.waitSignal(room.comparison_chosen) as chosen:
        room.head.known.menu().actions()[1].trigger()
    assert chosen.args == ["/comparisons/2"]


def test_that_every_engine_has_a_line_of_its_own_colour_and_dash() -> None:
    for tokens in (LIGHT, DARK):
        pens = [engine_pen(place, tokens.series[place]) for place in range(4)]
        looks = [(pen.color().name(), tuple(pen.dashPattern()), pen.style()) for pen in pens]
        assert len({look[0] for look in looks}) == 4
        assert len({look[1:] for look in looks}) == 4
    assert engine_pen(0, LIGHT.series[0]).widthF() > engine_pen(1, LIGHT.series[1]).widthF()


def test_that_curves_lie_over_one_another_and_their_difference_beneath(room: CompareRoom) -> None:
    room.set_view(agreed())
    feed(room)
    curves, apart = room.charts.curves, room.charts.apart
    assert list(curves.traces) == ["torch", "tensorflow"]
    np.testing.assert_allclose(curves.traces["tensorflow"].values, falling(200, 1e-6)["loss"][1])
    assert list(apart.traces) == ["tensorflow", "tensorflow/check", "bound", "check_bound"]
    np.testing.assert_allclose(apart.traces["tensorflow"].values, 1e-6, rtol=1e-6)
    np.testing.assert_allclose(apart.traces["tensorflow/check"].values, 1e-14, rtol=0.1)
    assert apart.traces["bound"].steps.tolist() == [0, 100]
    assert set(apart.traces["bound"].values) == {5e-4}
    assert set(apart.traces["check_bound"].values) == {1e-9}


def test_that_equal_values_are_drawn_at_the_precisions_own_step(room: CompareRoom) -> None:
    room.set_view(agreed())
    for key in ("torch", "tensorflow"):
        room.set_curve("whole", key, falling(200))
        room.set_curve("check", key, falling(100))
    apart = room.charts.apart
    assert set(apart.traces["tensorflow"].values) == {2.0**-24}
    assert set(apart.traces["tensorflow/check"].values) == {2.0**-53}


def test_that_the_check_is_shown_until_the_whole_training_has_begun(room: CompareRoom) -> None:
    room.set_view(agreed())
    room.set_curve("check", "torch", falling(40))
    assert room.charts.shown == "check/loss"
    assert room.charts.chooser.currentText() == "Check in FP64"
    room.set_curve("whole", "torch", falling(10))
    assert room.charts.shown == "whole/loss"
    assert len(room.charts.curves.traces["torch"].values) == 10


def test_that_a_person_chooses_the_curve_and_it_stays_chosen(room: CompareRoom, qtbot: QtBot) -> None:
    room.set_view(agreed())
    feed(room)
    chooser = room.charts.chooser
    chooser.setFocus()
    qtbot.keyClick(chooser, Qt.Key.Key_Down)
    assert room.charts.shown == "whole/validation_loss"
    assert room.charts.curves.traces["torch"].marks
    assert list(room.charts.apart.traces) == ["tensorflow", "bound"]
    room.set_curve("whole", "torch", falling(200))
    room.set_view(agreed(share=1.0))
    assert room.charts.shown == "whole/validation_loss"
    room.set_view(agreed(key="/comparisons/2"))
    assert room.charts.shown == "check/loss"


def test_that_the_legend_names_both_bounds_in_powers_of_ten(room: CompareRoom) -> None:
    room.set_view(agreed(bounds=(0.04933, 1e-9)))
    feed(room)
    words = [label.text() for label in room.charts.apart.legend.findChildren(QLabel)]
    assert "bounds 4.9e-2, 1e-9" in words


def test_that_without_a_promise_there_is_no_bound(room: CompareRoom) -> None:
    room.set_view(agreed(bounds=(0.0, 0.0), parts=("whole",)))
    feed(room)
    assert list(room.charts.apart.traces) == ["tensorflow"]
    assert [room.charts.chooser.itemData(place) for place in range(room.charts.chooser.count())] == [
        "whole/loss",
        "whole/validation_loss",
    ]


def test_that_the_table_sorts_copies_and_opens_an_engines_run(room: CompareRoom, qtbot: QtBot) -> None:
    failed = line("jax", "failed", "bad", "JAX has no layer for it.")
    room.set_view(agreed("torch", "tensorflow", "jax", engines=(line("torch"), line("tensorflow"), failed)))
    proxy = room.table.proxy
    heads = [proxy.headerData(place, Qt.Orientation.Horizontal) for place in range(7)]
    assert heads == ["Engine", "Loss", "Accuracy", "Speed", "Memory", "Start", "Time"]
    row = [proxy.index(0, place).data() for place in range(7)]
    assert row == ["PyTorch", "0.0586", "98.6%", "6,574/s", "364 MB", "2.1 s", "4.4 s"]
    assert [proxy.index(2, place).data() for place in range(7)] == ["JAX", *("–",) * 6]
    assert not room.open_button.isEnabled()
    room.table.select(["tensorflow"])
    with qtbot.waitSignal(room.run_opened) as opened:
        qtbot.mouseClick(room.open_button, LEFT)
    assert opened.args == ["/runs/tensorflow"]
    room.table.select(["jax"])
    assert not room.open_button.isEnabled()
    assert "PyTorch,0.0586" in room.table.csv()
    assert room.reasons.text() == "JAX: JAX has no layer for it."


def test_that_the_device_has_a_column_where_not_all_is_the_cpu(room: CompareRoom) -> None:
    first, second = line("torch"), line("tensorflow")
    placed = replace(first, device="CPU"), replace(second, device="CUDA:0")
    proxy = room.table.proxy
    for engines, wanted in (((first, second), []), (placed, ["CPU", "CUDA:0"]), ((first, second), [])):
        room.set_view(agreed(engines=engines))
        heads = [proxy.headerData(place, Qt.Orientation.Horizontal) for place in range(proxy.columnCount())]
        assert ("Device" in heads) == bool(wanted)
        if wanted:
            place = heads.index("Device")
            assert [proxy.index(row, place).data() for row in range(2)] == wanted
        assert proxy.index(0, len(heads) - 1).data() == "4.4 s"


def test_that_a_comparison_is_deleted_and_the_way_back_is_offered(room: CompareRoom, qtbot: QtBot) -> None:
    room.set_view(agreed())
    with qtbot.waitSignal(room.delete_requested):
        qtbot.mouseClick(room.head.delete, LEFT)
    room.clear()
    room.show_deleted("digits-cnn · 001, 2026-11-23")
    assert room.message.isVisible()
    assert "in the bin" in room.message.what.text()
    assert "its runs stay" in room.message.what.text()
    with qtbot.waitSignal(room.restore_requested):
        qtbot.mouseClick(room.message.button, LEFT)
    assert not room.message.isVisible()


def test_that_a_comparison_under_way_cannot_be_deleted(room: CompareRoom) -> None:
    room.set_view(agreed(running=True))
    assert not room.head.delete.isVisible()


def test_that_a_selection_outlives_the_next_figures(room: CompareRoom) -> None:
    room.set_view(agreed())
    room.table.select(["tensorflow"])
    room.set_view(agreed(share=0.9))
    assert room.table.selected_keys() == ["tensorflow"]


def test_that_another_measure_renames_its_column(room: CompareRoom) -> None:
    room.set_view(agreed(measure_name="mae"))
    assert room.table.proxy.headerData(2, Qt.Orientation.Horizontal) == "MAE"


def test_that_the_matrix_is_copied_saved_and_tells_each_cells_story(
    room: CompareRoom, qtbot: QtBot, tmp_path: Path
) -> None:
    keys = ("torch", "tensorflow")
    room.set_view(agreed(cells=cells(*keys, failed=("tensorflow", "torch"))))
    qtbot.mouseClick(room.copy_proofs, LEFT)
    assert QGuiApplication.clipboard().text().splitlines() == [
        "ONNX file of\tanswers of PyTorch\tanswers of TensorFlow",
        "PyTorch\tpassed 4.3e-6\tpassed 4.3e-6",
        "TensorFlow\tfailed 3.1e-2\tpassed 4.3e-6",
    ]
    matrix = room.matrix
    assert "failed 3.1e-2" in matrix.accessibleDescription()
    place = matrix._box(1, 0).center().toPoint()
    found = matrix.cell_at(place.x(), place.y())
    assert found is not None
    assert found.tip == "error above bound"
    QApplication.sendEvent(matrix, QHelpEvent(QEvent.Type.ToolTip, place, matrix.mapToGlobal(place)))
    qtbot.waitUntil(lambda: QToolTip.text() == "error above bound")
    away = QPoint(1, 1)
    QApplication.sendEvent(matrix, QHelpEvent(QEvent.Type.ToolTip, away, matrix.mapToGlobal(away)))
    QToolTip.hideText()
    assert matrix.cell_at(1, 1) is None


def test_that_the_matrix_is_away_until_there_is_a_file(room: CompareRoom) -> None:
    room.set_view(agreed(files=(), cells={}))
    assert not room.files_card.isVisible()


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_that_no_text_is_cut_with_two_engines_or_four(qapp: QApplication, qtbot: QtBot, scale: float) -> None:
    apply(qapp, "light", scale)
    room = CompareRoom()
    qtbot.addWidget(room)
    room.resize(round(1216 * scale), round(722 * scale))
    room.show()
    for keys in (("torch", "tensorflow"), ("torch", "tensorflow", "jax", "mxnet")):
        room.set_view(agreed(*keys, resumable=True))
        feed(room)
        qtbot.waitUntil(lambda: cut(room) == [])
        assert (nameless(room), outside(room)) == ([], [])
    apply(qapp, "light")


def test_that_where_it_is_narrow_the_figures_come_beneath_the_charts(room: CompareRoom, qtbot: QtBot) -> None:
    room.set_view(agreed())
    beside = room._side.mapTo(room, QPoint(0, 0)).x()
    assert beside > 500
    room.resize(900, 722)
    qtbot.waitUntil(lambda: room._side.mapTo(room, QPoint(0, 0)).x() < 40)
    assert room.width() == 900


def test_that_every_name_of_both_legends_is_read_whole_in_a_small_window(
    room: CompareRoom, qtbot: QtBot
) -> None:
    names = ("torch", "tensorflow", "jax", "mxnet")
    room.resize(1216, 722)
    room.set_view(agreed(*names))
    for key in names:
        room.set_curve("check", key, falling(100))
        room.set_curve("whole", key, falling(200))
    for chart, count in ((room.charts.curves, 4), (room.charts.apart, 5)):
        qtbot.waitUntil(lambda chart=chart, count=count: len(names_shown(chart)) == count)
        entries = names_shown(chart)
        assert all(one.width() >= one.sizeHint().width() for one in entries)
        assert all(chart.legend.rect().contains(one.parentWidget().geometry()) for one in entries)


def names_shown(chart: LineChart) -> list[Elided]:
    return [one for one in chart.legend.findChildren(Elided) if one.isVisible()]


@pytest.mark.parametrize(("value", "words"), [(363.5e6, "364 MB"), (999.9e6, "1000 MB"), (1.44e9, "1.44 GB")])
def test_that_memory_is_said_in_megabytes_and_gigabytes(value: float, words: str) -> None:
    assert memory_text(value) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.74, "0.7 s"), (59.94, "59.9 s"), (99.96, "100 s"), (187.0, "187 s"), (1430.4, "1,430 s")],
)
def test_that_times_have_one_unit_and_tenths_where_they_are_short(value: float, words: str) -> None:
    assert time_text(value) == words


@pytest.mark.parametrize("device", ["", "CUDA:0"])
def test_that_nothing_in_the_table_of_four_engines_is_cut_in_a_small_window(
    room: CompareRoom, qtbot: QtBot, device: str
) -> None:
    names = ("torch", "tensorflow", "jax", "mxnet")
    figures: dict[str, Any] = {"rate": 12_934.0, "memory": 807e6, "start": 17.9, "seconds": 187.0}
    lines = tuple(replace(line(name), device=device, **figures) for name in names)
    room.resize(1216, 722)
    room.set_view(agreed(*names, engines=lines))
    view, header = room.table.view, room.table.view.horizontalHeader()
    qtbot.waitUntil(lambda: view.isVisible() and view.viewport().width() > 400)
    count = 8 if device else 7
    assert header.count() == count
    wanted = [max(view.sizeHintForColumn(place), header.minimumSectionSize()) for place in range(count)]
    assert [header.sectionSize(place) >= wanted[place] for place in range(count)] == [True] * count
    assert view.horizontalScrollBar().maximum() == 0


def test_that_four_engines_are_named_in_one_line_on_a_small_window(room: CompareRoom, qtbot: QtBot) -> None:
    room.resize(1216, 722)
    room.set_view(agreed("torch", "tensorflow", "jax", "mxnet", bounds=(0.04933, 1e-9)))
    feed(room)
    for legend in (room.charts.curves.legend, room.charts.apart.legend):
        qtbot.waitUntil(lambda legend=legend: _lines(legend) == 1)  # type: ignore[misc]


def _lines(legend: QWidget) -> int:
    return len({part.y() for part in legend.children() if isinstance(part, QWidget) and part.isVisible()})


def test_that_the_reason_of_a_failed_engine_stands_beneath_its_figures(room: CompareRoom) -> None:
    failed = line("jax", "failed", "bad", "JAX has no layer for it.")
    room.set_view(agreed(engines=(line("torch"), line("tensorflow"), failed)))
    assert room.reasons.isVisible()
    assert room.table_card.isAncestorOf(room.reasons)
    room.set_view(agreed())
    assert not room.reasons.isVisible()


def test_that_without_a_design_the_empty_page_leads_to_one(room: CompareRoom) -> None:
    room.clear(has_design=False)
    assert room.empty.button.text() == "Go to Start"
    room.clear()
    assert room.empty.button.text() == "Compare engines"


def test_that_an_engine_beside_itself_is_named_in_whole(room: CompareRoom, qtbot: QtBot) -> None:
    modes = replace(line("torch"), title="PyTorch, eager"), replace(line("torch"), title="PyTorch, compiled")
    engines = modes[0], replace(modes[1], key="torch:compiled")
    room.set_view(agreed(engines=engines, files=("torch",), cells=cells("torch")))
    view = room.table.view
    qtbot.waitUntil(lambda: view.columnWidth(0) >= view.sizeHintForColumn(0))
    room.set_view(agreed(key="/comparisons/2"))
    assert view.columnWidth(0) >= view.sizeHintForColumn(0)
