"""What the engines page is given: records of the contract beside words that the application chose."""

from __future__ import annotations

from dataclasses import dataclass

from engines.contract.capabilities import EngineHealth
from widgets.controls.drops import DropRow, DropSection

STATES = {
    "ready": ("ready", "good"),
    "warning": ("ready, with a warning", "warning"),
    "checking": ("looking …", "busy"),
    "missing": ("not installed", ""),
    "half_made": ("half installed", "bad"),
    "broken": ("does not work", "bad"),
    "unknown": ("not waited for", "warning"),
    "installing": ("installing …", "busy"),
}
"""What is said of an engine's state, and how grave it is."""
STARTING = "still starting, {seconds} s"
SKIP = "skip"
"""What is asked for by the button beside an engine that is still starting."""


@dataclass(frozen=True)
class FindingLine:
    """One finding of the doctor in words; ``mend`` is what ``button`` asks for, "" where only words help."""

    what: str
    why: str = ""
    todo: str = ""
    severity: str = "bad"
    mend: str = ""
    button: str = ""
    details: str = ""


@dataclass(frozen=True)
class InstallView:
    """An installation under way or just ended: ``state`` is running, done, stopped or failed.

    ``share`` is 0 to 1; ``stage`` says what is done now, or how it ended.
    """

    state: str
    stage: str = ""
    share: float = 0.0


@dataclass(frozen=True)
class EngineView:
    """One engine on the page.

    ``state`` is a key of ``STATES``. ``interpreters`` are what it can run in, ``interpreter`` the one it
    does, at the path ``python``; ``mends`` are buttons beside it: pairs of what is asked for and its words.
    ``facts`` are pairs of a title and a value. ``abilities`` are its precisions and ways to run,
    ``providers``: an execution provider, what it computes on, and why it does not start here ("": it does).
    """

    name: str
    title: str
    state: str
    summary: str = ""
    version: str = ""
    health: EngineHealth | None = None
    findings: tuple[FindingLine, ...] = ()
    interpreters: tuple[DropRow, ...] = ()
    interpreter: str = ""
    python: str = ""
    place: str = ""
    mends: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    abilities: tuple[DropSection, ...] = ()
    providers: tuple[tuple[str, str, str], ...] = ()
    install: InstallView | None = None
    seconds: int = 0  # for so long an engine that takes its time has been looked at
