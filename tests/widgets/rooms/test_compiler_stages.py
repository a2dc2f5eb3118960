"""The Graph room's Engine tab: what an engine's compiler makes of a model."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines.contract.views import LoweredView, StageView
from tests.widgets.canvas.sheets import folded_graph, small_graph
from widgets.look.theme import apply
from widgets.rooms.graph import ENGINE, GRAPH, GraphRoom


def lowered(error: float = 3e-6) -> LoweredView:
    return LoweredView(
        engine="torch",
        compiler="torch.export 2.13",
        stages=(
            StageView("exported", "As exported", small_graph(), 1.3, 0.0),
            StageView("folded", "Batch norm folded", folded_graph(), 0.9, error),
        ),
        samples=256,
        batch=32,
        reference_max=6.0,
    )


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> GraphRoom:
    apply(qapp, "light")
    made = GraphRoom()
    qtbot.addWidget(made)
    made.resize(1280, 760)
    made.show_graph(small_graph())
    made.show()
    return made


def test_that_opening_the_tab_asks_for_the_stages_once_there_are_none(room: GraphRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.stages_requested, timeout=1000):
        room.show_tab(ENGINE)
    room.show_stages(lowered())
    room.show_tab(GRAPH)
    with qtbot.assertNotEmitted(room.stages_requested):
        room.show_tab(ENGINE)


def test_that_a_file_without_an_engine_says_so_and_asks_nothing(room: GraphRoom, qtbot: QtBot) -> None:
    room.show_stages(None, "A file has no engine of its own.")
    with qtbot.assertNotEmitted(room.stages_requested):
        room.show_tab(ENGINE)


def test_that_the_last_stage_stands_beside_the_first(room: GraphRoom) -> None:
    room.show_tab(ENGINE)
    room.show_stages(lowered())
    assert room.stages.first.graph == small_graph()
    assert room.stages.picked.graph == folded_graph()
    assert room.stages.error.text() == "3e-6"


def test_that_picking_a_row_shows_that_stage(room: GraphRoom) -> None:
    room.show_tab(ENGINE)
    room.show_stages(lowered())
    view = room.stages.table.view
    first = view.visualRect(view.model().index(0, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=first)
    assert not room.stages.picked.isVisible(), "the first stage is not shown beside itself"
    assert room.stages.table.selected_keys() == ["exported"]


def test_that_an_error_above_the_bound_is_red_and_said(room: GraphRoom) -> None:
    room.show_stages(lowered(error=0.1))
    assert room.stages.error.property("severity") == "bad"
    assert "not all stay within" in room.stages.verdict.text()


def test_that_a_stage_that_cannot_run_counts_for_nothing(room: GraphRoom) -> None:
    room.show_stages(lowered(error=math.nan))
    assert room.stages.error.property("severity") == "good"
    assert room.stages.error.text() == "0"


def test_that_a_layer_lit_here_is_lit_in_every_view(room: GraphRoom, qtbot: QtBot) -> None:
    room.show_tab(ENGINE)
    room.show_stages(lowered())
    with qtbot.waitSignal(room.node_selected, timeout=1000) as heard:
        room.stages.layer_selected.emit("conv1")
    assert heard.args == ["conv1"]
    assert room.selected == "conv1"
