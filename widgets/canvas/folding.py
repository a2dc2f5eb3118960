"""From a graph view to a sheet, with its scopes folded into one card each or opened out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engines.contract.views import EdgeView, GraphView, NodeView
from widgets.canvas.layering import laid_out
from widgets.canvas.model import Card, Link, Sheet, compact

Path = tuple[str, ...]
FOLD = "scope:"


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

    With nothing folded the graph's own layout is kept.
    """
    shut = set(folded)
    home = {node.id: _home(node, shut) for node in graph.nodes}
    marks = marks or {}
    held: dict[str, list[NodeView]] = {}
    for node in graph.nodes:
        held.setdefault(home[node.id], []).append(node)
    cards = tuple(_card(name, nodes, marks) for name, nodes in held.items())
    if not any(card.members for card in cards) and _has_layout(graph):
        return Sheet(
            cards, tuple(Link(e.source, e.target, e.tensor, e.points) for e in _inner(graph.edges, home))
        )
    return laid_out(Sheet(cards, _folded_links(graph.edges, home)))


def _home(node: NodeView, shut: set[Path]) -> str:
    path = path_of(node)
    for depth in range(1, len(path) + 1):
        if path[:depth] in shut:
            return FOLD + "/".join(path[:depth])
    return node.id


def _card(name: str, nodes: list[NodeView], marks: Mapping[str, str]) -> Card:
    if name.startswith(FOLD):
        return _folded_card(name, nodes, marks)
    node = nodes[0]
    title = f"{node.layer} · {node.op}" if node.layer else node.op
    return Card(
        id=node.id, title=title, family=node.family, subtitle=shape_text(node), count=_weights(nodes),
        mark=marks.get(node.id, ""), scope=path_of(node), layer=node.layer,
        x=node.x, y=node.y, width=node.width, height=node.height,
    )  # fmt: skip


def _folded_card(name: str, nodes: list[NodeView], marks: Mapping[str, str]) -> Card:
    path = tuple(name.removeprefix(FOLD).split("/"))
    operations = list(dict.fromkeys(node.op for node in nodes))
    title = f"{path[-1]} · {operations[0]}" + (f" + {len(nodes) - 1}" if len(nodes) > 1 else "")
    layers = {node.layer for node in nodes}
    return Card(
        id=name, title=title, family=_main_family(nodes), subtitle=shape_text(nodes[-1]),
        count=_weights(nodes), mark=next((marks[node.id] for node in nodes if node.id in marks), ""),
        scope=path[:-1], members=len(nodes), layer=layers.pop() if len(layers) == 1 else "",
    )  # fmt: skip


def _main_family(nodes: list[NodeView]) -> str:
    """Name the family that carries the weights, else the most frequent one."""
    weighty = max(nodes, key=lambda node: sum(weight.bytes for weight in node.weights))
    if weighty.weights:
        return weighty.family
    families = [node.family for node in nodes]
    return max(families, key=families.count)


def shape_text(node: NodeView) -> str:
    """Write the first output's shape: ``N × 32 × 8 × 8``."""
    shape = node.outputs[0].shape if node.outputs else ()
    return " × ".join("N" if part in {"batch", "batch_size", "N"} else part for part in shape)


def _weights(nodes: list[NodeView]) -> str:
    total = sum(_product(weight.shape) for node in nodes for weight in node.weights)
    return compact(total) if total else ""


def _product(shape: tuple[int, ...]) -> int:
    result = 1
    for length in shape:
        result *= length
    return result


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
