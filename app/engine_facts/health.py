"""What is known of an engine's health without asking it, and what a fault on the way says of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from app.engine_facts.places import kept_of, place_of
from app.engine_facts.reports import load_reports
from app.messages.table import tell
from app.plans import is_installed
from engines.contract.capabilities import EngineHealth, EngineRow, Finding
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Failed, Log, Stopped
from engines.environments.chosen import OWN, THIS
from engines.environments.doctor import INSTALL, Place, findings_before, of_version, state_of
from engines.environments.kept import ABSENT, HALF_MADE, Kept
from engines.registry import engine

if TYPE_CHECKING:
    from app.bridge.flow_thread import Outcome

UNKNOWN = "unknown"
"""The state of an engine that somebody stopped looking at."""


def health_without_asking(row: EngineRow) -> EngineHealth | None:
    """Return the health of an engine that is plainly not there or half there, None where it must be asked."""
    place = place_of(row)
    findings: tuple[Finding, ...] = ()
    if place.kind == THIS and not is_installed(row):
        facts = {"engine": row.name, "title": row.title, "install": row.install}
        findings = (Finding(ErrorCode.ENGINE_MISSING.value, facts, mend=INSTALL),)
    elif place.kind == OWN and _is_bad(kept_of(row.name)):
        findings = tuple(findings_before(row, place, kept_of(row.name)))
    if not findings:
        return None
    return EngineHealth(row.name, place.python, place.kind, state_of(findings), None, findings)


def _is_bad(kept: Kept) -> bool:
    return kept.state() in (ABSENT, HALF_MADE) and not kept.is_recoverable()


def health_of_fault(name: str, outcome: Outcome) -> EngineHealth:
    """Return what it means that the doctor himself came to no end, or was stopped."""
    row = engine(name)
    place = place_of(row) if row else None
    findings: tuple[Finding, ...] = ()
    if isinstance(outcome, WorkbenchError):
        findings = (Finding(outcome.code.value, dict(outcome.facts)),)
    elif isinstance(outcome, Failed):
        findings = (Finding(outcome.code, dict(outcome.facts)),)
    elif isinstance(outcome, BaseException):
        facts = {"what": type(outcome).__name__, "why": str(outcome)}
        findings = (Finding(ErrorCode.UNEXPECTED.value, facts),)
    state = "broken" if findings else ""
    if isinstance(outcome, Stopped):
        facts = {"title": row.title if row else name}
        findings, state = (Finding(ErrorCode.ENGINE_SKIPPED.value, facts, "warning"),), UNKNOWN
    return EngineHealth(
        name, place.python if place else "", place.kind if place else "", state, None, findings
    )


def version_notes(row: EngineRow) -> Iterator[Log]:
    """Warn before a run of a version that Modelwright was not written for, where it is known."""
    place = place_of(row)
    known = _known_version(row, place)
    for found in of_version(row, place, known) if known else ():
        yield Log("warning", tell(found.code, found.facts).text, found.code, found.facts)


def _known_version(row: EngineRow, place: Place) -> str:
    """Return the engine's version without starting it, "" where nobody knows."""
    with suppress(PackageNotFoundError):
        if place.kind == THIS:
            return version(row.package)
    report = load_reports().get(row.name)
    return report.version if report else ""


def bad_finding(health: EngineHealth) -> Finding | None:
    """Return the first finding that keeps an engine from working."""
    return next((finding for finding in health.findings if finding.severity == "bad"), None)
