"""One row of the message table, and one message told: what happened, why, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Message:
    """The sentences of one error code, as format strings over its facts; ``button`` is an action's id.

    Every row says what to do (``todo``); ``why`` may be empty where there is nothing to add.
    """

    what: str
    why: str
    todo: str
    button: str = ""


@dataclass(frozen=True)
class Told:
    """A message with its facts filled in; ``details`` is text to copy, never the sentence itself."""

    what: str
    why: str
    todo: str
    button: str = ""
    details: str = ""

    @property
    def text(self) -> str:
        """The sentences as one paragraph, for a log line."""
        return " ".join(part for part in (self.what, self.why, self.todo) if part)
