"""Shape inference: one pass in topological order; a broken node does not keep the others from shapes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import LayerSpec
from engines.design.costs import Cost, layer_cost
from engines.design.document import Design, Node
from engines.design.kinds import Shape

MOST_ELEMENTS = 2**31 - 1


@dataclass(frozen=True)
class Inference:
    """What is known about a design: layers with shapes and costs, and each other node's problem.

    ``output`` is the node that the model answers with, "" where there is none.
    """

    layers: Mapping[str, LayerSpec]
    costs: Mapping[str, Cost]
    problems: Mapping[str, WorkbenchError]
    output: str

    @property
    def shapes(self) -> Mapping[str, Shape]:
        """The output shape of every node whose shape is known."""
        return {name: layer.output_shape for name, layer in self.layers.items()}

    @property
    def total(self) -> Cost:
        """The sum of all known costs."""
        return sum(self.costs.values(), Cost())


def infer(design: Design) -> Inference:
    """Work out shapes, parameters and costs of every node that has its inputs."""
    layers: dict[str, LayerSpec] = {}
    costs: dict[str, Cost] = {}
    problems: dict[str, WorkbenchError] = {}
    nodes = design.ordered()
    for node in nodes:
        try:
            layers[node.name] = _layer(design, node, layers)
        except WorkbenchError as error:
            problems[node.name] = error
            continue
        inputs = tuple(layers[source].output_shape for source in node.inputs)
        costs[node.name] = layer_cost(node.row.cost, layers[node.name], inputs)
    ends = _ends(nodes)
    output = _output(nodes, ends)
    for name in ends:
        if name != output:
            problems.setdefault(name, WorkbenchError(ErrorCode.DESIGN_DEAD_END, node=name, output=output))
    return Inference(layers, costs, problems, output)


def _layer(design: Design, node: Node, layers: Mapping[str, LayerSpec]) -> LayerSpec:
    row = design.row(node.name)
    if len(node.inputs) < row.inputs[0]:
        have, wanted = len(node.inputs), row.inputs[0]
        raise WorkbenchError(ErrorCode.DESIGN_INPUT_MISSING, node=node.name, have=have, wanted=wanted)
    for source in node.inputs:
        if source not in layers:
            raise WorkbenchError(ErrorCode.DESIGN_INPUT_BROKEN, node=node.name, source=source)
    inputs = tuple(layers[source].output_shape for source in node.inputs)
    if row.free:
        return _own_layer(design, node, inputs)
    try:
        shape = row.shape(node.settings, inputs)
    except WorkbenchError as error:
        raise WorkbenchError(error.code, node=node.name, **error.facts) from None
    parameters = row.parameters(node.name, node.settings, inputs)
    _demand_size(node.name, shape, *(parameter.shape for parameter in parameters))
    return LayerSpec(node.name, node.kind, node.settings, node.inputs, shape, parameters)


def _own_layer(design: Design, node: Node, inputs: tuple[Shape, ...]) -> LayerSpec:
    try:
        found = design.own.describe(node.name, node.settings, inputs)
    except WorkbenchError as error:
        raise WorkbenchError(error.code, error.details, **{**error.facts, "node": node.name}) from None
    _demand_size(node.name, found.shape, *(parameter.shape for parameter in found.parameters))
    return LayerSpec(
        node.name,
        node.kind,
        found.settings,
        node.inputs,
        found.shape,
        found.parameters,
        source=found.source,
        file=found.file,
    )


def _demand_size(node: str, *shapes: Shape) -> None:
    elements = max(math.prod(shape) for shape in shapes)
    if elements > MOST_ELEMENTS:
        raise WorkbenchError(ErrorCode.DESIGN_TOO_BIG, node=node, elements=elements)


def _ends(nodes: tuple[Node, ...]) -> list[str]:
    used = {source for node in nodes for source in node.inputs}
    return [node.name for node in nodes if node.name not in used]


def _output(nodes: tuple[Node, ...], ends: list[str]) -> str:
    """Choose the end that the longest way leads to; of equal ones the one added last."""
    depth: dict[str, int] = {}
    for node in nodes:
        depth[node.name] = 1 + max((depth[source] for source in node.inputs), default=0)
    return max(reversed(ends), key=depth.__getitem__, default="")
