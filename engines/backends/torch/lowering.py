"""What PyTorch makes of a model: exported to ATen, decomposed, batch norms folded, channels last."""

from __future__ import annotations

import copy
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor, fx, nn
from torch.export import ExportedProgram
from torch.nn.utils.fusion import fuse_conv_bn_weights, fuse_linear_bn_weights

from engines.backends import exporting
from engines.backends.torch.build import DesignModule
from engines.backends.torch.evaluate import load_run
from engines.backends.torch.layers import PopulationBatchNorm
from engines.contract.events import Event
from engines.contract.jobs import LowerJob
from engines.contract.spec import GraphSpec
from engines.contract.views import EdgeView, GraphView, NodeView, TensorView
from engines.training import lowering
from engines.training.control import ControlFlags
from engines.training.lowering import Stage
from engines.training.run_folder import read_run

Array = npt.NDArray[Any]
Run = Callable[[Array], Array]
_STAGES = 4


def lower(job: LowerJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the stages of a run's model."""
    torch.set_num_threads(read_run(Path(job.run)).threads or 1)
    module = load_run(Path(job.run), job.checkpoint).eval()
    compiler = f"torch.export {torch.__version__}"
    return lowering.lower(job, flags, "torch", compiler, stages(module), _STAGES)


def stages(module: DesignModule) -> Iterator[Stage]:
    """Make one stage after the other; ``module`` itself stays as it is."""
    spec = module.spec
    program = exported(module)
    yield Stage("exported", "As exported (ATen)", graph_view(program, spec), runner(module))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        core = program.run_decompositions()
    yield Stage("decomposed", "Decomposed (core ATen)", graph_view(core, spec), runner(core.module()))
    folded = fold_batch_norms(module)
    graph = graph_view(exported(folded), spec)
    yield Stage("folded", "Batch norm folded", graph, runner(folded))
    last = copy.deepcopy(folded).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    yield Stage("channels_last", "Channels last in memory", graph, runner(last, torch.channels_last))


def exported(module: DesignModule) -> ExportedProgram:
    """Return the module as ``torch.export`` sees it, with a free batch length.

    Raises:
        WorkbenchError: ``OWN_LAYER_EXPORT`` where it cannot follow a layer of one's own.
    """
    examples = tuple(torch.zeros(2, *layer.output_shape) for layer in module.spec.inputs)
    batch = torch.export.Dim("batch")
    shapes = (tuple({0: batch} for _ in examples),)
    with exporting.quiet("torch"), exporting.own_faults(module.spec, "PyTorch"):
        return torch.export.export(module, examples, dynamic_shapes=shapes)


def runner(module: Any, layout: torch.memory_format = torch.contiguous_format) -> Run:
    """Return what answers a batch with ``module``, images in this memory layout."""

    def run(inputs: Array) -> Array:
        given = torch.from_numpy(inputs)
        with torch.inference_mode():
            found: Array = module(
                given.contiguous(memory_format=layout) if given.ndim == 4 else given
            ).numpy()
        return found

    return run


def fold_batch_norms(module: DesignModule) -> DesignModule:
    """Return a copy with the batch norms that alone follow a convolution or dense layer in its weights."""
    folded = copy.deepcopy(module)
    kinds: dict[str, Any] = dict(folded.named_children())
    users = Counter(source for layer in module.spec.layers for source in layer.inputs)
    for layer in module.spec.layers:
        norm = kinds.get(layer.name)
        before = kinds.get(layer.inputs[0]) if layer.inputs else None
        if not isinstance(norm, PopulationBatchNorm) or users[layer.inputs[0]] > 1:
            continue
        if isinstance(before, (nn.Conv1d, nn.Conv2d, nn.Linear)):
            _fold(before, norm)
            folded._modules[layer.name] = nn.Identity()
    return folded


def _fold(before: nn.Conv1d | nn.Conv2d | nn.Linear, norm: PopulationBatchNorm) -> None:
    fuse: Any = fuse_linear_bn_weights if isinstance(before, nn.Linear) else fuse_conv_bn_weights
    before.weight, before.bias = fuse(
        before.weight,
        before.bias,
        norm.running_mean,
        norm.running_var,
        norm.epsilon,
        norm.weight,
        norm.bias,
    )


def graph_view(program: ExportedProgram, spec: GraphSpec) -> GraphView:
    """Return an exported program as records; its weights are counted, and no nodes."""
    borders = dict(zip(program.graph_signature.user_inputs, (layer.name for layer in spec.inputs)))
    shown = [node for node in program.graph.nodes if node.op != "placeholder" or node.name in borders]
    names = {node.name for node in shown}
    edges = tuple(
        EdgeView(source.name, node.name, source.name)
        for node in shown
        for source in node.all_input_nodes
        if source.name in names
    )
    weights = [*program.parameters(), *program.buffers()]
    return GraphView(
        name=spec.name,
        format="torch.export",
        nodes=tuple(_node(node, borders.get(node.name, spec.outputs[0])) for node in shown),
        edges=edges,
        bytes=sum(weight.numel() * weight.element_size() for weight in weights),
        parameters=sum(weight.numel() for weight in weights if weight.is_floating_point()),
    )


def _node(node: fx.Node, end: str) -> NodeView:
    """Return a node; ``end`` is what the design calls it where it is an input or the output."""
    border = {"placeholder": "Input", "output": "Output"}.get(node.op)
    stack = node.meta.get("nn_module_stack") or {}
    paths = [path for path, _ in stack.values() if path]
    return NodeView(
        id=node.name,
        name=end if border else node.name,
        op=border or _operator(node),
        family="io" if border else "other",
        layer=paths[0].split(".")[0] if paths else "",
        inputs=tuple(_tensor(source) for source in node.all_input_nodes),
        outputs=(_tensor(node),),
        attributes=() if border else (("operator", str(node.target)),),
    )


def _operator(node: fx.Node) -> str:
    """Return ``conv2d`` of ``aten.conv2d.default``."""
    parts = str(node.target).split(".")
    return parts[1] if len(parts) == 3 else node.name.rstrip("_0123456789")


def _tensor(node: fx.Node) -> TensorView:
    value = node.meta.get("val")
    if not isinstance(value, Tensor):
        return TensorView(node.name, "", ())
    sizes = tuple(str(size) if isinstance(size, int) else "batch" for size in value.shape)
    return TensorView(node.name, str(value.dtype).removeprefix("torch."), sizes)
