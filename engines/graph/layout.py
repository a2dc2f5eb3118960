"""Where nodes and edges lie: layers from the flow, order and columns from igraph's Sugiyama layout.

igraph adds a dummy vertex for every layer that an edge crosses, so one tensor used by every block of a
big model would cost millions of them. Edges are given to it shortest first, up to a budget; the rest are
drawn beside the column that they start in. 20,000 nodes take well under two seconds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import igraph

from engines.contract.views import GraphView, NodeView

GAP_X = 34.0
GAP_Y = 38.0
_BIG = 2_000  # from here on fewer sweeps: order matters less than the wait
_Point = tuple[float, float]
_Pair = tuple[int, int]


def lay_out(view: GraphView) -> GraphView:
    """Return ``view`` with every node placed top to bottom and every edge routed; cycles do no harm."""
    if not view.nodes:
        return view
    index = {node.id: number for number, node in enumerate(view.nodes)}
    pairs = [(index[edge.source], index[edge.target]) for edge in view.edges]
    layers = layers_of(len(view.nodes), pairs)
    width = max(node.width for node in view.nodes) + GAP_X
    height = max(node.height for node in view.nodes) + GAP_Y
    if not pairs:
        nodes = tuple(
            _moved(node, place) for node, place in zip(view.nodes, _grid(len(view.nodes), width, height))
        )
        return replace(view, nodes=nodes)
    placed = _place(len(view.nodes), pairs, layers, (width, height))
    nodes = tuple(_moved(node, centre) for node, centre in zip(view.nodes, placed.centres))
    edges = tuple(
        replace(edge, points=_route(nodes[a], nodes[b], placed.bends.get((a, b), ())))
        for edge, (a, b) in zip(view.edges, pairs)
    )
    return replace(view, nodes=nodes, edges=edges)


def layers_of(count: int, pairs: Sequence[_Pair]) -> list[int]:
    """Return each vertex's layer: longest path from the inputs, sources drawn down to their first user."""
    graph = igraph.Graph(count, pairs, directed=True)
    if not graph.is_dag():
        graph.delete_edges(graph.feedback_arc_set(algo="eades"))
    order = graph.topological_sorting()
    after = graph.get_adjlist("out")
    layers = [0] * count
    for vertex in order:
        below = layers[vertex] + 1
        for user in after[vertex]:
            layers[user] = max(layers[user], below)
    indegree = graph.indegree()
    for vertex in order:
        if indegree[vertex] == 0 and after[vertex]:
            layers[vertex] = min(layers[user] for user in after[vertex]) - 1
    return layers


def _grid(count: int, width: float, height: float) -> list[_Point]:
    """Return places in rows, about as wide as high: for weights that nothing connects."""
    columns = max(1, round(math.sqrt(count * height / width)))
    return [(number % columns * width, number // columns * height) for number in range(count)]


@dataclass(frozen=True)
class _Placed:
    centres: list[_Point]
    bends: dict[_Pair, tuple[_Point, ...]]


def _place(count: int, pairs: Sequence[_Pair], layers: list[int], pitch: _Point) -> _Placed:
    kept = _affordable(count, pairs, layers)
    graph = igraph.Graph(count, kept, directed=True)
    layout = graph.layout_sugiyama(
        layers=layers, hgap=pitch[0], vgap=pitch[1], maxiter=100 if count < _BIG else 12
    )
    bends = {
        pair: tuple((float(x), float(y)) for x, y in points)
        for pair, points in zip(kept, layout.edge_routing)
    }
    return _Placed([(float(x), float(y)) for x, y in layout.coords], bends)


def _affordable(count: int, pairs: Sequence[_Pair], layers: list[int]) -> list[_Pair]:
    """Return the downward edges, each once, shortest first, as long as the budget of dummies lasts."""
    budget = 4 * count + 2_000
    kept = []
    spans = {(a, b): layers[b] - layers[a] for a, b in pairs if layers[b] > layers[a]}
    for pair, span in sorted(spans.items(), key=lambda item: item[1]):
        budget -= span - 1
        if budget < 0:
            break
        kept.append(pair)
    return kept


def _moved(node: NodeView, centre: _Point) -> NodeView:
    return replace(node, x=centre[0] - node.width / 2, y=centre[1] - node.height / 2)


def _route(source: NodeView, target: NodeView, bends: Sequence[_Point]) -> tuple[_Point, ...]:
    start = (source.x + source.width / 2, source.y + source.height)
    end = (target.x + target.width / 2, target.y)
    if not bends and end[1] - start[1] > 2 * source.height + GAP_Y:
        bends = _detour(source, start, end)
    return (start, *bends, end)


def _detour(source: NodeView, start: _Point, end: _Point) -> tuple[_Point, ...]:
    side = source.x + source.width + GAP_X / 2
    return ((side, start[1] + GAP_Y / 2), (side, end[1] - GAP_Y / 2))


def bounds(view: GraphView) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of everything drawn."""
    xs = [node.x for node in view.nodes] + [node.x + node.width for node in view.nodes]
    ys = [node.y for node in view.nodes] + [node.y + node.height for node in view.nodes]
    points = [point for edge in view.edges for point in edge.points]
    xs += [x for x, _ in points]
    ys += [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)
