"""Positions for a fresh design: layers from top to bottom, ways that skip beside those that work.

A node's row is the longest way to it. An edge over several rows keeps a column free in each of them, so
that a skip connection runs beside what it skips. Within a row the mean column of what comes before
decides the order (the barycentre method: Sugiyama, Tagawa and Toda 1981).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engines.design.catalogue import kind_of
from engines.design.document import Design, Node, Position

WIDTH, HEIGHT = 176.0, 52.0
GAP_X, GAP_Y = 48.0, 40.0

Place = tuple[str, str]
"""A node ``(name, "")``, or the free column that the edge ``(source, target)`` takes in a row."""


@dataclass(frozen=True)
class DrawnNode:
    """One box of a drawing: left top corner and size."""

    name: str
    family: str
    x: float
    y: float
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True)
class Drawing:
    """A design as boxes and lines, for a small picture of it."""

    nodes: tuple[DrawnNode, ...]
    edges: tuple[tuple[str, str], ...]
    width: float
    height: float


def arrange(design: Design) -> dict[str, Position]:
    """Return a left top corner for every node; nothing overlaps, gaps are 40 units or more."""
    nodes = design.ordered()
    rows = _rows(nodes)
    columns: dict[Place, float] = {}
    positions: dict[str, Position] = {}
    for number, row in enumerate(_places(nodes, rows)):
        _spread(row, columns, {node.name: node for node in nodes})
        for name, target in row:
            if not target:
                x = columns[name, ""] * (WIDTH + GAP_X)
                positions[name] = (x, number * (HEIGHT + GAP_Y))
    left = min((x for x, _ in positions.values()), default=0.0)
    return {name: (x - left, y) for name, (x, y) in positions.items()}


def drawing(design: Design) -> Drawing:
    """Return the design as boxes and lines in its own positions."""
    nodes = design.nodes.values()
    boxes = tuple(DrawnNode(node.name, kind_of(node.kind).family, *node.position) for node in nodes)
    edges = tuple((source, node.name) for node in nodes for source in node.inputs)
    width = max((box.x + box.width for box in boxes), default=0.0)
    return Drawing(boxes, edges, width, max((box.y + box.height for box in boxes), default=0.0))


def _rows(nodes: tuple[Node, ...]) -> dict[str, int]:
    rows: dict[str, int] = {}
    for node in nodes:
        rows[node.name] = max((rows[source] + 1 for source in node.inputs), default=0)
    return rows


def _places(nodes: tuple[Node, ...], rows: Mapping[str, int]) -> list[list[Place]]:
    """List what each row holds: its nodes, then a free column for every edge that passes it."""
    places: list[list[Place]] = [[] for _ in range(max(rows.values(), default=-1) + 1)]
    for node in nodes:
        places[rows[node.name]].append((node.name, ""))
    for node in nodes:
        for source in node.inputs:
            for number in range(rows[source] + 1, rows[node.name]):
                places[number].append((source, node.name))
    return places


def _spread(row: list[Place], columns: dict[Place, float], nodes: Mapping[str, Node]) -> None:
    """Give each place of a row a column: near what comes before it, at least one apart."""
    wish = {place: _wish(place, columns, nodes) for place in row}
    row.sort(key=lambda place: (wish[place], place[1] != ""))
    column = float("-inf")
    for place in row:
        column = max(wish[place], column + 1)
        columns[place] = column


def _wish(place: Place, columns: Mapping[Place, float], nodes: Mapping[str, Node]) -> float:
    name, target = place
    if target:
        return columns.get(place, columns[name, ""])
    before = [columns[source, ""] for source in nodes[name].inputs]
    return min(before, default=0.0)
