"""Where nodes and edges lie: rows from the flow, order and places from ``rows``.

An edge bends in every row that it crosses, so one tensor used by every block of a big model would cost
millions of bends. Edges get theirs shortest first, up to a budget; the rest run beside the column that
they start in. 20,000 nodes take under two seconds (``tests/bench/layout.py``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from engines.contract.views import GraphView, NodeView
from engines.graph.rows import Pair, columns, draw, order, rows_of

GAP_X = 34.0
GAP_Y = 38.0
_LANE = 10.0
_BIG = 2_000  # from here on fewer sweeps: the wait matters more than the last crossing
_Point = tuple[float, float]


def lay_out(view: GraphView) -> GraphView:
    """Return ``view`` with every node placed top to bottom and every edge routed; cycles do no harm."""
    if not view.nodes:
        return view
    index = {node.id: number for number, node in enumerate(view.nodes)}
    pairs = [(index[edge.source], index[edge.target]) for edge in view.edges]
    width = max(node.width for node in view.nodes)
    pitch = max(node.height for node in view.nodes) + GAP_Y
    if pairs:
        inputs = [number for number, node in enumerate(view.nodes) if node.family == "io"]
        centres, bends = _place(rows_of(len(view.nodes), pairs, inputs), pairs, width, pitch)
    else:
        centres, bends = _grid(len(view.nodes), width + GAP_X, pitch), {}
    nodes = tuple(_moved(node, centre) for node, centre in zip(view.nodes, centres))
    edges = tuple(
        replace(edge, points=_route(nodes[a], nodes[b], bends.get((a, b), ())))
        for edge, (a, b) in zip(view.edges, pairs)
    )
    return replace(view, nodes=nodes, edges=edges)


def bounds(view: GraphView) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of everything drawn."""
    xs = [node.x for node in view.nodes] + [node.x + node.width for node in view.nodes]
    ys = [node.y for node in view.nodes] + [node.y + node.height for node in view.nodes]
    points = [point for edge in view.edges for point in edge.points]
    xs += [x for x, _ in points]
    ys += [y for _, y in points]
    return (min(xs), min(ys), max(xs), max(ys)) if xs else (0.0, 0.0, 0.0, 0.0)


def _place(
    row_of: Sequence[int], pairs: Sequence[Pair], width: float, pitch: float
) -> tuple[list[_Point], dict[Pair, list[_Point]]]:
    drawing = draw(row_of, _affordable(pairs, row_of), width, _LANE)
    big = len(row_of) >= _BIG
    order(drawing, 3 if big else 16)
    x = columns(drawing, GAP_X, 4 if big else 16)
    centres = [(x[vertex], row_of[vertex] * pitch) for vertex in range(len(row_of))]
    half = (pitch - GAP_Y) / 2
    bends = {
        (a, b): [
            (x[vertex], (row_of[a] + step) * pitch + side)
            for step, vertex in enumerate(way, start=1)
            for side in (-half, half)
        ]
        for (a, b), way in drawing.bends.items()
    }
    return centres, bends


def _affordable(pairs: Sequence[Pair], row_of: Sequence[int]) -> list[Pair]:
    """Return the downward edges, each once, shortest first, as long as the budget of bends lasts."""
    budget = len(row_of) + 2_000
    kept = []
    spans = {(a, b): row_of[b] - row_of[a] for a, b in pairs if row_of[b] > row_of[a]}
    for pair, span in sorted(spans.items(), key=lambda item: item[1]):
        budget -= span - 1
        if budget < 0:
            break
        kept.append(pair)
    return kept


def _grid(count: int, width: float, height: float) -> list[_Point]:
    """Return places in rows, about as wide as high: for weights that nothing connects."""
    across = max(1, round(math.sqrt(count * height / width)))
    return [(number % across * width, number // across * height) for number in range(count)]


def _moved(node: NodeView, centre: _Point) -> NodeView:
    return replace(node, x=centre[0] - node.width / 2, y=centre[1] - node.height / 2)


def _route(source: NodeView, target: NodeView, bends: Sequence[_Point]) -> tuple[_Point, ...]:
    start = (source.x + source.width / 2, source.y + source.height)
    end = (target.x + target.width / 2, target.y)
    if not bends and not 0 <= end[1] - start[1] <= 2 * GAP_Y:
        side = source.x + source.width + GAP_X / 2
        bends = ((side, start[1] + GAP_Y / 2), (side, end[1] - GAP_Y / 2))
    return (start, *_straightened(bends), end)


def _straightened(bends: Sequence[_Point]) -> list[_Point]:
    """Drop bends that lie on a vertical line between their neighbours."""
    kept: list[_Point] = []
    for number, (x, y) in enumerate(bends):
        inner = 0 < number < len(bends) - 1
        if inner and abs(x - bends[number - 1][0]) < 0.5 and abs(x - bends[number + 1][0]) < 0.5:
            continue
        kept.append((x, y))
    return kept
