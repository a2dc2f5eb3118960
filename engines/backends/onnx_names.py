"""Give an exported graph the design's names: inputs, output, and on every node the layer it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import onnx

from engines.contract.spec import LAYER_KEY, GraphSpec


def name_as_design(
    model: onnx.ModelProto,
    spec: GraphSpec,
    output: str,
    layer_of: Callable[[onnx.NodeProto], str],
    kept: Sequence[str] = (),
) -> None:
    """Give the graph, its borders and its nodes the names of the design; see ``stamp_layers``."""
    name_borders(model, [layer.name for layer in spec.inputs], [output])
    stamp_layers(model, [layer.name for layer in spec.layers], layer_of, kept)
    model.graph.name = spec.name


def name_borders(model: onnx.ModelProto, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Rename the graph's inputs and outputs; another tensor that has such a name steps aside."""
    graph = model.graph
    now = [value.name for value in (*graph.input, *graph.output)]
    wanted = dict(zip(now, (*inputs, *outputs)))
    graphs = [graph, *_inner(graph)]
    taken = {name for one in graphs for node in one.node for name in (*node.input, *node.output)}
    taken.update(tensor.name for one in graphs for tensor in one.initializer)
    aside = {name: _free(name, taken) for name in wanted.values() if name in taken and name not in wanted}
    _rename(graph, {**aside, **wanted})


def stamp_layers(
    model: onnx.ModelProto,
    layers: Sequence[str],
    layer_of: Callable[[onnx.NodeProto], str],
    kept: Sequence[str] = (),
) -> None:
    """Write each node's layer into its metadata and name; drop the exporter's traces of local files.

    ``layer_of`` tells a node's layer, "" where it does not know; such a node (it works out a shape) goes
    to the layer that uses it. Metadata of the keys ``kept`` stay.
    """
    known, users = set(layers), dict[str, str]()
    counts: Counter[str] = Counter()
    found: list[str] = []
    for node in reversed(model.graph.node):
        own = layer_of(node)
        layer = own if own in known else next((users[n] for n in node.output if users.get(n)), "")
        users.update(dict.fromkeys(node.input, layer))
        found.append(layer)
    for node, layer in zip(model.graph.node, reversed(found)):
        base = f"{layer}/{node.op_type}" if layer else node.op_type
        counts[base] += 1
        node.name = base if counts[base] == 1 else f"{base}_{counts[base]}"
        _set_metadata(node, layer, kept)


def add_metadata(model: onnx.ModelProto, facts: Mapping[str, str]) -> None:
    """Write facts about the model itself; empty ones are left out."""
    onnx.helper.set_model_props(model, {key: value for key, value in facts.items() if value})


def _set_metadata(node: onnx.NodeProto, layer: str, kept: Sequence[str]) -> None:
    facts = {entry.key: entry.value for entry in node.metadata_props if entry.key in kept}
    if layer:
        facts[LAYER_KEY] = layer
    del node.metadata_props[:]
    entries = [onnx.StringStringEntryProto(key=key, value=value) for key, value in facts.items()]
    node.metadata_props.extend(entries)
    node.doc_string = ""


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _inner(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield the graphs inside nodes (branches, loops), which see the outer one's names."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield attribute.g
                yield from _inner(attribute.g)


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    for inner in _inner(graph):
        _rename_own(inner, names)
    _rename_own(graph, names)


def _rename_own(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    for node in graph.node:
        for side in (node.input, node.output):
            for index, name in enumerate(side):
                side[index] = names.get(name, name)
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = names.get(value.name, value.name)
    for value in (*graph.input, *graph.output):
        del value.metadata_props[:]
