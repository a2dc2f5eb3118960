"""A graph seen from further away: every module below a path drawn as one node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from engines.contract.views import EdgeView, GraphView, NodeView
from engines.graph.layout import lay_out

Scope = tuple[str, ...]


def scopes(view: GraphView) -> tuple[Scope, ...]:
    """Return every module path that holds at least one node, parents before children."""
    found = {node.scope[:depth] for node in view.nodes for depth in range(1, len(node.scope) + 1)}
    return tuple(sorted(found, key=lambda scope: (len(scope), scope)))


def collapse(view: GraphView, closed: Iterable[Scope]) -> GraphView:
    """Return ``view`` with each module of ``closed`` as one node, laid out anew.

    The outermost closed module wins. The id of a folded node is ``scope:`` and its path; its family is the
    commonest one inside, its weights are those of all nodes inside.
    """
    wanted = set(closed)
    home = {node.id: _outermost(node, wanted) for node in view.nodes}
    inside: dict[Scope, list[NodeView]] = {}
    nodes: list[NodeView | Scope] = []
    for node in view.nodes:
        scope = home[node.id]
        if not scope:
            nodes.append(node)
            continue
        if scope not in inside:
            nodes.append(scope)
        inside.setdefault(scope, []).append(node)
    edges = _edges(view, {key: folded_id(scope) if scope else key for key, scope in home.items()})
    shown = tuple(n if isinstance(n, NodeView) else _folded(n, inside[n], edges) for n in nodes)
    return lay_out(replace(view, nodes=shown, edges=tuple(edges)))


def collapse_to_depth(view: GraphView, depth: int) -> GraphView:
    """Fold every module at ``depth`` (1 is the outermost)."""
    return collapse(view, [scope for scope in scopes(view) if len(scope) == depth])


def folded_id(scope: Scope) -> str:
    """Return the id of the node that stands for a folded module."""
    return "scope:" + "/".join(scope)


def _outermost(node: NodeView, closed: set[Scope]) -> Scope:
    for depth in range(1, len(node.scope) + 1):
        if node.scope[:depth] in closed:
            return node.scope[:depth]
    return ()


def _edges(view: GraphView, home: dict[str, str]) -> list[EdgeView]:
    merged: dict[tuple[str, str, str], EdgeView] = {}
    for edge in view.edges:
        key = (home[edge.source], home[edge.target], edge.tensor)
        if key[0] != key[1]:
            merged.setdefault(key, EdgeView(*key))
    return list(merged.values())


def _folded(scope: Scope, nodes: list[NodeView], edges: list[EdgeView]) -> NodeView:
    own = folded_id(scope)
    entering = {edge.tensor for edge in edges if edge.target == own}
    leaving = {edge.tensor for edge in edges if edge.source == own}
    operators = Counter(node.op for node in nodes)
    layers = {node.layer for node in nodes if node.layer}
    weights = {weight.name: weight for node in nodes for weight in node.weights}
    tensors_in = {tensor.name: tensor for node in nodes for tensor in node.inputs if tensor.name in entering}
    return NodeView(
        id=own,
        name="/".join(scope),
        op=f"{len(nodes)} nodes",
        family=Counter(node.family for node in nodes).most_common(1)[0][0],
        layer=layers.pop() if len(layers) == 1 else "",
        scope=scope,
        inputs=tuple(tensors_in.values()),
        outputs=tuple(tensor for node in nodes for tensor in node.outputs if tensor.name in leaving),
        attributes=tuple((op, str(count)) for op, count in operators.most_common()),
        weights=tuple(weights.values()),
    )
