"""An ONNX model as a person looks at it: nodes with families, shapes, attributes and weights."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import onnx
from onnx import numpy_helper

from engines.contract.views import EdgeView, GraphView, NodeView, TensorView, WeightView
from engines.graph.families import family_of
from engines.graph.layout import lay_out
from engines.graph.onnx_file import broken, load_model
from engines.graph.provenance import layers_of, metadata_of, scopes_of
from engines.graph.weights import type_name, weight_view

_FLOATS = {
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.DOUBLE,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
}
_LONGEST_ATTRIBUTE = 120
_BATCH = 7919
"""A batch length that no model has of itself, and of which no other size is a product."""


def read_onnx(path: Path) -> GraphView:
    """Read, check and lay out the model in ``path``.

    Raises:
        WorkbenchError: as ``onnx_file.load_model``.
    """
    model = load_model(path)
    try:
        view = graph_view(model, path.stem, path.stat().st_size)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise broken(path, error) from error
    return lay_out(view)


def graph_view(model: onnx.ModelProto, name: str, size: int = 0) -> GraphView:
    """Return ``model`` as records, not yet laid out; ``size`` is that of its file in bytes."""
    return _Reader(model).view(name, size or model.ByteSize())


def parameter_count(model: onnx.ModelProto) -> int:
    """Count the floating-point numbers that the graph stores."""
    return sum(math.prod(t.dims) for t in model.graph.initializer if t.data_type in _FLOATS)


class _Reader:
    """Read one graph; what is looked up by name is collected once."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._model = model
        self._graph = model.graph
        self._notes: list[str] = []
        self._stored = {tensor.name: tensor for tensor in self._graph.initializer}
        self._weights: dict[str, WeightView] = {}
        self._values = self._infer()
        self._names: set[str] = set()

    def view(self, name: str, size: int) -> GraphView:
        graph = self._graph
        inputs = [value for value in graph.input if value.name not in self._stored]
        designed = any(layers_of(metadata_of(node)) for node in graph.node)
        nodes = [_io_node("input", value, value.name if designed else "") for value in inputs]
        producers = {value.name: f"input:{value.name}" for value in inputs}
        edges: list[EdgeView] = []
        consumers: list[tuple[str, tuple[str, ...]]] = []
        for index, node in enumerate(graph.node):
            view = self._node(node, index)
            nodes.append(view)
            consumers.append((view.id, tuple(_uses(node))))
            producers.update((output, view.id) for output in node.output if output)
        for value in graph.output:
            nodes.append(_io_node("output", value))
            consumers.append((f"output:{value.name}", (value.name,)))
        for target, used in consumers:
            edges.extend(
                EdgeView(producers[tensor], target, tensor) for tensor in used if tensor in producers
            )
        return GraphView(
            name=graph.name or name,
            format="onnx",
            nodes=tuple(nodes),
            edges=tuple(edges),
            inputs=tuple(_tensor_view(value) for value in inputs),
            outputs=tuple(_tensor_view(value) for value in graph.output),
            bytes=size,
            parameters=parameter_count(self._model),
            facts=_facts(self._model),
            notes=tuple(self._notes),
        )

    def _infer(self) -> dict[str, TensorView]:
        model = _inferred(self._model, self._notes)
        values = (*model.graph.input, *model.graph.value_info, *model.graph.output)
        return {value.name: _tensor_view(value) for value in values}

    def _node(self, node: onnx.NodeProto, index: int) -> NodeView:
        metadata = metadata_of(node)
        flowing = [name for name in node.input if name and name not in self._stored]
        layers = layers_of(metadata)
        standard = node.domain in ("", "ai.onnx")
        return NodeView(
            id=self._id(node, index),
            name=node.name or f"{node.op_type} {index}",
            op=node.op_type if standard else f"{node.domain}::{node.op_type}",
            family=family_of(node.op_type),
            layer=layers[0] if layers else "",
            merged=layers[1:],
            scope=scopes_of(metadata, node.name),
            inputs=tuple(self._tensor(name) for name in flowing),
            outputs=tuple(self._tensor(name) for name in node.output if name),
            attributes=tuple((a.name, _attribute_text(a)) for a in node.attribute),
            weights=tuple(self._weight(name) for name in node.input if name in self._stored),
        )

    def _id(self, node: onnx.NodeProto, index: int) -> str:
        name = node.name if node.name and node.name not in self._names else f"{node.op_type}#{index}"
        self._names.add(name)
        return name

    def _tensor(self, name: str) -> TensorView:
        return self._values.get(name) or TensorView(name, "", ())

    def _weight(self, name: str) -> WeightView:
        if name not in self._weights:
            self._weights[name] = weight_view(self._stored[name])
        return self._weights[name]


def _inferred(model: onnx.ModelProto, notes: list[str]) -> onnx.ModelProto:
    """Return the model with inferred shapes; where shapes contradict, a note, and what can still be known."""
    for strict in (True, False):
        try:
            known = onnx.shape_inference.infer_shapes(model, strict_mode=strict, data_prop=True)
            return _with_batch(model, known)
        except Exception as error:  # noqa: BLE001  C++ errors of many kinds; the graph is shown without shapes
            notes.append(f"shape_inference: {str(error).strip().splitlines()[-1][:200]}")
    return model


def _with_batch(model: onnx.ModelProto, known: onnx.ModelProto) -> onnx.ModelProto:
    """Name the batch where inference lost it, as behind a reshape to (-1, …), by following a number."""
    symbols = {_first(value).dim_param for value in model.graph.input} - {""}
    if len(symbols) != 1 or not any(_is_lost(_first(value)) for value in known.graph.value_info):
        return known
    numbered = onnx.ModelProto()
    numbered.CopyFrom(model)
    for value in (*numbered.graph.input, *numbered.graph.value_info, *numbered.graph.output):
        if _first(value).dim_param in symbols:
            _first(value).dim_value = _BATCH
    followed = onnx.shape_inference.infer_shapes(numbered, data_prop=True).graph.value_info
    batched = {value.name for value in followed if _first(value).dim_value == _BATCH}
    for value in known.graph.value_info:
        if value.name in batched:
            _first(value).dim_param = next(iter(symbols))
    return known


def _first(value: onnx.ValueInfoProto) -> onnx.TensorShapeProto.Dimension:
    """Return a value's first axis; an empty one where it has none."""
    axes = value.type.tensor_type.shape.dim
    return axes[0] if len(axes) else onnx.TensorShapeProto.Dimension()


def _is_lost(axis: onnx.TensorShapeProto.Dimension) -> bool:
    """Tell whether inference made up a name for this axis."""
    return axis.dim_param.startswith("unk__")


def _uses(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the tensors that a node reads, those that its subgraphs take from outside included."""
    yield from (name for name in node.input if name)
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs) if attribute.HasField("g") else attribute.graphs:
            yield from _outer_uses(graph)


def _outer_uses(graph: onnx.GraphProto) -> Iterator[str]:
    inside = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    seen: set[str] = set()
    for node in graph.node:
        for name in _uses(node):
            if name not in inside and name not in seen:
                seen.add(name)
                yield name
        inside.update(node.output)


def _io_node(kind: str, value: onnx.ValueInfoProto, layer: str = "") -> NodeView:
    tensor = _tensor_view(value)
    return NodeView(
        id=f"{kind}:{value.name}",
        name=value.name,
        op=kind.capitalize(),
        family="io",
        layer=layer,
        inputs=(tensor,) if kind == "output" else (),
        outputs=(tensor,) if kind == "input" else (),
    )


def _tensor_view(value: onnx.ValueInfoProto) -> TensorView:
    kind = value.type.WhichOneof("value") or ""
    if kind not in ("tensor_type", "sparse_tensor_type"):
        return TensorView(value.name, kind.removesuffix("_type"), ())
    tensor = getattr(value.type, kind)
    shape = tuple(_dimension(dim) for dim in tensor.shape.dim) if tensor.HasField("shape") else ("?",)
    return TensorView(value.name, type_name(tensor.elem_type), shape)


def _dimension(dim: onnx.TensorShapeProto.Dimension) -> str:
    return str(dim.dim_value) if dim.HasField("dim_value") else (dim.dim_param or "?")


def _attribute_text(attribute: onnx.AttributeProto) -> str:
    kinds = onnx.AttributeProto
    if attribute.type == kinds.GRAPH:
        return f"graph of {len(attribute.g.node)} nodes"
    if attribute.type == kinds.GRAPHS:
        return f"{len(attribute.graphs)} graphs"
    if attribute.type == kinds.TENSOR:
        return _tensor_text(attribute.t)
    try:
        value = onnx.helper.get_attribute_value(attribute)
    except ValueError:
        return "?"
    if attribute.type in (kinds.FLOAT, kinds.FLOATS):
        return _numbers(value if isinstance(value, Iterable) else [value], "{:g}")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")[:_LONGEST_ATTRIBUTE]
    if isinstance(value, int):
        return str(value)
    return _numbers(value, "{}") if isinstance(value, Iterable) else str(value)[:_LONGEST_ATTRIBUTE]


def _numbers(values: Iterable[object], form: str) -> str:
    return _short(", ".join(form.format(value) for value in values))


def _tensor_text(tensor: onnx.TensorProto) -> str:
    shape = " × ".join(str(dim) for dim in tensor.dims) or "scalar"
    kind = type_name(tensor.data_type)
    if math.prod(tensor.dims) > 16 or tensor.data_type == onnx.TensorProto.STRING:
        return f"{kind} {shape}"
    return _short(f"{kind} {shape}: {numpy_helper.to_array(tensor).ravel().tolist()}")


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_ATTRIBUTE else f"{text[: _LONGEST_ATTRIBUTE - 1]}…"


def _facts(model: onnx.ModelProto) -> Mapping[str, str]:
    facts = {
        "producer": f"{model.producer_name} {model.producer_version.removesuffix(' None')}".strip(),
        "ir version": str(model.ir_version),
        "opset": ", ".join(f"{opset.domain or 'ai.onnx'} {opset.version}" for opset in model.opset_import),
        "nodes": str(len(model.graph.node)),
        "functions": str(len(model.functions)) if model.functions else "",
    }
    facts.update((entry.key, entry.value) for entry in model.metadata_props)
    return {key: value for key, value in facts.items() if value}
