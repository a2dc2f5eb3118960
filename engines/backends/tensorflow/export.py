"""Write a run's checkpoint as ONNX, as tf2onnx sees it: batch norm may be folded into a convolution."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import tensorflow as tf
import tf2onnx

from engines.backends.onnx_names import add_metadata, name_borders, stamp_layers
from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.evaluate import load_run
from engines.backends.tensorflow.layers import from_design, to_design
from engines.backends.tensorflow.reference import write_reference
from engines.backends.tensorflow.runtime import use_threads, without_chatter
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.files import make_folder, write_atomic
from engines.contract.jobs import ExportJob, ReferenceJob
from engines.contract.views import ExportView, ReferenceView
from engines.training.control import ControlFlags
from engines.training.model_facts import held_out_samples, model_facts, output_name
from engines.training.run_folder import read_recipe, read_run

OPSET = 18
"""The newest that tf2onnx 1.17 writes."""
_STAGES = ("load", "export", "answer", "write")
_SCOPE = "LAYER."
"""Before a layer's name in the graph, so that an operation tells the layer it came from."""


def export(job: ExportJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.target`` and ``job.reference``; answered with an ``ExportView``.

    Stages: load, export, answer, write; at each a stop is obeyed, and nothing is left behind.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``CHECKPOINT_NONE``, ``EXPORT_FAILED``, ``FILE_UNWRITABLE`` …
    """
    work = _export(job)
    for number, stage in enumerate(_STAGES):
        if flags.should_stop:
            yield Stopped(step=number, kept=False)
            return
        yield Progress(stage=stage, done=number, total=len(_STAGES))
        view = next(work)
    assert view is not None
    yield Answer(view)
    yield Finished()


def _export(job: ExportJob) -> Iterator[ExportView | None]:
    """Do the work, one ``yield`` a stage; the last one gives the view."""
    run, target = Path(job.run), Path(job.target)
    model = _load(job)
    yield None
    written = to_onnx(model, output_name(model.spec, read_recipe(run).loss), target)
    add_metadata(written, model_facts(run, model.spec, f"tensorflow {tf.__version__}"))
    yield None
    _answer(job, model)
    yield None
    content = written.SerializeToString()
    make_folder(target.parent)
    write_atomic(target, content)
    yield ExportView(str(target), job.reference, len(content), OPSET, f"tf2onnx {tf2onnx.__version__}")


def write_answers(job: ReferenceJob) -> Iterator[Event]:
    """Write ``job.reference`` alone; answered with a ``ReferenceView``."""
    yield Progress(stage="reference", done=0, total=1)
    samples = _answer(job, _load(job))
    yield Answer(ReferenceView(job.reference, samples))
    yield Finished()


def _load(job: ExportJob | ReferenceJob) -> DesignModel:
    run = Path(job.run)
    use_threads(read_run(run).threads or 1)
    return load_run(run, job.checkpoint)


def _answer(job: ExportJob | ReferenceJob, model: DesignModel) -> int:
    inputs = held_out_samples(Path(job.data), job.samples)
    make_folder(Path(job.reference).parent)
    write_reference(Path(job.reference), model, inputs)
    return len(inputs)


def to_onnx(model: DesignModel, output: str, target: Path) -> onnx.ModelProto:
    """Return the model as ONNX: channels first at its borders, a free batch length, the design's names.

    Raises:
        WorkbenchError: ``EXPORT_FAILED`` with tf2onnx's first line; all of it in the details.
    """
    spec = model.spec
    try:
        with _quiet():
            written, _ = tf2onnx.convert.from_function(
                _graph(model), input_signature=_signature(model), opset=OPSET
            )
        name_borders(written, [layer.name for layer in spec.inputs], [output])
        stamp_layers(written, [layer.name for layer in spec.layers], _layer_of)
        _finish(written, spec.name)
        onnx.checker.check_model(written, full_check=True)
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise WorkbenchError(
            ErrorCode.EXPORT_FAILED, str(error), path=str(target), why=lines[0][:300]
        ) from error
    return written


def _signature(model: DesignModel) -> list[tf.TensorSpec]:
    return [tf.TensorSpec((None, *layer.output_shape), tf.float32) for layer in model.spec.inputs]


def _graph(model: DesignModel) -> tf.types.experimental.PolymorphicFunction:
    """Return a function of inputs in the design's layout, each layer's operations under its own scope."""

    def answer(*given: tf.Tensor) -> tf.Tensor:
        inputs = []
        for layer, value in zip(model.spec.inputs, given):
            with tf.name_scope(_SCOPE + layer.name):
                inputs.append(from_design(value, layer.output_shape))
        last = model.spec.outputs[0]
        values = model.walk(inputs, lambda name: tf.name_scope(_SCOPE + name))
        with tf.name_scope(f"{_SCOPE}{last}/border"):
            return to_design(values[last], model.output_shape)

    return tf.function(answer, input_signature=_signature(model))


def _layer_of(node: onnx.NodeProto) -> str:
    scope = node.name.split("/")[0]
    return scope[len(_SCOPE) :] if scope.startswith(_SCOPE) else ""


def _finish(model: onnx.ModelProto, name: str) -> None:
    """Name the graph and its free axis; what tf2onnx leaves unnamed has no other meaning."""
    model.graph.name = name
    model.graph.doc_string = ""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "batch"
    del model.graph.value_info[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep tf2onnx's notes about its own steps to itself."""
    logger = logging.getLogger("tf2onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), without_chatter():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
