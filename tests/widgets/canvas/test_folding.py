"""From a graph view to cards, with scopes folded."""

from __future__ import annotations

from dataclasses import replace

from engines.contract.views import EdgeView, GraphView, NodeView
from tests.widgets.canvas.sheets import folded_graph, small_graph, tensor, weight
from widgets.canvas.folding import FOLD, main_node, scopes, shape_text, sheet_of
from widgets.canvas.painting import needed_width


def test_that_only_scopes_of_several_nodes_can_be_folded() -> None:
    assert scopes(small_graph()) == {("conv1",): 2}


def test_that_a_folded_scope_is_one_card_with_its_main_operation_and_its_weights_counted_once() -> None:
    sheet = sheet_of(small_graph(), [("conv1",)])
    card = sheet.by_id[FOLD + "conv1"]
    assert card.title == "conv1 · Conv + 1"
    assert (card.members, card.count, card.family, card.layer) == (2, "72", "convolution", "conv1")
    assert card.subtitle == "N × 8 × 8 × 8"
    assert [link.source for link in sheet.links if link.target == card.id] == ["in"]
    assert sheet.after[card.id] == ("norm",)


def test_that_unfolded_every_node_is_a_card() -> None:
    graph = small_graph()
    assert [card.id for card in sheet_of(graph, []).cards] == [node.id for node in graph.nodes]


def placed_graph(width: float) -> GraphView:
    graph = small_graph()
    nodes = tuple(
        replace(node, x=7.0, y=100.0 * place, width=width) for place, node in enumerate(graph.nodes)
    )
    return replace(graph, nodes=nodes)


def test_that_a_layout_from_elsewhere_is_kept_while_nothing_is_folded() -> None:
    placed = placed_graph(width=240.0)
    assert [card.y for card in sheet_of(placed, []).cards] == [0.0, 100.0, 200.0, 300.0, 400.0]
    assert {card.x for card in sheet_of(placed, []).cards} == {7.0}


def test_that_no_word_of_a_small_graph_is_cut_by_a_layout_from_elsewhere() -> None:
    cards = sheet_of(placed_graph(width=120.0), []).cards
    assert all(card.width >= needed_width(card) for card in cards)
    assert len({card.y for card in cards}) > 1


def test_that_nested_scopes_fold_into_the_outermost_and_open_one_by_one() -> None:
    nodes = tuple(
        NodeView(f"n{i}", f"n{i}", "Conv", "convolution", scope=("features", f"block{i // 2}"))
        for i in range(4)
    )
    graph = GraphView("deep", "onnx", nodes, tuple(EdgeView(f"n{i}", f"n{i + 1}") for i in range(3)))
    everything = scopes(graph)
    assert [card.id for card in sheet_of(graph, everything).cards] == [FOLD + "features"]
    inner = set(everything) - {("features",)}
    assert [card.id for card in sheet_of(graph, inner).cards] == [
        FOLD + "features/block0",
        FOLD + "features/block1",
    ]


def test_that_marks_reach_the_card_that_stands_for_a_node() -> None:
    marked = {"conv": "warning"}
    assert sheet_of(small_graph(), [("conv1",)], marked).by_id[FOLD + "conv1"].mark == "warning"
    assert sheet_of(small_graph(), [], marked).by_id["conv"].mark == "warning"


def test_that_a_layer_is_found_where_it_was_merged_into() -> None:
    sheet = sheet_of(folded_graph(), [])
    assert sheet.card_of_layer("conv1") == "conv_new"
    assert sheet.card_of_layer("norm1") == "conv_new"
    assert sheet.card_of_layer("gone") == ""
    assert sheet.card_of_layer("") == ""


def test_that_a_layer_of_several_nodes_is_found_at_the_one_that_computes() -> None:
    assert sheet_of(small_graph(), []).card_of_layer("conv1") == "conv"


def test_that_the_main_node_computes_and_has_weights() -> None:
    conv = NodeView("c", "c", "Conv", "convolution", weights=(weight("w", 4),))
    shape = NodeView("s", "s", "Shape", "shape", weights=(weight("big", 4000),))
    relu = NodeView("r", "r", "Relu", "activate")
    assert main_node([shape, conv, relu]) is conv
    assert main_node([shape, relu]) is relu
    assert main_node([shape]) is shape


def test_that_the_batch_is_written_as_n() -> None:
    node = NodeView("c", "c", "Conv", "convolution", outputs=(tensor("t", "batch", "3", "h"),))
    assert shape_text(node) == "N × 3 × h"
