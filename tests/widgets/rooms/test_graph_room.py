"""The graph room: folding, inspecting, comparing, and the same selection everywhere."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engines.contract.views import (
    BatchProof,
    GraphView,
    ModelFacts,
    NodeView,
    OptimizeView,
    PassView,
    ProofView,
)
from tests.widgets.canvas.sheets import folded_graph, small_graph
from widgets.canvas.folding import FOLD
from widgets.graphing.facts import comparison, error_words, graph_marks, latency_words, marks
from widgets.look.theme import apply
from widgets.rooms.graph import GRAPH, NETRON, OPTIMIZED, GraphRoom


def report(**proof: object) -> OptimizeView:
    told = {"status": "passed", "samples": 256, "max_abs_error": 3.9e-7, "max_rel_error": 1e-7, "bound": 1e-5}
    return OptimizeView(
        source="m.onnx",
        target="o.onnx",
        before=ModelFacts(36, 86811, 12442, 0.031, 0.029),
        after=ModelFacts(10, 61371, 12250, 0.024, math.nan),
        passes=(
            PassView("fold", "Fold constants", "applied", 35, 17, 0.0, 0.02),
            PassView("risky", "Risky rewrite", "rejected", 17, 17, 0.3, 0.01, "error above the bound"),
        ),
        proof=ProofView(**(told | proof), batches=(BatchProof(1, 0.0, 0.0),)),  # type: ignore[arg-type]
        graph_before=small_graph(),
        graph_after=folded_graph(),
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


def click_card(room: GraphRoom, name: str) -> None:
    canvas = room.panel.canvas
    QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.place_of(name))


def test_that_layers_are_folded_first_and_a_button_unfolds_them(room: GraphRoom) -> None:
    assert FOLD + "conv1" in room.panel.canvas.sheet.by_id
    QTest.mouseClick(room.fold, Qt.MouseButton.LeftButton)
    assert {"conv", "shape"} <= set(room.panel.canvas.sheet.by_id)
    assert room.fold.text() == "Fold layers"
    QTest.mouseClick(room.fold, Qt.MouseButton.LeftButton)
    assert FOLD + "conv1" in room.panel.canvas.sheet.by_id


def test_that_a_double_click_unfolds_one_layer_and_enter_folds_it_again(room: GraphRoom) -> None:
    canvas = room.panel.canvas
    QTest.mouseDClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=canvas.place_of(FOLD + "conv1"))
    assert {"conv", "shape"} <= set(canvas.sheet.by_id)
    canvas.select("conv")
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.selected == FOLD + "conv1"


def test_that_folding_keeps_the_selected_layer(room: GraphRoom) -> None:
    room.select("conv1")
    QTest.mouseClick(room.fold, Qt.MouseButton.LeftButton)
    assert room.panel.canvas.selected == "conv"
    QTest.mouseClick(room.fold, Qt.MouseButton.LeftButton)
    assert room.panel.canvas.selected == FOLD + "conv1"


def test_that_the_top_line_names_the_models_facts(room: GraphRoom) -> None:
    text = room.facts.text()
    for fact in ("Nodes 3", "Parameters 72", "Size 4.1 KB", "Opset 20", "Written by hand"):
        assert fact in text


def test_that_with_nothing_selected_the_model_is_inspected(room: GraphRoom) -> None:
    assert room.inspector.shown["Model/Parameters"] == "72"


def test_that_a_click_shows_tensors_attributes_and_statistics_of_weights(
    room: GraphRoom, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(room.node_selected) as caught:
        click_card(room, FOLD + "conv1")
    assert caught.args == ["conv1"]
    shown = room.inspector.shown
    assert shown["Operations/Conv"] == "conv_1"
    assert shown["Inputs/image"] == "float32  N × 1 × 8 × 8"
    assert shown["Outputs/maps"] == "float32  N × 8 × 8 × 8"
    assert shown["Attributes/pads"] == "1, 1, 1, 1"
    assert shown["conv1.weight/Shape"] == "float32  8 × 1 × 3 × 3"
    assert shown["conv1.weight/Range"] == "-1 … 2"
    assert shown["conv1.weight/Mean ± deviation"] == "0.5 ± 0.25"
    assert shown["conv1.weight/Zeros"] == "12.5%"


def test_that_a_selection_from_another_room_is_lit_here(room: GraphRoom) -> None:
    room.select("norm1")
    assert room.panel.canvas.selected == "norm"
    room.select("unknown")
    assert room.panel.canvas.selected == ""


def test_that_both_graphs_stand_side_by_side_with_facts_before_and_after(room: GraphRoom) -> None:
    room.show_optimization(report())
    room.show_tab(OPTIMIZED)
    cells = {key: cell.text() for key, cell in room.report.cells.items()}
    assert (cells["Nodes", "before"], cells["Nodes", "after"], cells["Nodes", "change"]) == (
        "36",
        "10",
        "−72%",
    )
    assert (cells["Size", "before"], cells["Size", "after"]) == ("86.8 KB", "61.4 KB")
    off, on = "Latency, runtime optimizer off", "Latency, runtime optimizer on"
    assert (cells[off, "before"], cells[off, "after"], cells[off, "change"]) == ("31 µs", "24 µs", "−23%")
    assert (cells[on, "before"], cells[on, "after"], cells[on, "change"]) == ("29 µs", "not run", "")
    assert room.report.error.text() == "3.9e-7"
    assert room.report.before.isVisible()
    assert room.report.after.isVisible()


def test_that_every_pass_is_listed_with_its_reason(room: GraphRoom) -> None:
    room.show_optimization(report())
    lines = room.report.passes.csv().splitlines()
    assert lines[1] == "Fold constants,applied,35 → 17,0,0.02,–"
    assert lines[2] == "Risky rewrite,rejected,17,3e-1,0.01,error above the bound"


@pytest.mark.parametrize(
    ("status", "reason", "severity", "words"),
    [
        ("passed", "", "good", "Proven"),
        ("failed", "error_above_bound", "bad", "above the bound"),
        ("not_provable", "constant_output", "warning", "do not vary"),
    ],
)
def test_that_the_proof_says_its_verdict_in_words_and_colour(
    room: GraphRoom, status: str, reason: str, severity: str, words: str
) -> None:
    room.show_optimization(report(status=status, reason=reason, where="" if status == "passed" else "conv1"))
    assert room.report.error.property("severity") == severity
    assert words in room.report.verdict.text()
    assert ("conv1" in room.report.verdict.text()) is (status != "passed")


def test_that_what_went_is_amber_and_what_is_new_is_green() -> None:
    gone, fresh = marks(report())
    assert dict(gone) == {"shape": "warning", "conv": "warning", "norm": "warning"}
    assert dict(fresh) == {"conv_new": "good"}


def test_that_a_node_that_became_another_operation_went_and_is_new() -> None:
    def graph(*ops: str) -> GraphView:
        nodes = tuple(NodeView(f"n{place}", f"n{place}", op, "other") for place, op in enumerate(ops))
        return GraphView("g", "grappler", nodes, ())

    gone, fresh = graph_marks(graph("Conv2D", "FusedBatchNormV3", "Relu"), graph("Conv2D", "FusedConv2D"))
    assert dict(gone) == {"n1": "warning", "n2": "warning"}
    assert dict(fresh) == {"n1": "good"}


def test_that_a_selection_is_lit_on_both_sides_even_where_a_layer_was_merged(
    room: GraphRoom, qtbot: QtBot
) -> None:
    room.show_optimization(report())
    room.show_tab(OPTIMIZED)
    canvas = room.report.before.canvas
    with qtbot.waitSignal(room.node_selected) as caught:
        spot = canvas.place_of(FOLD + "conv1")
        QTest.mouseClick(canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    assert caught.args == ["conv1"]
    assert room.report.after.canvas.selected == "conv_new"
    assert room.panel.canvas.selected == FOLD + "conv1"
    assert room.selected == "conv1"


def test_that_a_layer_that_is_gone_on_one_side_stays_selected_on_the_other(room: GraphRoom) -> None:
    room.show_optimization(report())
    room.report.before.canvas.select("out")
    room.report.before.canvas.select(FOLD + "conv1")
    assert room.report.before.canvas.selected == FOLD + "conv1"


def test_that_optimize_asks_and_busy_shows_how_far(room: GraphRoom, qtbot: QtBot) -> None:
    with qtbot.waitSignal(room.optimize_requested):
        QTest.mouseClick(room.optimize, Qt.MouseButton.LeftButton)
    room.set_busy("Fold constants", 3, 12)
    assert room.busy.share == 0.25
    assert room.busy_words.text() == "Fold constants 25%"
    assert not room.optimize.isEnabled()
    assert room.optimize.toolTip() == "Fold constants"
    room.clear_busy()
    assert room.optimize.isEnabled()
    assert not room.busy.isVisible()


def test_that_looking_inside_the_engine_waits_for_other_work(room: GraphRoom) -> None:
    button = room._no_stages.button
    room.show_stages(None)
    room.set_busy("Fold constants", 3, 12)
    assert not button.isEnabled()
    assert button.toolTip() == "Fold constants"
    room.clear_busy()
    assert button.isEnabled()
    room.show_stages(None, "Needs a trained run.")
    room.set_busy("Fold constants")
    room.clear_busy()
    assert not button.isEnabled()
    assert not button.isVisibleTo(room._no_stages)


def test_that_an_empty_room_has_one_button_and_an_unoptimized_one_too(qtbot: QtBot) -> None:
    room = GraphRoom()
    qtbot.addWidget(room)
    room.show()
    with qtbot.waitSignal(room.open_requested):
        QTest.mouseClick(room._empty.button, Qt.MouseButton.LeftButton)
    room.show_graph(small_graph())
    room.show_tab(OPTIMIZED)
    with qtbot.waitSignal(room.optimize_requested):
        QTest.mouseClick(room._no_report.button, Qt.MouseButton.LeftButton)


def test_that_the_netron_tab_asks_for_a_server_only_when_it_is_opened(room: GraphRoom, qtbot: QtBot) -> None:
    asked: list[bool] = []
    room.netron_requested.connect(lambda: asked.append(True))
    room.show_tab(OPTIMIZED)
    room.show_tab(GRAPH)
    assert asked == []
    room.show_tab(NETRON)
    assert asked == [True]
    room.netron.show_fault("Netron's server did not start.")
    with qtbot.waitSignal(room.netron.retry_requested):
        QTest.mouseClick(room.netron._fault.button, Qt.MouseButton.LeftButton)


def test_that_figures_are_written_as_a_person_reads_them() -> None:
    assert [error_words(0.0), error_words(1.23e-7), error_words(math.nan)] == ["0", "1.2e-7", "–"]
    assert [latency_words(0.0314), latency_words(12.5), latency_words(math.nan)] == [
        "31 µs",
        "12.50 ms",
        "not run",
    ]
    assert {row[0]: row[3] for row in comparison(report())}["Parameters"] == "−2%"


def test_that_what_the_export_wrote_down_reads_as_words(room: GraphRoom) -> None:
    ours = {
        "ir version": "10",
        "modelwright.loss": "cross_entropy",
        "modelwright.data_digest": "7a240af9936d012adcebbe3c424acaa9",
        "modelwright.classes": '["0", "1", "2"]',
        "modelwright.preparation": '{"scale": "1/16", "target_std": 2.5}',
        "modelwright.features": "[]",
        "modelwright.data": "[odd",
        "modelwright.engine": "torch 2.13.0+cpu",
        "producer": "pytorch 2.13.0",
    }
    room.show_graph(replace(small_graph(), facts=small_graph().facts | ours))
    shown = room.inspector.shown
    assert shown["Model/File format (IR)"] == "10"
    assert shown["Training/Loss"] == "cross entropy"
    assert shown["Training/Data’s fingerprint"] == "7a240af9936d"
    assert shown["Training/Classes"] == "0, 1, 2"
    assert shown["Training/Preparation"] == "scale 1/16, target std 2.5"
    assert shown["Training/Features"] == "none"
    assert shown["Training/Data"] == "[odd"
    assert shown["Training/Trained on"] == "PyTorch 2.13.0+cpu"
    assert shown["Model/Written by"] == "PyTorch 2.13.0"


def test_that_an_empty_room_says_that_the_graph_is_on_its_way(qtbot: QtBot) -> None:
    room = GraphRoom()
    qtbot.addWidget(room)
    room.show()
    room.set_busy("Exporting")
    assert room._empty.sentence.text() == "Exporting …"
    assert not room._empty.button.isVisible()
    room.clear_busy()
    assert "no graph yet" in room._empty.sentence.text()
    assert room._empty.button.isVisible()


def test_that_the_tools_of_compared_graphs_cover_no_node(room: GraphRoom) -> None:
    room.show_optimization(report())
    room.show_tab(OPTIMIZED)
    for panel in (room.report.before, room.report.after):
        assert not panel._tools.geometry().intersects(panel.canvas.geometry())
        assert "\n" in panel.caption.text()


def test_that_a_page_without_a_report_offers_to_optimize_once(room: GraphRoom) -> None:
    assert room.optimize.isVisible()
    room.show_tab(OPTIMIZED)
    assert room._no_report.button.isVisible()
    assert not room.optimize.isVisible()
    room.set_busy("Fold constants", 3, 12)
    assert room.optimize.isVisible()
    room.clear_busy()
    assert not room.optimize.isVisible()
    room.show_optimization(report())
    assert room.optimize.isVisible()
