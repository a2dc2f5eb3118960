"""What every engine's ``jobs`` shares: which module of a backend answers which job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.jobs import (
    EngineJob,
    EvaluateJob,
    ExportJob,
    LowerJob,
    ProbeJob,
    ReferenceJob,
    SaveJob,
    TrainJob,
    TuneJob,
)
from engines.training.control import ControlFlags

Answerer = Callable[[EngineJob, ControlFlags], Iterator[Event]]

_ANSWERS: dict[type, tuple[str, str]] = {
    TrainJob: ("train", "train"),
    TuneJob: ("train", "tune_here"),
    EvaluateJob: ("evaluate", "evaluate"),
    ExportJob: ("export", "export"),
    ReferenceJob: ("export", "write_answers"),
    SaveJob: ("saving", "save"),
    LowerJob: ("lowering", "lower"),
}
"""Module and function of a backend by job; each takes the job and the flags."""


def answer(package: str, job: EngineJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer ``job`` by the modules of the backend ``package``; its framework comes with the first.

    Raises:
        WorkbenchError: for whatever keeps the job from being done.
    """
    if isinstance(job, ProbeJob):
        return _probe(package)
    if type(job) not in _ANSWERS:
        raise WorkbenchError(ErrorCode.RECORD_MALFORMED, where="job", why=type(job).__name__)
    module, function = _ANSWERS[type(job)]
    found: Answerer = getattr(import_module(f"{package}.{module}"), function)
    return found(job, flags)


def _probe(package: str) -> Iterator[Event]:
    yield Answer(record=import_module(f"{package}.probe").probe())
