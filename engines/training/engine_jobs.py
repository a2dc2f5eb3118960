"""What every engine's ``jobs`` shares: which module of a backend answers which job."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Progress
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

    The stage ``engine`` is over once that is there: whatever ends the process later is the job's.

    Raises:
        WorkbenchError: for whatever keeps the job from being done.
    """
    if isinstance(job, ProbeJob):
        yield Answer(record=_imported(package, "probe").probe())
        return
    if type(job) not in _ANSWERS:
        raise WorkbenchError(ErrorCode.RECORD_MALFORMED, where="job", why=type(job).__name__)
    module, function = _ANSWERS[type(job)]
    found: Answerer = getattr(_imported(package, module), function)
    yield Progress(stage="engine", done=1, total=1)
    yield from found(job, flags)


def _imported(package: str, module: str) -> ModuleType:
    """Import a backend's module, and with it the framework; raises ``ENGINE_UNIMPORTABLE``."""
    try:
        return import_module(f"{package}.{module}")
    except WorkbenchError:
        raise
    except (Exception, SystemExit) as error:  # a framework may end its process where it finds no licence
        raise WorkbenchError(
            ErrorCode.ENGINE_UNIMPORTABLE,
            "".join(traceback.format_exception(type(error), error, error.__traceback__)),
            engine=package.rsplit(".", 1)[-1],
            python=sys.executable,
            what=type(error).__name__,
            why=str(error),
        ) from error
