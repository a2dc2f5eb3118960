"""Rows of a layered drawing: which row a vertex is in, in which order, and at which place.

Order by barycentres (Sugiyama, Tagawa and Toda 1981), places by least squares: each vertex wants to be
where its neighbours are, none may come nearer to the next than their widths allow. With the order fixed
that is an isotonic regression for each row, solved exactly by pooling adjacent violators.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Pair = tuple[int, int]


def rows_of(count: int, pairs: Sequence[Pair], inputs: Iterable[int] = ()) -> list[int]:
    """Return each vertex's row: the longest way to it.

    What does not depend on ``inputs`` (constants, and what is worked out from them) is drawn down to its
    first user.
    """
    down, after = _downward(count, pairs)
    anchored = set(inputs)
    rows = [0] * count
    for vertex in down:
        below, fixed = rows[vertex] + 1, vertex in anchored
        for user in after[vertex]:
            rows[user] = max(rows[user], below)
            if fixed:
                anchored.add(user)
    for vertex in reversed(down):
        if vertex not in anchored and after[vertex]:
            rows[vertex] = min(rows[user] for user in after[vertex]) - 1
    return rows


def _downward(count: int, pairs: Sequence[Pair]) -> tuple[list[int], list[list[int]]]:
    """Return a topological order and who uses whom, without the edges that close a cycle.

    A depth-first walk in the order of the file; an edge back onto the way taken is left out.
    """
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in pairs:
        after[source].append(target)
    kept: list[list[int]] = [[] for _ in range(count)]
    state = bytearray(count)  # 0 not seen, 1 on the way, 2 done
    done: list[int] = []
    for start in reversed(range(count)):
        way = [] if state[start] else [(start, iter(after[start]))]
        while way:
            vertex, users = way[-1]
            state[vertex] = 1
            user = next((user for user in users if _take(user, kept[vertex], state)), None)
            if user is None:
                state[vertex] = 2
                done.append(vertex)
                way.pop()
            else:
                way.append((user, iter(after[user])))
    return done[::-1], kept


def _take(user: int, kept: list[int], state: bytearray) -> bool:
    """Keep the edge to ``user`` unless it closes a cycle; tell whether the walk goes on there."""
    if state[user] != 1:
        kept.append(user)
    return state[user] == 0


@dataclass
class Drawing:
    """Vertices in rows; an edge over several rows is a chain of bends, which are vertices too.

    ``pull`` is how much an edge wants to be straight: long edges most, the way into one least, so that
    what a long edge skips stays in one column.
    """

    rows: list[list[int]]
    widths: list[float]
    above: list[list[int]]
    below: list[list[int]]
    bends: dict[Pair, list[int]] = field(default_factory=dict)
    real: int = 0

    def pull(self, a: int, b: int) -> float:
        """Return the weight of the edge between ``a`` and ``b``."""
        return (4.0, 1.0, 8.0)[(a >= self.real) + (b >= self.real)]


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
        down = sweep % 2 == 1
        near = drawing.above if down else drawing.below
        for row in drawing.rows if down else reversed(drawing.rows):
            _settle(drawing, row, [_wish(drawing, vertex, near[vertex], x) for vertex in row], gap, x)
    return x


def _wish(drawing: Drawing, vertex: int, near: list[int], x: list[float]) -> tuple[float, float]:
    """Return where a vertex wants to be (the weighted median of its neighbours), and how much."""
    if not near:
        return x[vertex], 0.01
    if len(near) == 1:
        return x[near[0]], drawing.pull(vertex, near[0])
    pulls = sorted((x[other], drawing.pull(vertex, other)) for other in near)
    total = sum(pull for _, pull in pulls)
    before = 0.0
    for number, (place, pull) in enumerate(pulls):
        before += pull
        if before > total / 2:
            break
        if before == total / 2:
            return (place + pulls[number + 1][0]) / 2, total
    return place, total


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
