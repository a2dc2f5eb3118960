"""Read the text of an HLO module, which XLA writes before and after it compiles, as a graph.

Source: https://openxla.org/xla/operation_semantics and the text format of ``HloModule::ToString``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from engines.contract.views import EdgeView, GraphView, NodeView, TensorView

_INSTRUCTION = re.compile(
    r"^\s+(?:ROOT )?%?(?P<name>[\w.\-]+) = (?P<type>\(.*?\)|\S+) (?P<op>[\w\-]+)\((?P<rest>.*)$"
)
_COMPUTATION = re.compile(r"^(?P<entry>ENTRY )?%?(?P<name>[\w.\-]+)(?: \(.*\) -> .*)? \{$")
_SCOPE = re.compile(r'op_name="([^"]*)"')
_CALLS = re.compile(r"(?:calls|to_apply)=%?([\w.\-]+)")
_NAME = re.compile(r"%?([A-Za-z_][\w.\-]*)$")
_TYPE = re.compile(r"^(?P<type>[a-z]\w*)\[(?P<shape>[\d,]*)\]")

SCOPE = "layer."
"""Before a layer's name in the scopes of its operations, so that what is compiled tells its origin."""


@dataclass(frozen=True)
class Instruction:
    """One line of a computation; ``number`` is a parameter's, ``options`` what stands after the operands."""

    name: str
    type: str
    op: str
    operands: tuple[str, ...]
    number: str
    options: str


def read_hlo(text: str) -> tuple[str, dict[str, list[Instruction]]]:
    """Return the name of the entry computation, and all computations."""
    found: dict[str, list[Instruction]] = {}
    entry, current = "", ""
    for line in text.splitlines():
        if head := _COMPUTATION.match(line):
            current = head["name"]
            found[current] = []
            entry = current if head["entry"] else entry
        elif current and (match := _INSTRUCTION.match(line)):
            found[current].append(_instruction(match))
        elif line.startswith("}"):
            current = ""
    return entry, found


def _instruction(match: re.Match[str]) -> Instruction:
    given, options = _split(match["rest"])
    names = [_NAME.search(part.strip()) for part in given.split(",")]
    operands = (
        tuple(name[1] for name in names if name) if match["op"] not in ("parameter", "constant") else ()
    )
    number = given if match["op"] == "parameter" else ""
    return Instruction(match["name"], match["type"], match["op"], operands, number, options)


def _split(rest: str) -> tuple[str, str]:
    """Return what stands within the parentheses that are open, and what after them."""
    depth = 1
    for place, sign in enumerate(rest):
        depth += {"(": 1, "{": 1, "[": 1, ")": -1, "}": -1, "]": -1}.get(sign, 0)
        if depth == 0:
            return rest[:place], rest[place + 1 :]
    return rest, ""


def graph_of(text: str, name: str, form: str, borders: Mapping[str, str]) -> GraphView:
    """Return the entry computation as records; a fusion tells what is in it.

    ``borders`` are the parameters that are inputs, by their number's text; weights are counted, and no nodes.
    """
    entry, computations = read_hlo(text)
    rows = computations.get(entry, [])
    weights = {row.name for row in rows if row.op == "parameter" and row.number not in borders}
    shown = [row for row in rows if row.name not in weights and row.op != "constant"]
    types = {row.name: row.type for row in rows}
    names = {row.name for row in shown}
    nodes = [_node(row, computations, types, borders) for row in shown]
    edges = [EdgeView(part, row.name, part) for row in shown for part in row.operands if part in names]
    sizes = [_size(types[weight]) for weight in sorted(weights)]
    return GraphView(
        name=name,
        format=form,
        nodes=tuple(nodes),
        edges=tuple(edges),
        bytes=sum(size * width for size, width in sizes),
        parameters=sum(size for size, _ in sizes),
        facts={"fusions": str(sum(row.op == "fusion" for row in shown))},
    )


def _node(
    row: Instruction,
    computations: Mapping[str, list[Instruction]],
    types: Mapping[str, str],
    borders: Mapping[str, str],
) -> NodeView:
    inner = computations.get(next(iter(_CALLS.findall(row.options)), ""), []) if row.op == "fusion" else []
    held = [one for one in inner if one.op not in ("parameter", "constant")]
    layers = list(dict.fromkeys(layer for one in (row, *held) if (layer := _layer(one))))
    counted = Counter(one.op for one in held)
    inside = ", ".join(f"{op} × {count}" if count > 1 else op for op, count in counted.items())
    border = row.op == "parameter"
    return NodeView(
        id=row.name,
        name=borders.get(row.number, row.name) if border else row.name,
        op="Input" if border else row.op,
        family="io" if border else "other",
        layer=layers[0] if layers else "",
        merged=tuple(layers[1:]),
        inputs=tuple(_tensor(part, types.get(part, "")) for part in row.operands),
        outputs=(_tensor(row.name, row.type),),
        attributes=(("operations", inside),) if inside else (),
    )


def _layer(row: Instruction) -> str:
    scope = next(iter(_SCOPE.findall(row.options)), "")
    return next((part[len(SCOPE) :] for part in scope.split("/") if part.startswith(SCOPE)), "")


def _tensor(name: str, written: str) -> TensorView:
    match = _TYPE.match(written)
    if match is None:
        return TensorView(name, written, ())
    return TensorView(name, match["type"], tuple(size for size in match["shape"].split(",") if size))


def _size(written: str) -> tuple[int, int]:
    """Return how many values, and how many bytes each."""
    match = _TYPE.match(written)
    if match is None:
        return 0, 0
    count = 1
    for size in match["shape"].split(","):
        count *= int(size) if size else 1
    bits = re.search(r"\d+$", match["type"])
    return count, int(bits[0]) // 8 if bits else 1
