"""From an exception to the last event of the job that it ended, for the wire and for a run's record."""

from __future__ import annotations

import errno
import traceback

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Failed
from engines.contract.files import FULL


def is_lack_of_memory(error: BaseException) -> bool:
    """Tell whether the system gave no more memory: also a file that cannot be mapped, a thread not begun."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    no_thread = isinstance(error, RuntimeError) and "can't start new thread" in str(error)
    return no_thread or isinstance(error, MemoryError)


def failure(error: BaseException, job: str) -> Failed:
    """Return the last event of a job of the kind ``job`` that ``error`` ended."""
    details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    if isinstance(error, WorkbenchError):
        return Failed(error.code.value, dict(error.facts), error.details or details)
    if is_lack_of_memory(error):
        return Failed(ErrorCode.OUT_OF_MEMORY.value, {"job": job, "limit": 0}, details)
    if isinstance(error, OSError) and error.errno in FULL:
        facts = {"path": str(error.filename or ""), "why": error.strerror or ""}
        return Failed(ErrorCode.DISK_FULL.value, facts, details)
    facts = {"what": type(error).__name__, "why": str(error)}
    return Failed(ErrorCode.UNEXPECTED.value, facts, details)
