"""Write a run's checkpoint as ONNX, as jax2onnx sees it: layer by layer, joined in the design's order."""

from __future__ import annotations

import importlib
import pkgutil
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import onnx
from flax import nnx

from engines.backends import exporting
from engines.backends.jax.build import DesignModel
from engines.backends.jax.evaluate import load_run
from engines.backends.jax.joining import join, layer_of
from engines.backends.jax.layers import from_design, to_design
from engines.backends.jax.reference import answers, layer_answers
from engines.backends.onnx_names import name_as_design
from engines.contract.events import Event
from engines.contract.jobs import ExportJob, ReferenceJob
from engines.contract.spec import LayerSpec
from engines.training.control import ControlFlags
from engines.training.own_code import export_fault_at, lines_of

OPSET = 21
_PLUGINS = ("jax2onnx.plugins.jax", "jax2onnx.plugins.flax.nnx")
"""What is exported here is written in these alone."""


def export(job: ExportJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.target`` and ``job.reference``; answered with an ``ExportView``."""
    return exporting.export(job, flags, _exporter())


def write_answers(job: ReferenceJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.reference`` alone; answered with a ``ReferenceView``."""
    return exporting.write_answers(job, _exporter())


def _exporter() -> exporting.Exporter[DesignModel]:
    name = f"jax2onnx {version('jax2onnx')}"
    return exporting.Exporter(
        f"jax {jax.__version__}", name, OPSET, load_run, to_onnx, answers, layer_answers
    )


def to_onnx(model: DesignModel, output: str, target: Path) -> onnx.ModelProto:
    """Return the model as ONNX: channels first everywhere, a free batch length, the design's names.

    Raises:
        WorkbenchError: ``EXPORT_FAILED``, see ``exporting.export_faults``.
    """
    spec = model.spec
    with exporting.export_faults(target, "onnx_ir", spec, "JAX"), _unpatched():
        _import_plugins()
        module = model.module(model.arrays)
        layers = [layer for layer in spec.layers if layer.layer != "input"]
        parts = [(layer, _part(model, layer, module.layers[layer.name])) for layer in layers]
        written = join(spec, parts, OPSET)
        name_as_design(written, spec, output, layer_of)
        onnx.checker.check_model(written, full_check=True)
    return written


def _part(model: DesignModel, layer: LayerSpec, module: Callable[..., Any]) -> onnx.ModelProto:
    """Return one layer's graph over values in the design's layout."""
    from jax2onnx import to_onnx

    shapes = [model.shapes[name] for name in layer.inputs]
    arguments = [("batch", *shape) for shape in shapes]

    def answer(*values: Any) -> Any:
        given = [from_design(value, shape) for value, shape in zip(values, shapes)]
        return to_design(module(*given), layer.output_shape)

    try:
        written: onnx.ModelProto = to_onnx(answer, arguments, opset=OPSET)
        if layer.source:
            onnx.checker.check_model(written, full_check=True)
    except Exception as error:
        if layer.source:
            raise export_fault_at(layer, _line(error, layer), error, "JAX") from error
        raise
    return written


def _line(error: BaseException, layer: LayerSpec) -> int:
    """Return the line of a file of one's own that an operation came from, where the exporter was at one."""
    place, found = lines_of(layer), 0
    for frame, _ in traceback.walk_tb(error.__traceback__):
        source = getattr(frame.f_locals.get("eqn"), "source_info", None)
        if source is not None and source.traceback is not None:
            frames = [one for one in source.traceback.frames if one.file_name == place]
            found = frames[0].line_num if frames else found
    return found


def _import_plugins() -> None:
    """Import the plugins of jax2onnx that are needed: all, with its examples, take ten times as long."""
    from jax2onnx.plugins import plugin_system

    for name in _PLUGINS:
        package = importlib.import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            importlib.import_module(found.name)
    plugin_system._already_imported_plugins = True


@contextmanager
def _unpatched() -> Iterator[None]:
    """Put back what jax2onnx leaves patched: ``jnp.cumsum`` would raise in this process from then on."""
    kept = [(module, dict(vars(module))) for module in (jnp, jax.lax, jax.nn, nnx)]
    try:
        yield
    finally:
        for module, names in kept:
            for name, value in names.items():
                if vars(module).get(name) is not value:
                    setattr(module, name, value)
