"""The design's own exporter: a design with its weights as ONNX, by no engine.

It needs nothing but onnx itself, and every engine's answers are held against what it writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import LAYER_KEY, GraphSpec
from engines.design.kinds import Shape
from engines.design.onnx_block import Array, Operation, Weights
from engines.design.onnx_layers import written

if TYPE_CHECKING:
    import onnx

OPSET = 20
"""The opset of a file whose layers need no newer one."""
PRODUCER = "modelwright"
BATCH = "batch"
_IR_VERSION = 10  # the first whose nodes carry metadata


def to_onnx(
    spec: GraphSpec,
    weights: Weights,
    *,
    outputs: Sequence[str] = (),
    facts: Mapping[str, str] | None = None,
    opset: int = 0,
    target: str = "",
) -> onnx.ModelProto:
    """Return the design as a checked ONNX model in float32 with a free batch length.

    ``weights`` have canonical names and layouts. ``outputs`` names what the model answers (else the
    layers' names), ``facts`` is metadata of the model, empty ones left out. Each node is called
    ``<layer>/<operator>`` and carries its layer in its metadata; values are called as their layers are.
    ``target`` is the file that an error is to name. ``opset`` 0 is 20, or the oldest newer one that has every
    layer's operators.

    Raises:
        WorkbenchError: ``CHECKPOINT_UNFIT`` naming the array that is missing or of another shape;
            ``EXPORT_FAILED`` where the model is too large for one file or the opset lacks an operator.
    """
    import onnx

    for layer in spec.own_layers:
        raise WorkbenchError(ErrorCode.OWN_LAYER_NO_FORM, node=layer.name, file=Path(layer.file).name)
    for parameter in spec.parameters:
        _demand_fit(spec, parameter.name, parameter.shape, weights)
    sketch = _sketch(spec, outputs or spec.outputs)
    try:
        opsets = [onnx.helper.make_opsetid("", opset or sketch.opset)]
        model = onnx.helper.make_model(
            _graph(spec, sketch, weights),
            opset_imports=opsets,
            ir_version=max(_IR_VERSION, onnx.helper.find_min_ir_version_for(opsets)),
            producer_name=PRODUCER,
        )
        onnx.helper.set_model_props(model, {key: value for key, value in (facts or {}).items() if value})
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:  # of protobuf, onnx and its checker
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise WorkbenchError(
            ErrorCode.EXPORT_FAILED, str(error), path=target or spec.name, why=lines[0][:300]
        ) from error
    return model


@dataclass
class _Sketch:
    """The graph before it is ONNX; ``values`` says which value each layer's answer is."""

    operations: list[Operation] = field(default_factory=list)
    made: dict[str, Callable[[Weights], Array]] = field(default_factory=dict)
    opset: int = OPSET
    values: dict[str, str] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()


def _sketch(spec: GraphSpec, outputs: Sequence[str]) -> _Sketch:
    sketch, shapes = _Sketch(), dict[str, Shape]()
    for layer in spec.layers:
        shapes[layer.name] = layer.output_shape
        if layer.layer == "input":
            sketch.values[layer.name] = layer.name
            continue
        sources = tuple(sketch.values[name] for name in layer.inputs)
        block, value = written(layer, sources, tuple(shapes[name] for name in layer.inputs))
        sketch.operations += block.operations
        sketch.made |= block.made
        sketch.opset = max(sketch.opset, block.opset)
        sketch.values[layer.name] = value
    _name_outputs(sketch, spec, outputs)
    return sketch


def _name_outputs(sketch: _Sketch, spec: GraphSpec, outputs: Sequence[str]) -> None:
    """Give the model's answers their names; another layer's value of such a name steps aside."""
    inputs = {layer.name for layer in spec.inputs}
    for number, layer in enumerate(spec.outputs):
        value = sketch.values[layer]
        if value in inputs:  # an input that no operation touches cannot be an output
            sketch.operations.append(_identity(layer, value))
            sketch.values[layer] = value = f"{layer}/Identity"
        wanted = outputs[number]
        taken = inputs | {operation.output for operation in sketch.operations}
        aside = {wanted: _free(wanted, taken)} if wanted in taken - inputs else {}
        _rename(sketch, {**aside, value: wanted})
    sketch.outputs = tuple(outputs)


def _identity(layer: str, value: str) -> Operation:
    return Operation(f"{layer}/Identity", "Identity", (value,), f"{layer}/Identity", {}, layer)


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _rename(sketch: _Sketch, names: Mapping[str, str]) -> None:
    sketch.operations = [
        replace(
            operation,
            inputs=tuple(names.get(name, name) for name in operation.inputs),
            output=names.get(operation.output, operation.output),
        )
        for operation in sketch.operations
    ]
    sketch.values = {layer: names.get(value, value) for layer, value in sketch.values.items()}


def _graph(spec: GraphSpec, sketch: _Sketch, weights: Weights) -> onnx.GraphProto:
    import onnx

    used = {name for operation in sketch.operations for name in operation.inputs}
    shapes = {sketch.values[layer.name]: layer.output_shape for layer in spec.layers}
    return onnx.helper.make_graph(
        _nodes(sketch),
        spec.name,
        [_value(layer.name, layer.output_shape) for layer in spec.inputs],
        [_value(name, shapes[name]) for name in sketch.outputs],
        [
            *(
                _tensor(parameter.name, weights[parameter.name])
                for parameter in spec.parameters
                if parameter.name in used - sketch.made.keys()
            ),
            *(_tensor(name, make(weights)) for name, make in sketch.made.items()),
        ],
        value_info=[
            _value(operation.output, shapes[operation.output])
            for operation in sketch.operations
            if operation.output in shapes and operation.output not in sketch.outputs
        ],
    )


def _nodes(sketch: _Sketch) -> list[onnx.NodeProto]:
    import onnx

    nodes = []
    for operation in sketch.operations:
        # Attributes one by one: as keywords an operator's own might meet the helper's.
        node = onnx.helper.make_node(operation.operator, operation.inputs, operation.outputs, operation.name)
        node.attribute.extend(
            onnx.helper.make_attribute(key, value) for key, value in operation.attributes.items()
        )
        node.metadata_props.append(onnx.StringStringEntryProto(key=LAYER_KEY, value=operation.layer))
        nodes.append(node)
    return nodes


def _value(name: str, shape: Shape) -> onnx.ValueInfoProto:
    import onnx

    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [BATCH, *shape])


def _tensor(name: str, values: Array) -> onnx.TensorProto:
    """Return an initializer: whole numbers as they are, others in float32."""
    import onnx

    kind = np.int64 if values.dtype.kind == "i" else np.float32
    return onnx.numpy_helper.from_array(np.ascontiguousarray(values, dtype=kind).reshape(values.shape), name)


def _demand_fit(spec: GraphSpec, name: str, shape: Shape, weights: Weights) -> None:
    have = tuple(weights[name].shape) if name in weights else None
    if have != shape:
        why = "missing" if have is None else f"{have} ≠ {shape}"
        raise WorkbenchError(ErrorCode.CHECKPOINT_UNFIT, path=spec.name, array=name, why=why)
