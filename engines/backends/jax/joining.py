"""Join the graphs of single layers into one, tensors named after the layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx

from engines.contract.spec import LAYER_KEY, GraphSpec, LayerSpec

IR_VERSION = 10
"""What opset 21 came with."""


def join(spec: GraphSpec, parts: Sequence[tuple[LayerSpec, onnx.ModelProto]], opset: int) -> onnx.ModelProto:
    """Return a model of all the layers' graphs, in the design's order; each node knows its layer.

    A part takes its layer's inputs in their order and gives its one output.
    """
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    for layer, part in parts:
        graph = _named(part.graph, layer)
        nodes.extend(_stamped(node, layer.name) for node in graph.node)
        weights.extend(graph.initializer)
        if not any(layer.name in node.output for node in graph.node):
            source = graph.output[0].name if graph.output[0].name != layer.name else layer.inputs[0]
            nodes.append(_stamped(onnx.helper.make_node("Identity", [source], [layer.name]), layer.name))
    inputs = [_border(layer) for layer in spec.inputs]
    outputs = [_border(layer) for layer in spec.layers if layer.name in spec.outputs]
    joined = onnx.helper.make_graph(nodes, spec.name, inputs, outputs, initializer=weights)
    opsets = [onnx.helper.make_opsetid("", opset)]
    return onnx.helper.make_model(joined, opset_imports=opsets, ir_version=IR_VERSION)


def _border(layer: LayerSpec) -> onnx.ValueInfoProto:
    shape: list[str | int | None] = ["batch", *layer.output_shape]
    return onnx.helper.make_tensor_value_info(layer.name, onnx.TensorProto.FLOAT, shape)


def layer_of(node: onnx.NodeProto) -> str:
    """Return the layer that a joined node came from."""
    return next((entry.value for entry in node.metadata_props if entry.key == LAYER_KEY), "")


def _stamped(node: onnx.NodeProto, layer: str) -> onnx.NodeProto:
    del node.metadata_props[:]
    node.metadata_props.append(onnx.StringStringEntryProto(key=LAYER_KEY, value=layer))
    return node


def _named(graph: onnx.GraphProto, layer: LayerSpec) -> onnx.GraphProto:
    """Give the part's inputs the names of their sources, its output the layer's, all else its prefix."""
    names = {value.name: source for value, source in zip(graph.input, layer.inputs)}
    names.setdefault(graph.output[0].name, layer.name)
    _drop_unused(graph)

    def renamed(name: str) -> str:
        return names.get(name, f"{layer.name}/{name}") if name else ""

    _rename(graph, renamed)
    return graph


def _rename(graph: onnx.GraphProto, renamed: Callable[[str], str]) -> None:
    for node in graph.node:
        for side in (node.input, node.output):
            side[:] = [renamed(name) for name in side]
        for inner in _inner(node):
            _rename(inner, renamed)
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = renamed(value.name)
    del graph.value_info[:]


def _drop_unused(graph: onnx.GraphProto) -> None:
    """Drop the initializers that nothing reads: the runtime would warn of each."""
    for node in graph.node:
        for inner in _inner(node):
            _drop_unused(inner)
    used = _used(graph.node) | {value.name for value in graph.output}
    for tensor in [entry for entry in graph.initializer if entry.name not in used]:
        graph.initializer.remove(tensor)


def _used(nodes: Sequence[onnx.NodeProto]) -> set[str]:
    found: set[str] = set()
    for node in nodes:
        found.update(node.input)
        for inner in _inner(node):
            found |= _used(inner.node) | {value.name for value in inner.output}
    return found


def _inner(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    return [entry.g for entry in node.attribute if entry.HasField("g")]
