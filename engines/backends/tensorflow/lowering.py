"""What TensorFlow makes of a model: the graph as traced, then after each of Grappler's optimizers.

Nothing is imitated: the runtime itself is told which optimizers it may use, one more at each stage, and is
asked for the graph that it then ran.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.evaluate import load_run
from engines.backends.tensorflow.export import layer_of_scope, traced
from engines.backends.tensorflow.runtime import use_threads
from engines.contract.events import Event
from engines.contract.jobs import LowerJob
from engines.contract.spec import GraphSpec
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
_BORDERS = {"_Arg": "Input", "_Retval": "Output"}
_KERNEL = re.compile("^_(MklNative|Mkl)?")
"""What the name of an operation has before it where oneDNN or a fused kernel does it."""


def lower(job: LowerJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the stages of a run's model."""
    use_threads(read_run(Path(job.run)).threads or 1)
    model = load_run(Path(job.run), job.checkpoint)
    compiler = f"Grappler {tf.__version__}"
    return lowering.lower(job, flags, "tensorflow", compiler, stages(model), len(OPTIMIZERS) + 1)


def stages(model: DesignModel) -> Iterator[Stage]:
    """Make one stage after the other, each in a session of its own with the optimizers it may use."""
    frozen = convert_variables_to_constants_v2(traced(model).get_concrete_function())
    shapes = {tensor.name: tensor for node in frozen.graph.get_operations() for tensor in node.outputs}
    yield _stage("traced", "As traced, weights frozen", frozen, model.spec, shapes, None)
    for number, (name, title) in enumerate(OPTIMIZERS, start=1):
        allowed = [switch for switch, _ in OPTIMIZERS[:number]]
        yield _stage(name, title, frozen, model.spec, shapes, allowed)


def _stage(
    key: str,
    title: str,
    frozen: Any,
    spec: GraphSpec,
    shapes: Mapping[str, Any],
    allowed: Sequence[str] | None,
) -> Stage:
    """Let the runtime run the graph with these optimizers, None of them with None, and ask what it ran."""
    inputs, outputs = frozen.inputs, [found.name for found in frozen.outputs]
    session = tf.compat.v1.Session(graph=frozen.graph, config=_config(allowed))
    options = tf.compat.v1.RunOptions(output_partition_graphs=True)
    told = tf.compat.v1.RunMetadata()
    example = {given.name: np.zeros((2, *given.shape[1:]), given.dtype.as_numpy_dtype) for given in inputs}
    session.run(outputs, example, options=options, run_metadata=told)
    ask = session.make_callable(outputs, feed_list=list(example))

    def run(batch: Array) -> Array:
        found: Array = ask(batch)[0]
        return found

    return Stage(key, title, graph_view(told.partition_graphs[0], spec, shapes), run)


def _config(allowed: Sequence[str] | None) -> Any:
    # On the CPU alone: with a GPU the graph would come in two parts.
    config = tf.compat.v1.ConfigProto(
        device_count={"GPU": 0}, intra_op_parallelism_threads=1, inter_op_parallelism_threads=1
    )
    rewrite = config.graph_options.rewrite_options
    rewrite.disable_meta_optimizer = allowed is None
    rewrite.min_graph_nodes = -1
    switch = type(rewrite)
    for name, _ in OPTIMIZERS:
        setattr(rewrite, name, switch.ON if name in (allowed or ()) else switch.OFF)
    return config


def graph_view(graph: Any, spec: GraphSpec, shapes: Mapping[str, Any]) -> GraphView:
    """Return a ``GraphDef`` as records; ``shapes`` are tensors by name.

    Constants are counted, no nodes; neither is what hangs on constants alone and feeds nothing any more.
    """
    nodes = {node.name: node for node in graph.node}
    edges = tuple(
        EdgeView(source, node.name, given)
        for node in graph.node
        for given in node.input
        if not given.startswith("^") and _op(nodes, source := _plain(given)) not in _HIDDEN
    )
    linked = {end for edge in edges for end in (edge.source, edge.target)}
    stored = [node.attr["value"].tensor for node in graph.node if node.op == "Const"]
    sizes = [int(np.prod([dim.size for dim in tensor.tensor_shape.dim], dtype=np.int64)) for tensor in stored]
    floats = [size for size, tensor in zip(sizes, stored) if tf.dtypes.DType(tensor.dtype).is_floating]
    return GraphView(
        name=spec.name,
        format="tensorflow",
        nodes=tuple(_node(node, nodes, spec, shapes) for node in graph.node if node.name in linked),
        edges=edges,
        bytes=graph.ByteSize(),
        parameters=sum(floats),
        facts={"constants": str(len(stored))},
    )


def _node(node: Any, nodes: Mapping[str, Any], spec: GraphSpec, shapes: Mapping[str, Any]) -> NodeView:
    border = _BORDERS.get(node.op)
    own = layer_of_scope(node.name)
    weights = (layer_of_scope(given) for given in node.input if _op(nodes, _plain(given)) == "Const")
    others = dict.fromkeys(layer for layer in weights if layer and layer != own)
    fused = [word.decode() for word in node.attr["fused_ops"].list.s] if "fused_ops" in node.attr else []
    layer = own or next(iter(others), "")
    told = {"kernel": "" if border else node.op, "fused": ", ".join(fused)}
    return NodeView(
        id=node.name,
        name=_border_name(node, spec) if border else node.name,
        op=border or _KERNEL.sub("", node.op),
        family="io" if border else "other",
        layer=layer,
        merged=tuple(other for other in others if other != layer),
        inputs=tuple(_tensor(given, shapes) for given in node.input if not given.startswith("^")),
        outputs=(_tensor(node.name, shapes),),
        attributes=tuple((key, value) for key, value in told.items() if value),
    )


def _border_name(node: Any, spec: GraphSpec) -> str:
    return spec.inputs[node.attr["index"].i].name if node.op == "_Arg" else spec.outputs[0]


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
