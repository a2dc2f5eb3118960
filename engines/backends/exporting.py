"""The export job that every engine shares: load, export, answer, write; the engine does each."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy.typing as npt
import onnx

from engines.backends.onnx_names import add_metadata
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Progress, Stopped
from engines.contract.files import make_folder, write_atomic
from engines.contract.jobs import ExportJob, ReferenceJob
from engines.contract.spec import GraphSpec
from engines.contract.views import ExportView, ReferenceView
from engines.training.control import ControlFlags
from engines.training.model_facts import held_out_samples, model_facts, output_name
from engines.training.own_code import export_fault
from engines.training.reference import reference_file
from engines.training.run_folder import read_recipe

Array = npt.NDArray[Any]
_STAGES = ("load", "export", "answer", "write")


class Built(Protocol):
    """An engine's model, which knows its design."""

    spec: GraphSpec


Model = TypeVar("Model", bound=Built)


@dataclass(frozen=True)
class Exporter(Generic[Model]):
    """An engine's own steps; ``engine`` and ``exporter`` are names with versions.

    ``load`` takes a run's folder and ``best`` or ``last``; ``to_onnx`` the model, its output's name and the
    target to name in a fault; ``answers`` prepares the model to answer batches of any length; it and
    ``layers`` take and give arrays in the design's layout.
    """

    engine: str
    exporter: str
    opset: int
    load: Callable[[Path, str], Model]
    to_onnx: Callable[[Model, str, Path], onnx.ModelProto]
    answers: Callable[[Model], Callable[[Array], Array]]
    layers: Callable[[Model, Array], Mapping[str, Array]]


def export(job: ExportJob, flags: ControlFlags, exporter: Exporter[Model]) -> Iterator[Event]:
    """Write ``job.target`` and ``job.reference``; answered with an ``ExportView``.

    Stages: load, export, answer, write; at each a stop is obeyed, and nothing is left behind.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``CHECKPOINT_NONE``, ``EXPORT_FAILED``, ``FILE_UNWRITABLE`` …
    """
    work = _export(job, exporter)
    for number, stage in enumerate(_STAGES):
        if flags.should_stop:
            yield Stopped(step=number, kept=False)
            return
        yield Progress(stage=stage, done=number, total=len(_STAGES))
        view = next(work)
    assert view is not None
    yield Answer(view)
    yield Finished()


def _export(job: ExportJob, exporter: Exporter[Model]) -> Iterator[ExportView | None]:
    """Do the work, one ``yield`` a stage; the last one gives the view."""
    run, target = Path(job.run), Path(job.target)
    model = exporter.load(run, job.checkpoint)
    yield None
    written = exporter.to_onnx(model, output_name(model.spec, read_recipe(run).loss), target)
    add_metadata(written, model_facts(run, model.spec, exporter.engine))
    yield None
    answers, _ = _answers(job, model, exporter)
    yield None
    content = written.SerializeToString()
    _write(Path(job.reference), answers)
    _write(target, content)
    yield ExportView(str(target), job.reference, len(content), exporter.opset, exporter.exporter)


def write_answers(job: ReferenceJob, exporter: Exporter[Model]) -> Iterator[Event]:
    """Write ``job.reference`` alone; answered with a ``ReferenceView``."""
    yield Progress(stage="reference", done=0, total=1)
    answers, samples = _answers(job, exporter.load(Path(job.run), job.checkpoint), exporter)
    _write(Path(job.reference), answers)
    yield Answer(ReferenceView(job.reference, samples))
    yield Finished()


def _answers(job: ExportJob | ReferenceJob, model: Model, exporter: Exporter[Model]) -> tuple[bytes, int]:
    """Return the content of a reference, and how many samples it holds."""
    inputs = held_out_samples(Path(job.data), job.samples)
    content = reference_file(inputs, exporter.answers(model), lambda part: exporter.layers(model, part))
    return content, len(inputs)


def _write(path: Path, content: bytes) -> None:
    make_folder(path.parent)
    write_atomic(path, content)


@contextmanager
def export_faults(
    target: Path, logger: str, spec: GraphSpec | None = None, title: str = ""
) -> Iterator[None]:
    """Keep an exporter's warnings and the notes of its ``logger`` to itself, and name its faults.

    With ``spec`` and the engine's ``title`` a fault inside a layer of one's own names its line.

    Raises:
        WorkbenchError: ``EXPORT_FAILED`` with the exporter's first line, all of it in the details; or
            ``OWN_LAYER_EXPORT``.
    """
    try:
        with quiet(logger), own_faults(spec, title):
            yield
    except WorkbenchError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise WorkbenchError(
            ErrorCode.EXPORT_FAILED, str(error), path=str(target), why=lines[0][:300]
        ) from error


@contextmanager
def own_faults(spec: GraphSpec | None, title: str) -> Iterator[None]:
    """Tell a fault that lies inside a layer of one's own as that; raises ``OWN_LAYER_EXPORT``."""
    try:
        yield
    except Exception as error:
        own = export_fault(spec, error, title) if spec else None
        if own is not None:
            raise own from error
        raise


@contextmanager
def quiet(name: str) -> Iterator[None]:
    """Keep a library's warnings, its logger's notes, and what it prints about a fault, to itself."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
