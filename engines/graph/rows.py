"""Rows of a layered drawing: which row a vertex is in, in which order, and at which place.

Order by barycentres (Sugiyama, Tagawa and Toda 1981), places by least squares: each vertex wants to be
where its neighbours are, none may come nearer to the next than their widths allow. With the order fixed
that is an isotonic regression for each row, solved exactly by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import igraph

Pair = tuple[int, int]


def rows_of(count: int, pairs: Sequence[Pair]) -> list[int]:
    """Return each vertex's row: longest way from the inputs, sources drawn down to their first user."""
    graph = igraph.Graph(count, pairs, directed=True)
    if not graph.is_dag():
        graph.delete_edges(graph.feedback_arc_set(method="eades"))
    order, after, entering = graph.topological_sorting(), graph.get_adjlist("out"), graph.indegree()
    rows = [0] * count
    for vertex in order:
        below = rows[vertex] + 1
        for user in after[vertex]:
            rows[user] = max(rows[user], below)
    for vertex in order:
        if entering[vertex] == 0 and after[vertex]:
            rows[vertex] = min(rows[user] for user in after[vertex]) - 1
    return rows


@dataclass
class Drawing:
    """Vertices in rows; an edge over several rows is a chain of bends, which are vertices too.

    ``pull`` is how much an edge wants to be straight: bends most, so that long edges run straight.
    """

    rows: list[list[int]]
    widths: list[float]
    above: list[list[int]]
    below: list[list[int]]
    bends: dict[Pair, list[int]] = field(default_factory=dict)
    real: int = 0

    def pull(self, a: int, b: int) -> float:
        """Return the weight of the edge between ``a`` and ``b``."""
        return (1.0, 2.0, 8.0)[(a >= self.real) + (b >= self.real)]


def draw(row_of: Sequence[int], pairs: Sequence[Pair], width: float, lane: float) -> Drawing:
    """Put vertices and the bends of ``pairs`` (each downward) into rows."""
    count = len(row_of)
    drawing = Drawing(
        [[] for _ in range(max(row_of) + 1)],
        [width] * count,
        [[] for _ in range(count)],
        [[] for _ in range(count)],
        real=count,
    )
    for vertex, row in enumerate(row_of):
        drawing.rows[row].append(vertex)
    for a, b in pairs:
        way = [_bend(drawing, row, lane) for row in range(row_of[a] + 1, row_of[b])]
        drawing.bends[(a, b)] = way
        for upper, lower in zip((a, *way), (*way, b)):
            drawing.below[upper].append(lower)
            drawing.above[lower].append(upper)
    return drawing


def _bend(drawing: Drawing, row: int, lane: float) -> int:
    vertex = len(drawing.widths)
    drawing.widths.append(lane)
    drawing.above.append([])
    drawing.below.append([])
    drawing.rows[row].append(vertex)
    return vertex


def order(drawing: Drawing, sweeps: int) -> None:
    """Sort each row by the mean place of its neighbours, downwards and upwards in turn."""
    place = [0.0] * len(drawing.widths)
    for row in drawing.rows:
        _number(row, place)
    for sweep in range(sweeps):
        down = sweep % 2 == 0
        near = drawing.above if down else drawing.below
        for row in drawing.rows if down else reversed(drawing.rows):
            if len(row) > 1:
                wish = {
                    v: sum(place[n] for n in near[v]) / len(near[v]) if near[v] else place[v] for v in row
                }
                row.sort(key=wish.__getitem__)
                _number(row, place)


def _number(row: list[int], place: list[float]) -> None:
    middle = (len(row) - 1) / 2
    for number, vertex in enumerate(row):
        place[vertex] = number - middle


def columns(drawing: Drawing, gap: float, sweeps: int) -> list[float]:
    """Return each vertex's centre; neighbours in a row are at least ``gap`` apart."""
    x = [0.0] * len(drawing.widths)
    for row in drawing.rows:
        _settle(drawing, row, [(0.0, 1.0)] * len(row), gap, x)
    for sweep in range(sweeps):
        last = sweep == sweeps - 1
        for row in drawing.rows if sweep % 2 == 0 else reversed(drawing.rows):
            wishes = [_wish(drawing, vertex, x, sweep % 2 == 0, last) for vertex in row]
            _settle(drawing, row, wishes, gap, x)
    return x


def _wish(drawing: Drawing, vertex: int, x: list[float], down: bool, both: bool) -> tuple[float, float]:
    """Return where a vertex wants to be, and how much."""
    near = drawing.above[vertex] if down else drawing.below[vertex]
    if both:
        near = drawing.above[vertex] + drawing.below[vertex]
    if not near:
        return x[vertex], 0.01
    if len(near) == 1:
        return x[near[0]], drawing.pull(vertex, near[0])
    pulls = [drawing.pull(vertex, other) for other in near]
    total = sum(pulls)
    return sum(pull * x[other] for pull, other in zip(pulls, near)) / total, total


def _settle(
    drawing: Drawing, row: list[int], wishes: Sequence[tuple[float, float]], gap: float, x: list[float]
) -> None:
    """Place a row as near to its wishes as distances allow: isotonic regression of what is left of them."""
    offset, edge = 0.0, 0.0
    offsets: list[float] = []
    for vertex in row:
        half = drawing.widths[vertex] / 2
        offset += edge + half if offsets else 0.0
        offsets.append(offset)
        edge = half + gap
    blocks: list[list[float]] = []  # mean, weight, members
    for (wish, weight), start in zip(wishes, offsets):
        block = [wish - start, weight, 1.0]
        while blocks and blocks[-1][0] > block[0]:
            mean, held, members = blocks.pop()
            total = held + block[1]
            block = [(mean * held + block[0] * block[1]) / total, total, members + block[2]]
        blocks.append(block)
    number = 0
    for mean, _, members in blocks:
        for _ in range(int(members)):
            x[row[number]] = mean + offsets[number]
            number += 1
