"""A graph as inline SVG, drawn from a laid-out view; colours are CSS classes of the page around it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from engines.contract.views import GraphView, NodeView
from engines.graph.layout import bounds

_MARGIN = 16.0
_LONGEST = 22


def svg(view: GraphView, title: str) -> str:
    """Return the whole graph as one ``<svg>`` element without outside references."""
    left, top, right, bottom = bounds(view)
    box = (left - _MARGIN, top - _MARGIN, right - left + 2 * _MARGIN, bottom - top + 2 * _MARGIN)
    parts = [
        f'<svg role="img" aria-label="{escape(title)}" viewBox="{" ".join(f"{n:.0f}" for n in box)}" '
        f'style="max-width:{box[2]:.0f}px">'
    ]
    parts += [_path(edge.points) for edge in view.edges]
    parts += [_node(node) for node in view.nodes]
    parts.append("</svg>")
    return "\n".join(parts)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return f'<polyline class="edge" points="{" ".join(f"{x:.0f},{y:.0f}" for x, y in points)}"/>'


def _node(node: NodeView) -> str:
    x, y = node.x, node.y
    detail = node.layer or " × ".join(node.outputs[0].shape if node.outputs else ())
    return (
        f'<g><title>{escape(node.name)}</title><rect class="node {escape(node.family)}" x="{x:.0f}" '
        f'y="{y:.0f}" width="{node.width:.0f}" height="{node.height:.0f}" rx="8"/>'
        f'<text x="{x + 12:.0f}" y="{y + 22:.0f}">{_short(node.op)}</text>'
        f'<text class="small" x="{x + 12:.0f}" y="{y + 40:.0f}">{_short(detail)}</text></g>'
    )


def _short(text: str) -> str:
    return escape(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")
