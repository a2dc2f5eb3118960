"""The one table from error code and facts to sentences, for window, command line and log alike.

An area's file holds ``ROWS`` for the codes of one room; a new area is one import and one entry below.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from functools import cache

from app.engine_facts.titles import titles
from app.messages import (
    comparing,
    contract,
    data,
    design,
    environments,
    graph,
    host,
    own_layers,
    projects,
    starting,
    training,
    words,
)
from app.messages.endings import ending, is_from_outside
from app.messages.message import Message, Told
from engines.contract.errors import ErrorCode, Fact, WorkbenchError
from engines.contract.events import Crashed, Failed, Log

AREAS = (
    comparing,
    contract,
    data,
    design,
    environments,
    graph,
    host,
    own_layers,
    projects,
    starting,
    training,
)
"""Every file with rows; a test fails where a code has no row, or two."""


class _Facts(dict[str, Fact]):
    """Facts that show a missing one as ``?`` instead of failing while an error is told.

    ``ended`` puts an exit ``status`` into words; ``place`` is a ``file`` with its ``line``, if that is known;
    ``within`` and ``stood`` say after how many ``seconds`` an import was given up, and where it stood;
    ``key`` is what one types for an ``engine``, which is told by its name;
    ``guess`` names the ``nearest`` of what is known, if one is near; ``most`` what a process could have, by
    its ``limit`` in bytes, 0 for none.
    """

    def __missing__(self, key: str) -> str:
        status = self.get("status")
        if key == "ended" and isinstance(status, int):
            return ending(status)
        if key == "place" and "file" in self:
            return f"{self['file']}, line {self['line']}" if self.get("line") else str(self["file"])
        if key == "guess":
            return f"; the nearest is “{self['nearest']}”" if self.get("nearest") else ""
        if key == "within":
            return f" within {self['seconds']} seconds" if self.get("seconds") else ""
        if key == "stood":
            return (
                f"Its import stood still at {self['place']}." if "file" in self else "Its import has no end."
            )
        if key == "most" and "limit" in self:
            limit = int(self["limit"])
            return f"its limit of {limit / (1 << 20):,.0f} MB" if limit else "the system could give it"
        return "?"


_NO_WORDS = "nothing."
"""Stands for the words of somebody who left none, behind “It said:”."""
_UNKNOWN = Message(
    what="Something went wrong that this version of Modelwright does not know ({code}).",
    why="The engine's side may be newer than this one.",
    todo="Update Modelwright, and copy the details if it happens again.",
    button="copy_details",
)


@cache
def rows() -> Mapping[str, Message]:
    """Return every area's rows in one table, by the code's text."""
    return {code.value: message for area in AREAS for code, message in area.ROWS.items()}


def tell(code: ErrorCode | str, facts: Mapping[str, Fact], details: str = "") -> Told:
    """Fill the sentences of ``code`` with ``facts``; a code nobody knows still gets a sentence."""
    key = code.value if isinstance(code, ErrorCode) else code
    message = rows().get(key, _UNKNOWN)
    known = _Facts(_named(facts), code=facts.get("code", key))
    silent = known.get("why") == "" and not message.why.startswith("{why}")
    return Told(
        what=message.what.format_map(known),
        why=_one_stop(message.why.format_map(_Facts(known, why=_NO_WORDS) if silent else known)),
        todo=message.todo.format_map(known),
        button=message.button,
        details=details,
    )


def _one_stop(sentence: str) -> str:
    """Return a sentence whose quoted words brought their own full stop with one stop alone."""
    return sentence[:-1] if sentence.endswith("..") and not sentence.endswith("...") else sentence


def _named(facts: Mapping[str, Fact]) -> dict[str, Fact]:
    """Return the facts with the engine's and the job's names for their keys; ``key`` is what one types."""
    named = dict(facts)
    if "engine" in facts:
        key = str(facts["engine"])
        named |= {"key": key, "engine": {**titles(), "tools": words.TOOLS}.get(key, key)}
    if "job" in facts:
        named["job"] = words.JOBS.get(str(facts["job"]), str(facts["job"]))
    return named


def tell_error(error: BaseException) -> Told:
    """Tell any exception: a ``WorkbenchError`` by its code, another as unexpected."""
    if isinstance(error, WorkbenchError):
        return tell(error.code, error.facts, error.details)
    facts = {"what": type(error).__name__, "why": str(error) or "It gave no reason."}
    return tell(ErrorCode.UNEXPECTED, facts, "".join(traceback.format_exception(error)))


_CRASHES: dict[str, Message] = {
    "exit": Message(
        what="The engine's process ended by itself ({ended}).",
        why="A library of the engine's, or code of yours that it ran, ended it. {last}",
        todo="Resume from the last checkpoint; nothing else is disturbed.",
        button="resume_run",
    ),
    "signal": Message(
        what="The engine's process was ended from outside ({ended}).",
        why="Another program, the system or a lack of memory did it.",
        todo="Resume from the last checkpoint; if memory was short, choose a smaller batch.",
        button="resume_run",
    ),
    "fault": Message(
        what="The engine's process crashed ({ended}).",
        why="A library of the engine's, or code of yours that it ran, did something that the system forbids. "
        "{last}",
        todo="Resume from the last checkpoint; if it happens again, see what mends the engine.",
        button="resume_run",
    ),
    "asked": Message(
        what="The engine's process was ended at once, as you asked.",
        why="It did not come to save where it was.",
        todo="Resume from the last checkpoint; what was saved up to there is kept.",
        button="resume_run",
    ),
    "garbage": Message(
        what="The engine's process answered something that Modelwright cannot read.",
        why="Its version may not fit, or a library of its own wrote where it should not.",
        todo="Start again; if it happens again, reinstall the engine and copy the details.",
        button="copy_details",
    ),
    "silent": Message(
        what="The engine's process never answered.",
        why="Its interpreter did not start, or it hung while it started.",
        todo="Look at the details, then check the engine with “modelwright engines”.",
        button="show_engines",
    ),
    "deaf": Message(
        what="The engine's process did not stop when it was asked, so it was ended.",
        why="It was busy in one long computation.",
        todo="What was saved up to the last checkpoint is kept; resume from there.",
        button="resume_run",
    ),
    "lost": Message(
        what="The connection to the engine's process was lost.",
        why="{last}",
        todo="Resume from the last checkpoint; nothing else is disturbed.",
        button="resume_run",
    ),
}


def tell_event(event: Failed | Crashed) -> Told:
    """Tell how a job ended badly."""
    if isinstance(event, Failed):
        return tell(event.code, event.facts, event.details)
    forbidden = event.cause == "signal" and not is_from_outside(event.signal)
    message = _CRASHES.get("fault" if forbidden else event.cause, _CRASHES["lost"])
    last = (
        "What it wrote last is in the details." if event.stderr.strip() else "It wrote nothing before that."
    )
    facts = {"ended": ending(event.exit_code or -event.signal), "last": last}
    return Told(
        what=message.what.format_map(facts),
        why=message.why.format_map(facts),
        todo=message.todo.format_map(facts),
        button=message.button,
        details=event.stderr,
    )


def tell_log(event: Log | Failed | Crashed) -> str:
    """Return a log line as a person reads it: a message by its code, all else as it came."""
    if not isinstance(event, Log):
        return tell_event(event).what
    return tell(event.code, event.facts).text if event.code else event.text
