"""A layout is readable: flow runs down, nothing lies on anything else, edges end where they belong."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engines.contract.views import EdgeView, GraphView, NodeView
from engines.graph.layout import bounds, lay_out
from engines.graph.read_onnx import graph_view
from engines.graph.rows import rows_of
from tests.graph.models import conv_chain


def graph(count: int, pairs: list[tuple[int, int]]) -> GraphView:
    nodes = tuple(NodeView(f"n{i}", f"n{i}", "Relu", "activate") for i in range(count))
    edges = tuple(EdgeView(f"n{a}", f"n{b}", f"t{a}") for a, b in pairs)
    return GraphView("made", "onnx", nodes, edges)


@st.composite
def flows(draw: st.DrawFn) -> tuple[int, list[tuple[int, int]]]:
    count = draw(st.integers(1, 30))
    pairs = draw(st.lists(st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)), max_size=60))
    return count, [(min(a, b), max(a, b)) for a, b in pairs if a != b]


@given(flows())
def test_that_flow_runs_down_and_no_two_nodes_overlap(flow: tuple[int, list[tuple[int, int]]]) -> None:
    view = lay_out(graph(*flow))
    nodes = {node.id: node for node in view.nodes}
    for edge in view.edges:
        source, target = nodes[edge.source], nodes[edge.target]
        assert source.y + source.height < target.y
        assert edge.points[0] == (source.x + source.width / 2, source.y + source.height)
        assert edge.points[-1] == (target.x + target.width / 2, target.y)
    placed = sorted((node.y, node.x) for node in view.nodes)
    for (y, x), (below, right) in pairwise(placed):
        assert below > y or right - x >= 176


@given(flows())
def test_that_layers_are_longest_ways(flow: tuple[int, list[tuple[int, int]]]) -> None:
    count, pairs = flow
    rows = rows_of(count, pairs)
    assert all(rows[a] < rows[b] for a, b in pairs)
    for vertex in range(count):
        before = [rows[a] for a, b in pairs if b == vertex]
        assert not before or rows[vertex] >= max(before) + 1


def test_that_a_skip_runs_beside_what_it_skips() -> None:
    view = lay_out(graph(5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]))
    skip = view.edges[-1]
    assert len(skip.points) > 2
    for node in view.nodes[1:4]:
        for x, y in skip.points[1:-1]:
            inside = node.x <= x <= node.x + node.width and node.y <= y <= node.y + node.height
            assert not inside


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_that_cycles_and_loops_do_no_harm(pairs: list[tuple[int, int]]) -> None:
    view = lay_out(graph(10, pairs))
    assert len({(node.x, node.y) for node in view.nodes}) == 10
    assert all(len(edge.points) >= 2 for edge in view.edges)


def test_that_one_tensor_used_everywhere_costs_no_time_and_has_a_way() -> None:
    count = 4000
    pairs = [(i, i + 1) for i in range(1, count - 1)] + [(0, i) for i in range(2, count)]
    view = lay_out(graph(count, pairs))
    assert all(len(edge.points) >= 2 for edge in view.edges)


def test_that_nodes_without_edges_form_a_block() -> None:
    left, top, right, bottom = bounds(lay_out(graph(100, [])))
    assert 0.4 < (right - left) / (bottom - top) < 2.5


def test_that_an_empty_graph_stays_empty() -> None:
    assert lay_out(graph(0, [])) == graph(0, [])
    assert bounds(graph(0, [])) == (0, 0, 0, 0)


def test_that_laying_out_twice_gives_the_same_picture() -> None:
    view = graph_view(conv_chain(4), "file")
    assert lay_out(view) == lay_out(view)
    assert lay_out(lay_out(view)) == lay_out(view)
