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


class WorkbenchError(Exception):
    """A fault with a code and facts, raised in any room, told to the person by ``app/messages``.

    ``details`` is text to copy (a traceback, a tool's output), never shown as the sentence itself.
    """

    def __init__(self, code: ErrorCode, details: str = "", /, **facts: Fact) -> None:
        super().__init__(f"{code.value}: {facts}")
        self.code = code
        self.facts: Mapping[str, Fact] = facts
        self.details = details
