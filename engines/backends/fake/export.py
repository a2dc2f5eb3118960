"""The fake engine has no computation to export, and says so."""

from __future__ import annotations

from collections.abc import Iterator

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event
from engines.contract.jobs import EvaluateJob, ExportJob, ReferenceJob
from engines.training.control import ControlFlags


def export(job: ExportJob | EvaluateJob | ReferenceJob, flags: ControlFlags) -> Iterator[Event]:
    """Refuse: there are no outputs that could be exported or evaluated."""
    raise WorkbenchError(ErrorCode.JOB_UNSUPPORTED, engine="fake", job=job.kind)
