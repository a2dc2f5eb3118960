"""Write a run's checkpoint as ONNX, as PyTorch sees it: nothing folded, batch norm still there."""

from __future__ import annotations

import ast
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import onnx
import torch

from engines.backends.onnx_names import add_metadata, name_borders, stamp_layers
from engines.backends.torch.build import DesignModule
from engines.backends.torch.evaluate import load_run
from engines.backends.torch.reference import write_reference
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.files import make_folder, write_atomic
from engines.contract.jobs import ExportJob, ReferenceJob
from engines.contract.views import ExportView, ReferenceView
from engines.training.control import ControlFlags
from engines.training.model_facts import held_out_samples, model_facts, output_name
from engines.training.run_folder import read_recipe

OPSET = 20
SCOPES_KEY = "pkg.torch.onnx.name_scopes"
"""Where PyTorch writes a node's module names, outermost first, then the operation."""
_STAGES = ("load", "export", "answer", "write")


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
    module = load_run(run, job.checkpoint)
    yield None
    model = to_onnx(module, output_name(module.spec, read_recipe(run).loss), target)
    add_metadata(model, model_facts(run, module.spec, f"torch {torch.__version__}"))
    yield None
    _answer(job, module)
    yield None
    content = model.SerializeToString()
    make_folder(target.parent)
    write_atomic(target, content)
    yield ExportView(str(target), job.reference, len(content), OPSET, f"torch.onnx {torch.__version__}")


def write_answers(job: ReferenceJob) -> Iterator[Event]:
    """Write ``job.reference`` alone; answered with a ``ReferenceView``."""
    yield Progress(stage="reference", done=0, total=1)
    samples = _answer(job, load_run(Path(job.run), job.checkpoint))
    yield Answer(ReferenceView(job.reference, samples))
    yield Finished()


def _answer(job: ExportJob | ReferenceJob, module: DesignModule) -> int:
    inputs = held_out_samples(Path(job.data), job.samples)
    make_folder(Path(job.reference).parent)
    write_reference(Path(job.reference), module, inputs)
    return len(inputs)


def to_onnx(module: DesignModule, output: str, target: Path) -> onnx.ModelProto:
    """Return the module as an ONNX model with a free batch length, named as the design is.

    Raises:
        WorkbenchError: ``EXPORT_FAILED`` with the exporter's first line; all of it in the details.
    """
    spec = module.spec
    examples = tuple(torch.zeros(2, *layer.output_shape) for layer in spec.inputs)
    batch = torch.export.Dim("batch")
    try:
        with _quiet():
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
        name_borders(model, [layer.name for layer in spec.inputs], [output])
        stamp_layers(model, [layer.name for layer in spec.layers], _module_of, (SCOPES_KEY,))
        model.graph.name = spec.name
        onnx.checker.check_model(model, full_check=True)
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise WorkbenchError(
            ErrorCode.EXPORT_FAILED, str(error), path=str(target), why=lines[0][:300]
        ) from error
    return model


def _module_of(node: onnx.NodeProto) -> str:
    written = next((entry.value for entry in node.metadata_props if entry.key == SCOPES_KEY), "[]")
    return next(iter(ast.literal_eval(written)[1:-1]), "")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's notes about absent add-ons and its own deprecations to itself."""
    logger = logging.getLogger("torch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
