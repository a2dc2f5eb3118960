"""The table of the tools host: which generator answers which job. Each is imported when first asked."""

from __future__ import annotations

import importlib
from collections.abc import Iterator

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event
from engines.contract.jobs import ToolsJob
from engines.training.control import ControlFlags

TOOLS: dict[str, tuple[str, str]] = {
    "prepare_data": ("engines.data.prepare", "run"),
    "preview_data": ("engines.data.preview", "run"),
    "describe_layer": ("engines.training.own_code", "describe"),
    "export_design": ("engines.graph.jobs", "export_design"),
    "read_graph": ("engines.exchange.jobs", "read_graph"),
    "lay_out": ("engines.graph.stages", "lay_out_stages"),
    "prove": ("engines.graph.onnx_jobs", "prove"),
    "profile_onnx": ("engines.graph.onnx_jobs", "profile_onnx"),
    "optimize": ("engines.graph.jobs", "optimize"),
    "evaluate_onnx": ("engines.graph.onnx_jobs", "evaluate_onnx"),
}
"""A job's kind, and the module and function that answer it."""


def run(job: ToolsJob, flags: ControlFlags) -> Iterator[Event]:
    """Yield the events of ``job``."""
    if job.kind not in TOOLS:
        raise WorkbenchError(ErrorCode.JOB_UNSUPPORTED, engine="tools", job=job.kind)
    module, function = TOOLS[job.kind]
    yield from getattr(importlib.import_module(module), function)(job, flags)


def warm() -> None:
    """Import what the first look at a model needs."""
    importlib.import_module("engines.graph.jobs")
