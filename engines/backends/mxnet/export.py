"""Write a run's checkpoint as ONNX by MXNet's own exporter, lifted from opset 13 to 18."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mxnet as mx
import onnx
from mxnet.onnx.mx2onnx._export_onnx import MXNetGraph
from onnx import checker, helper, version_converter

from engines.backends import exporting
from engines.backends.mxnet.build import DesignBlock
from engines.backends.mxnet.evaluate import load_run
from engines.backends.mxnet.reference import answers, layer_answers
from engines.backends.onnx_names import name_as_design
from engines.contract.events import Event
from engines.contract.jobs import ExportJob, ReferenceJob
from engines.training.control import ControlFlags

OPSET = 18
_WRITTEN, _IR = 13, 8
"""The newest opset that MXNet's exporter writes, and a file version of its time."""
_EXAMPLES = 2


def export(job: ExportJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.target`` and ``job.reference``; answered with an ``ExportView``."""
    return exporting.export(job, flags, _exporter())


def write_answers(job: ReferenceJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.reference`` alone; answered with a ``ReferenceView``."""
    return exporting.write_answers(job, _exporter())


def _exporter() -> exporting.Exporter[DesignBlock]:
    version = mx.__version__
    return exporting.Exporter(
        f"mxnet {version}", f"mxnet.onnx {version}", OPSET, load_run, to_onnx, answers, layer_answers
    )


def to_onnx(block: DesignBlock, output: str, target: Path) -> onnx.ModelProto:
    """Return the block as an ONNX model with a free batch length, named as the design is.

    Raises:
        WorkbenchError: ``EXPORT_FAILED``, see ``exporting.export_faults``.
    """
    with exporting.export_faults(target, "root"):
        written = helper.make_model(
            _graph(block), opset_imports=[helper.make_opsetid("", _WRITTEN)], ir_version=_IR
        )
        _clean_arrays(written.graph)
        model = version_converter.convert_version(written, OPSET)
        model.ir_version = helper.find_min_ir_version_for(model.opset_import)
        _clean(model.graph, block)
        name_as_design(model, block.spec, output, _layer_of)
        checker.check_model(model, full_check=True)
    return model


def _graph(block: DesignBlock) -> onnx.GraphProto:
    """Return what MXNet's exporter makes of the block; its own check would ask for today's opset."""
    inputs = block.spec.inputs
    symbol = block(*[mx.sym.var(layer.name) for layer in inputs])
    used = {*symbol.list_arguments(), *symbol.list_auxiliary_states()}
    parameters = block.collect_params()
    arrays = {
        name: entry.data().as_in_context(mx.cpu()) for name, entry in parameters.items() if name in used
    }
    with _unchecked():
        graph: onnx.GraphProto = MXNetGraph().create_onnx_graph_proto(
            symbol,
            arrays,
            [(_EXAMPLES, *layer.output_shape) for layer in inputs],
            [onnx.TensorProto.FLOAT] * len(inputs),
            opset_version=_WRITTEN,
            dynamic=True,
            dynamic_input_shapes=[("batch", *layer.output_shape) for layer in inputs],
        )
        return graph


@contextmanager
def _unchecked() -> Iterator[None]:
    check: Any = checker.check_graph
    checker.check_graph = lambda *_: None
    try:
        yield
    finally:
        checker.check_graph = check


def _clean_arrays(graph: onnx.GraphProto) -> None:
    """Take stored arrays off the graph's inputs, where the exporter lists them too, and drop unused ones."""
    stored = {tensor.name: tensor for tensor in graph.initializer}
    used = {name for node in graph.node for name in node.input}
    given = [value for value in graph.input if value.name not in stored]
    kept = [tensor for name, tensor in stored.items() if name in used]
    for field, values in ((graph.input, given), (graph.initializer, kept)):
        del field[:]
        field.extend(values)


def _clean(graph: onnx.GraphProto, block: DesignBlock) -> None:
    """Say the output's shape, and name each node after its value, which begins with its layer's name."""
    shape: list[str | int | None] = ["batch", *block.output_shape]
    (output,) = graph.output
    output.CopyFrom(helper.make_tensor_value_info(output.name, onnx.TensorProto.FLOAT, shape))
    del graph.value_info[:]
    for node in graph.node:
        node.name = node.output[0]


def _layer_of(node: onnx.NodeProto) -> str:
    return node.name.split("/")[0]
