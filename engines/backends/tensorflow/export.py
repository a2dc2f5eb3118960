"""Write a run's checkpoint as ONNX, as tf2onnx sees it: batch norm may be folded into a convolution."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import onnx
import tensorflow as tf
import tf2onnx

from engines.backends import exporting
from engines.backends.onnx_names import name_as_design
from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.evaluate import load_run
from engines.backends.tensorflow.layers import from_design
from engines.backends.tensorflow.reference import answers, layer_answers
from engines.backends.tensorflow.runtime import use_threads, without_chatter
from engines.contract.events import Event
from engines.contract.jobs import ExportJob, ReferenceJob
from engines.training.control import ControlFlags
from engines.training.run_folder import read_run

OPSET = 18
"""The newest that tf2onnx 1.17 writes."""
_SCOPE = "LAYER."
"""Before a layer's name in the graph, so that an operation tells the layer it came from."""


def export(job: ExportJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.target`` and ``job.reference``; answered with an ``ExportView``."""
    return exporting.export(job, flags, _exporter())


def write_answers(job: ReferenceJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.reference`` alone; answered with a ``ReferenceView``."""
    return exporting.write_answers(job, _exporter())


def _exporter() -> exporting.Exporter[DesignModel]:
    return exporting.Exporter(
        f"tensorflow {tf.__version__}",
        f"tf2onnx {tf2onnx.__version__}",
        OPSET,
        _load,
        to_onnx,
        answers,
        layer_answers,
    )


def _load(run: Path, checkpoint: str) -> DesignModel:
    use_threads(read_run(run).threads or 1)
    return load_run(run, checkpoint)


def to_onnx(model: DesignModel, output: str, target: Path) -> onnx.ModelProto:
    """Return the model as ONNX: channels first at its borders, a free batch length, the design's names.

    Raises:
        WorkbenchError: ``EXPORT_FAILED``, see ``exporting.export_faults``.
    """
    faults = exporting.export_faults(target, "tf2onnx", model.spec, "TensorFlow")
    with faults, without_chatter(), _recognized(model):
        written, _ = tf2onnx.convert.from_function(
            traced(model), input_signature=_signature(model), opset=OPSET
        )
        name_as_design(written, model.spec, output, _layer_of(written, model))
        _finish(written)
        onnx.checker.check_model(written, full_check=True)
    return cast("onnx.ModelProto", written)


@contextmanager
def _recognized(model: DesignModel) -> Iterator[None]:
    """Have LSTM and GRU in the form in which tf2onnx finds them, to write an LSTM or GRU for each."""
    for _, layer in model.recurrents:
        layer.exported = True
    try:
        yield
    finally:
        for _, layer in model.recurrents:
            layer.exported = False


def _signature(model: DesignModel) -> list[tf.TensorSpec]:
    return [tf.TensorSpec((None, *layer.output_shape), tf.float32) for layer in model.spec.inputs]


def traced(model: DesignModel) -> tf.types.experimental.PolymorphicFunction:
    """Return a function of inputs in the design's layout, each layer's operations under its own scope."""

    def answer(*given: tf.Tensor) -> tf.Tensor:
        inputs = []
        for layer, value in zip(model.spec.inputs, given):
            with tf.name_scope(_SCOPE + layer.name):
                own = model.designed[layer.name]
                inputs.append(value if own else from_design(value, layer.output_shape))
        last = model.spec.outputs[0]
        values = model.walk(inputs, lambda name: tf.name_scope(_SCOPE + name))
        with tf.name_scope(f"{_SCOPE}{last}/border"):
            return model.as_designed(last, values[last])

    return tf.function(answer, input_signature=_signature(model))


def _layer_of(written: onnx.ModelProto, model: DesignModel) -> Callable[[onnx.NodeProto], str]:
    """Return what tells a node's layer: its scope, or for an LSTM or GRU, which has none, its weights.

    Layers of the same weights are told apart by their order alone.
    """
    weights = {entry.name: entry for entry in written.graph.initializer}
    layers = [(name, _sorted(part.cell.recurrent_kernel.numpy())) for name, part in model.recurrents]
    found: dict[str, str] = {}
    rows: dict[str, str] = {}
    for node in written.graph.node:
        found[node.name] = layer_of_scope(node.name)
        if node.op_type in ("LSTM", "GRU"):
            key = _sorted(onnx.numpy_helper.to_array(weights[node.input[2]])[0])
            match = next((layer for layer in layers if layer[1] == key), ("", key))
            layers = [layer for layer in layers if layer is not match]
            found[node.name] = match[0]
            rows.update(dict.fromkeys(node.output, found[node.name]))
        elif node.op_type == "Squeeze" and not found[node.name]:
            found[node.name] = rows.get(node.input[0], "")
    return lambda node: found[node.name]


def _sorted(array: npt.NDArray[Any]) -> bytes:
    """Return what two arrays of the same values in another order have in common."""
    return np.sort(array, axis=None).tobytes()


def layer_of_scope(name: str) -> str:
    """Return the design's node whose scope an operation's name begins with, "" where it has none."""
    scope = name.split("/")[0]
    return scope[len(_SCOPE) :] if scope.startswith(_SCOPE) else ""


def _finish(model: onnx.ModelProto) -> None:
    """Name the free axis; what tf2onnx leaves unnamed has no other meaning."""
    model.graph.doc_string = ""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    del model.graph.value_info[:]
