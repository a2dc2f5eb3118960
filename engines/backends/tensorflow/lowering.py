"""What TensorFlow makes of a model: the graph as traced, then after each of Grappler's optimizers.

Nothing is imitated: the runtime itself is told which optimizers it may use, one more at each stage, and is
asked for the graph that it ran (``export_run_metadata``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.evaluate import load_run
from engines.backends.tensorflow.export import layer_of_scope, traced
from engines.backends.tensorflow.runtime import use_threads
from engines.contract.events import Event
from engines.contract.jobs import LowerJob
from engines.contract.views import EdgeView, GraphView, NodeView, TensorView
from engines.training import lowering
from engines.training.control import ControlFlags
from engines.training.lowering import Stage
from engines.training.run_folder import read_run

Array = npt.NDArray[Any]

OPTIMIZERS = (
    ("function_optimization", "Functions inlined"),
    ("shape_optimization", "Shapes simplified"),
    ("constant_folding", "Constants folded"),
    ("arithmetic_optimization", "Arithmetic simplified"),
    ("layout_optimizer", "Memory layout"),
    ("remapping", "Operations fused (remapper)"),
    ("loop_optimization", "Loops"),
    ("dependency_optimization", "Dependencies pruned"),
)
"""Grappler's optimizers by their switch, in the order in which it runs them."""
_HIDDEN = ("Const", "NoOp")
_BORDERS = {"_Arg": "Input", "Placeholder": "Input", "_Retval": "Output"}


def lower(job: LowerJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the stages of a run's model."""
    use_threads(read_run(Path(job.run)).threads or 1)
    model = load_run(Path(job.run), job.checkpoint)
    compiler = f"Grappler {tf.__version__}"
    return lowering.lower(job, flags, "tensorflow", compiler, stages(model), len(OPTIMIZERS) + 1)


def stages(model: DesignModel) -> Iterator[Stage]:
    """Make one stage after the other; the switches are as they were once all are made."""
    before = tf.config.optimizer.get_experimental_options()
    frozen = convert_variables_to_constants_v2(traced(model).get_concrete_function())
    shapes = {tensor.name: tensor for node in frozen.graph.get_operations() for tensor in node.outputs}
    allowed: dict[str, bool] = {"disable_meta_optimizer": True}
    try:
        yield _stage("traced", "As traced, weights frozen", frozen, model, shapes, allowed)
        allowed = {name: False for name, _ in OPTIMIZERS} | {"implementation_selector": False}
        for name, title in OPTIMIZERS:
            allowed[name] = True
            yield _stage(name, title, frozen, model, shapes, allowed)
    finally:
        tf.config.optimizer.set_experimental_options(
            {name: True for name, _ in OPTIMIZERS} | {"disable_meta_optimizer": False} | before
        )


def _stage(
    key: str, title: str, frozen: Any, model: DesignModel, shapes: Mapping[str, Any], allowed: dict[str, bool]
) -> Stage:
    """Let the runtime instantiate the graph with these optimizers, and ask what it made of it."""
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False} | allowed)
    definition = frozen.graph.as_graph_def()
    whole = tf.compat.v1.wrap_function(lambda: tf.graph_util.import_graph_def(definition, name=""), [])
    function = whole.prune([t.name for t in frozen.inputs], [t.name for t in frozen.outputs])
    example = [tf.zeros((2, *layer.output_shape)) for layer in model.spec.inputs]
    context.context().enable_run_metadata()
    try:
        function(*example)
        ran = context.context().export_run_metadata()
    finally:
        context.context().disable_run_metadata()
    graph = ran.function_graphs[-1].post_optimization_graph
    return Stage(key, title, graph_view(graph, model.spec.name, shapes), _runner(function))


def _runner(function: Any) -> Callable[[Array], Array]:
    def run(inputs: Array) -> Array:
        found: Array = function(tf.constant(inputs))[0].numpy()
        return found

    return run


def graph_view(graph: Any, name: str, shapes: Mapping[str, Any]) -> GraphView:
    """Return a ``GraphDef`` as records; ``shapes`` are tensors by name. Constants are counted, no nodes."""
    nodes = {node.name: node for node in graph.node}
    shown = [node for node in graph.node if node.op not in _HIDDEN]
    edges = tuple(
        EdgeView(source, node.name, given.removeprefix("^"))
        for node in shown
        for given in node.input
        if not given.startswith("^") and _op(nodes, source := _plain(given)) not in _HIDDEN
    )
    stored = [node.attr["value"].tensor for node in graph.node if node.op == "Const"]
    sizes = [int(np.prod([dim.size for dim in tensor.tensor_shape.dim], dtype=np.int64)) for tensor in stored]
    floats = [size for size, tensor in zip(sizes, stored) if tf.dtypes.DType(tensor.dtype).is_floating]
    return GraphView(
        name=name,
        format="tensorflow",
        nodes=tuple(_node(node, nodes, shapes) for node in shown),
        edges=edges,
        bytes=graph.ByteSize(),
        parameters=sum(floats),
        facts={"constants": str(len(stored))},
    )


def _node(node: Any, nodes: Mapping[str, Any], shapes: Mapping[str, Any]) -> NodeView:
    border = _BORDERS.get(node.op)
    own = layer_of_scope(node.name)
    weights = (layer_of_scope(given) for given in node.input if _op(nodes, _plain(given)) == "Const")
    others = dict.fromkeys(layer for layer in weights if layer and layer != own)
    fused = [word.decode() for word in node.attr["fused_ops"].list.s] if "fused_ops" in node.attr else []
    layer = own or next(iter(others), "")
    return NodeView(
        id=node.name,
        name=node.name,
        op=border or node.op,
        family="io" if border else "other",
        layer=layer,
        merged=tuple(other for other in others if other != layer),
        inputs=tuple(_tensor(given, shapes) for given in node.input if not given.startswith("^")),
        outputs=(_tensor(node.name, shapes),),
        attributes=(("fused", ", ".join(fused)),) if fused else (),
    )


def _op(nodes: Mapping[str, Any], name: str) -> str:
    return str(nodes[name].op) if name in nodes else "NoOp"


def _plain(given: str) -> str:
    return given.removeprefix("^").split(":")[0]


def _tensor(given: str, shapes: Mapping[str, Any]) -> TensorView:
    found = shapes.get(given if ":" in given else f"{given}:0")
    if found is None or found.shape.rank is None:
        return TensorView(given, "", ())
    sizes = tuple("batch" if size is None else str(size) for size in found.shape.as_list())
    return TensorView(given, found.dtype.name, sizes)
