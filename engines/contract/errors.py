"""Error codes and the facts they carry; the sentences for a person live in ``app/messages``."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

Fact = str | int | float | bool
"""A plain value that a sentence may name."""


class ErrorCode(str, Enum):
    """What went wrong, one member a kind of fault.

    Each member has exactly one row in ``app/messages``; the comment names the facts it carries.
    """

    UNEXPECTED = "unexpected"  # what (exception type), why (its text)
    RECORD_MALFORMED = "record_malformed"  # where (path in the record), why
    DISK_FULL = "disk_full"  # path, why
    FILE_UNWRITABLE = "file_unwritable"  # path, why
    FILE_UNREADABLE = "file_unreadable"  # path, why
    FILE_MISSING = "file_missing"  # path

    # The command line, projects and sessions.
    PROJECT_UNREADABLE = "project_unreadable"  # path, why
    PROJECT_NEWER = "project_newer"  # path, version, known
    NOT_A_PROJECT = "not_a_project"  # path
    PROJECT_EXISTS = "project_exists"  # path
    DESIGN_NOT_IN_PROJECT = "design_not_in_project"  # design, path, known
    SETTING_UNKNOWN = "setting_unknown"  # setting, known, nearest
    SETTING_INVALID = "setting_invalid"  # setting, value, wanted
    ENGINE_UNKNOWN = "engine_unknown"  # engine, known, nearest
    ENGINE_MISSING = "engine_missing"  # engine, title, install
    NOT_A_RUN = "not_a_run"  # path
    RUN_EXISTS = "run_exists"  # path
    PROOF_FAILED = "proof_failed"  # path, error, bound, reason, where
    NOT_COMPARABLE = "not_comparable"  # first, second


class WorkbenchError(Exception):
    """A fault with a code and facts, raised in any room, told to the person by ``app/messages``.

    ``details`` is text to copy (a traceback, a tool's output), never shown as the sentence itself.
    """

    def __init__(self, code: ErrorCode, details: str = "", /, **facts: Fact) -> None:
        super().__init__(f"{code.value}: {facts}")
        self.code = code
        self.facts: Mapping[str, Fact] = facts
        self.details = details
