"""Designs of the workbench: JSON that says so, shown as the graph of their layers."""

from __future__ import annotations

import re
from math import prod
from pathlib import Path

from engines.contract.views import EdgeView, GraphView, NodeView, TensorView
from engines.exchange.sniff import Look

_SAYS_SO = re.compile(rb'"format"\s*:\s*"modelwright-design"')


def match(look: Look) -> bool:
    """Tell whether the file says that it is a design."""
    return look.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and bool(_SAYS_SO.search(look.head))


def open_graph(path: Path) -> GraphView:
    """Read the design and lay it out; what does not fit yet has no shape and a note that names it."""
    from engines.design.document import Node
    from engines.design.inference import infer
    from engines.design.storage import load
    from engines.graph.layout import lay_out

    design = load(path)
    known = infer(design)

    def tensor(name: str) -> TensorView:
        return TensorView(name, "float", ("batch", *(str(size) for size in known.shapes.get(name, ()))))

    def view(node: Node) -> NodeView:
        return NodeView(
            id=node.name,
            name=node.name,
            op=node.row.title,
            family=node.row.family,
            layer=node.name,
            inputs=tuple(tensor(name) for name in node.inputs),
            outputs=(tensor(node.name),),
            attributes=tuple((key, str(value)) for key, value in node.settings.items()),
        )

    nodes = design.ordered()
    return lay_out(
        GraphView(
            name=design.name,
            format="design",
            nodes=tuple(view(node) for node in nodes),
            edges=tuple(EdgeView(source, node.name, source) for node in nodes for source in node.inputs),
            inputs=tuple(tensor(node.name) for node in nodes if node.kind == "input"),
            outputs=(tensor(known.output),) if known.output else (),
            bytes=path.stat().st_size,
            parameters=sum(
                prod(parameter.shape) for layer in known.layers.values() for parameter in layer.parameters
            ),
            facts={"data": design.data} if design.data else {},
            notes=tuple(f"{name}: {problem.code.value}" for name, problem in known.problems.items()),
        )
    )
