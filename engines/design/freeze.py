"""From the document to the frozen ``GraphSpec`` that engines read."""

from __future__ import annotations

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec
from engines.design.document import Design
from engines.design.inference import infer


def freeze(design: Design) -> GraphSpec:
    """Return the design as a whole, valid model.

    Raises:
        WorkbenchError: the first node's problem in topological order (dead ends last: they often come
            from another one), or ``DESIGN_EMPTY`` where there is no layer after an input.
    """
    known = infer(design)
    nodes = design.ordered()
    found = [known.problems[node.name] for node in nodes if node.name in known.problems]
    if found:
        raise min(found, key=lambda problem: problem.code is ErrorCode.DESIGN_DEAD_END)
    if not known.output or design.node(known.output).kind == "input":
        raise WorkbenchError(ErrorCode.DESIGN_EMPTY, node="", name=design.name)
    return GraphSpec(design.name, tuple(known.layers[node.name] for node in nodes), (known.output,))
