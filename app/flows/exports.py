"""Who writes a run's ONNX file: the engine that trained it, or the design by itself."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from enum import StrEnum

from app.desk import TOOLS, Desk
from engines.contract.events import Event
from engines.contract.jobs import ExportDesignJob, ExportJob, ReferenceJob
from engines.contract.views import ExportView, ReferenceView


class Exporter(StrEnum):
    """Who writes the file; the engine answers for the proof either way."""

    ENGINE = "engine"
    DESIGN = "design"


def write_model(
    desk: Desk, engine: str, job: ExportJob, exporter: Exporter
) -> Generator[Event, None, ExportView]:
    """Write ``job.target`` and ``job.reference``, which always holds the engine's own answers.

    Raises:
        Ended: one of the jobs failed, crashed or was stopped.
    """
    if exporter is Exporter.ENGINE:
        return (yield from desk.ask(engine, job, ExportView))
    written = yield from desk.ask(TOOLS, ExportDesignJob(job.run, job.target, job.checkpoint), ExportView)
    question = ReferenceJob(job.run, job.data, job.reference, job.checkpoint, job.samples)
    answered = yield from desk.ask(engine, question, ReferenceView)
    return replace(written, reference=answered.reference)
