"""From a graph view to a sheet, with its scopes folded into one card each or opened out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace

from engines.contract.views import EdgeView, GraphView, NodeView
from widgets.canvas.layering import laid_out
from widgets.canvas.model import CARD_WIDTH, Card, Link, Sheet, compact
from widgets.canvas.painting import needed_width

Path = tuple[str, ...]
FOLD = "scope:"
_BATCH = {"batch", "batch_size", "N"}
_WIDEST = 232.0
_FEW = 200
"""So many cards are laid out anew at once, to be wide enough."""


def path_of(node: NodeView) -> Path:
    """Return the scopes around a node, or its layer where the file names none."""
    return node.scope or ((node.layer,) if node.layer else ())


def scopes(graph: GraphView) -> dict[Path, int]:
    """Count the nodes of every scope that holds more than one node."""
    counts: dict[Path, int] = {}
    for node in graph.nodes:
        path = path_of(node)
        for depth in range(1, len(path) + 1):
            counts[path[:depth]] = counts.get(path[:depth], 0) + 1
    return {path: count for path, count in counts.items() if count > 1}


def sheet_of(graph: GraphView, folded: Iterable[Path], marks: Mapping[str, str] | None = None) -> Sheet:
    """Draw ``graph`` with the ``folded`` scopes as one card each; ``marks`` tints nodes by id.

    With nothing folded the graph's own layout is kept, unless it is small and its cards are too narrow
    for their words.
    """
    shut = set(folded) & scopes(graph).keys()
    home = {node.id: _home(node, shut) for node in graph.nodes}
    marks = marks or {}
    held: dict[str, list[NodeView]] = {}
    for node in graph.nodes:
        held.setdefault(home[node.id], []).append(node)
    cards = tuple(_card(name, nodes, marks) for name, nodes in held.items())
    if not any(card.members for card in cards) and _has_layout(graph) and not _is_narrow(cards):
        return Sheet(
            cards, tuple(Link(e.source, e.target, e.tensor, e.points) for e in _inner(graph.edges, home))
        )
    return laid_out(Sheet(_widened(cards), _folded_links(graph.edges, home)))


def _is_narrow(cards: tuple[Card, ...]) -> bool:
    return len(cards) <= _FEW and any(min(needed_width(card), _WIDEST) > card.width + 1 for card in cards)


def _widened(cards: tuple[Card, ...]) -> tuple[Card, ...]:
    """Make all cards wide enough for their words, within reason."""
    width = max((needed_width(card) for card in cards), default=CARD_WIDTH)
    width = math.ceil(min(max(width, CARD_WIDTH), _WIDEST) / 8) * 8.0
    return tuple(replace(card, width=width) for card in cards)


def _home(node: NodeView, shut: set[Path]) -> str:
    path = path_of(node)
    for depth in range(1, len(path) + 1):
        if path[:depth] in shut:
            return FOLD + "/".join(path[:depth])
    return node.id


def _card(name: str, nodes: list[NodeView], marks: Mapping[str, str]) -> Card:
    main = main_node(nodes)
    layers = tuple(dict.fromkeys(layer for node in nodes for layer in (node.layer, *node.merged) if layer))
    card = Card(
        id=name,
        title=_title(main, main.layer if len({node.layer for node in nodes}) == 1 else ""),
        family=main.family,
        subtitle=shape_text(nodes[-1]),
        count=_weights(nodes),
        mark=next((marks[node.id] for node in nodes if node.id in marks), ""),
        scope=path_of(main),
        layer=main.layer,
        layers=layers,
        x=main.x,
        y=main.y,
        width=main.width,
        height=main.height,
    )
    return _as_scope(card, name, nodes) if name.startswith(FOLD) else card


def _title(node: NodeView, layer: str) -> str:
    if node.family == "io":
        return f"{node.name} · {node.op}"
    return f"{layer} · {node.op}" if layer else node.op


def _as_scope(card: Card, name: str, nodes: list[NodeView]) -> Card:
    path = tuple(name.removeprefix(FOLD).split("/"))
    layers = {node.layer for node in nodes}
    title = f"{path[-1]} · {main_node(nodes).op} + {len(nodes) - 1}"
    layer = card.layer if len(layers) == 1 else ""
    return replace(card, title=title, scope=path[:-1], members=len(nodes), layer=layer)


def main_node(nodes: list[NodeView]) -> NodeView:
    """Return the node that a scope is there for: with the most weights, else the last that computes."""
    computing = [node for node in nodes if node.family != "shape"] or nodes
    weighty = max(computing, key=lambda node: sum(weight.bytes for weight in node.weights))
    return weighty if weighty.weights else computing[-1]


def shape_text(node: NodeView) -> str:
    """Write the first output's shape: ``N × 32 × 8 × 8``."""
    tensors = node.outputs or node.inputs
    return shape_of(tensors[0].shape) if tensors else ""


def shape_of(shape: Iterable[str]) -> str:
    """Write a shape with N for the batch."""
    return " × ".join("N" if part in _BATCH else part for part in shape)


def _weights(nodes: list[NodeView]) -> str:
    stored = {weight.name: weight.shape for node in nodes for weight in node.weights}
    total = sum(math.prod(shape) for shape in stored.values())
    return compact(total) if total else ""


def _has_layout(graph: GraphView) -> bool:
    return len({(node.x, node.y) for node in graph.nodes}) == len(graph.nodes)


def _inner(edges: Iterable[EdgeView], home: Mapping[str, str]) -> list[EdgeView]:
    return [edge for edge in edges if edge.source in home and edge.target in home]


def _folded_links(edges: Iterable[EdgeView], home: Mapping[str, str]) -> tuple[Link, ...]:
    links: dict[tuple[str, str], Link] = {}
    for edge in _inner(edges, home):
        ends = (home[edge.source], home[edge.target])
        if ends[0] != ends[1]:
            links.setdefault(ends, Link(*ends, edge.tensor))
    return tuple(links.values())
