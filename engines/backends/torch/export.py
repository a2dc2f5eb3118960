"""Write a run's checkpoint as ONNX, as PyTorch sees it: nothing folded, batch norm still there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import onnx
import torch

from engines.backends import exporting
from engines.backends.onnx_names import name_as_design
from engines.backends.torch.build import DesignModule
from engines.backends.torch.evaluate import load_run
from engines.backends.torch.reference import answers, layer_answers
from engines.contract.events import Event
from engines.contract.jobs import ExportJob, ReferenceJob
from engines.training.control import ControlFlags

OPSET = 20
SCOPES_KEY = "pkg.torch.onnx.name_scopes"
"""Where PyTorch writes a node's module names, outermost first, then the operation."""


def export(job: ExportJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.target`` and ``job.reference``; answered with an ``ExportView``."""
    return exporting.export(job, flags, _exporter())


def write_answers(job: ReferenceJob, flags: ControlFlags) -> Iterator[Event]:
    """Write ``job.reference`` alone; answered with a ``ReferenceView``."""
    return exporting.write_answers(job, _exporter())


def _exporter() -> exporting.Exporter[DesignModule]:
    version = torch.__version__
    return exporting.Exporter(
        f"torch {version}", f"torch.onnx {version}", OPSET, load_run, to_onnx, answers, layer_answers
    )


def to_onnx(module: DesignModule, output: str, target: Path) -> onnx.ModelProto:
    """Return the module as an ONNX model with a free batch length, named as the design is.

    Raises:
        WorkbenchError: ``EXPORT_FAILED``, see ``exporting.export_faults``.
    """
    examples = tuple(torch.zeros(2, *layer.output_shape) for layer in module.spec.inputs)
    batch = torch.export.Dim("batch")
    with exporting.export_faults(target, "torch", module.spec, "PyTorch"):
        program = torch.onnx.export(
            module,
            examples,
            dynamo=True,
            optimize=False,
            verbose=False,
            opset_version=OPSET,
            dynamic_shapes=(tuple({0: batch} for _ in examples),),
        )
        assert program is not None
        model = program.model_proto
        name_as_design(model, module.spec, output, _module_of, (SCOPES_KEY,))
        onnx.checker.check_model(model, full_check=True)
    return model


def _module_of(node: onnx.NodeProto) -> str:
    written = next((entry.value for entry in node.metadata_props if entry.key == SCOPES_KEY), "[]")
    return next(iter(ast.literal_eval(written)[1:-1]), "")
