"""Read a StableHLO module, which is what JAX hands to XLA, as a graph.

The module comes as MLIR's own Python objects (``Lowered.compiler_ir``): no text is parsed but that of types
and places. Functions that it calls are read where they are called.

Source: https://openxla.org/stablehlo/spec
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from engines.backends.jax.hlo import SCOPE
from engines.contract.views import EdgeView, GraphView, NodeView, TensorView

Values = dict[Any, str]
"""What is known of a function's values: the node or weight that each comes from, "" for a constant."""

_TENSOR = re.compile(r"tensor<(?P<shape>(?:(?:\d+|\?)x)*)(?P<type>[a-zA-Z]\w*)")
_PLACE = re.compile(r'^loc\("([^"]*)"')
_LONGEST = 200


def graph_of(module: Any, name: str, borders: Mapping[int, str]) -> GraphView:
    """Return the function ``main`` as records.

    ``borders`` are the arguments that are inputs, by their number; weights are counted, and no nodes.
    """
    functions = {_text(function.attributes["sym_name"]): function for function in module.body.operations}
    reading = _Reading(functions)
    body = _body(functions["main"])
    values: Values = {}
    weights = []
    for number, argument in enumerate(body.arguments):
        if number in borders:
            values[argument] = reading.add_input(borders[number], argument)
        else:
            values[argument] = ""
            weights.append(_tensor("", argument))
    reading.read(body, values, "")
    sizes = [_size(weight) for weight in weights]
    return GraphView(
        name=name,
        format="StableHLO",
        nodes=tuple(reading.nodes),
        edges=tuple(reading.edges),
        bytes=sum(count * width for count, width in sizes),
        parameters=sum(count for count, _ in sizes),
    )


class _Reading:
    """The nodes and edges found so far."""

    def __init__(self, functions: Mapping[str, Any]) -> None:
        self._functions = functions
        self.nodes: list[NodeView] = []
        self.edges: list[EdgeView] = []

    def add_input(self, name: str, value: Any) -> str:
        tensor = _tensor(name, value)
        self.nodes.append(NodeView(id=name, name=name, op="Input", family="io", outputs=(tensor,)))
        return name

    def read(self, body: Any, values: Values, layer: str) -> list[str]:
        """Add the operations of a function, called for ``layer``; return what its results come from."""
        for operation in body.operations:
            kind = operation.operation.name
            given = [values.get(operand, "") for operand in operation.operands]
            here = _layer(operation) or layer
            if kind == "func.return":
                return given
            if kind == "func.call":
                called = _body(self._functions[_text(operation.attributes["callee"])])
                found = self.read(called, dict(zip(called.arguments, given)), here)
            elif kind == "stablehlo.constant":
                found = [""]
            else:
                found = [self._add(operation, given, here)] * len(operation.results)
            values.update(zip(operation.results, found))
        return []

    def _add(self, operation: Any, given: list[str], layer: str) -> str:
        kind = operation.operation.name
        node = f"{kind.removeprefix('stablehlo.')}.{len(self.nodes)}"
        self.nodes.append(
            NodeView(
                id=node,
                name=node,
                op=kind,
                family="other",
                layer=layer,
                inputs=tuple(_tensor(name, value) for name, value in zip(given, operation.operands)),
                outputs=tuple(_tensor(node, value) for value in operation.results),
                attributes=tuple(_attributes(operation)),
            )
        )
        self.edges.extend(EdgeView(source, node, source) for source in given if source)
        return node


def _body(function: Any) -> Any:
    return function.regions[0].blocks[0]


def _attributes(operation: Any) -> Iterator[tuple[str, str]]:
    """Yield what an operation was told, and the operations that lie within it."""
    for number in range(len(operation.attributes)):
        attribute = operation.attributes[number]
        yield attribute.name, _shortened(str(attribute.attr))
    counted: Counter[str] = Counter()
    for region in operation.regions:
        for block in region.blocks:
            counted.update(inner.operation.name.removeprefix("stablehlo.") for inner in block.operations)
    counted.pop("return", None)
    if counted:
        yield "operations", ", ".join(f"{op} × {n}" if n > 1 else op for op, n in counted.items())


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _text(attribute: Any) -> str:
    """Return the name in a string or symbol."""
    return str(attribute).strip('@"')


def _layer(operation: Any) -> str:
    """Return the design's layer in whose scope an operation was made, "" where in none."""
    match = _PLACE.match(str(operation.location))
    parts = match[1].split("/") if match else []
    return next((part[len(SCOPE) :] for part in parts if part.startswith(SCOPE)), "")


def _tensor(name: str, value: Any) -> TensorView:
    written = str(value.type)
    match = _TENSOR.match(written)
    if match is None:
        return TensorView(name, written, ())
    return TensorView(name, match["type"], tuple(match["shape"].split("x")[:-1]))


def _size(tensor: TensorView) -> tuple[int, int]:
    """Return how many values, and how many bytes each."""
    count = 1
    for size in tensor.shape:
        count *= int(size)
    bits = re.search(r"\d+$", tensor.type)
    return count, max(int(bits[0]) // 8, 1) if bits else 1
