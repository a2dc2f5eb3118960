"""An engine as its page in Settings shows it: the doctor's records put into words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from app.engine_facts.choices import mode_rows, precision_rows
from app.engine_facts.places import kept_of, place_of
from app.messages import words
from app.messages.table import tell
from engines.contract.capabilities import (
    EngineHealth,
    EngineReport,
    EngineRow,
    Finding,
    Interpreter,
    Interpreters,
)
from engines.contract.errors import ErrorCode
from engines.environments.chosen import OTHER, OWN, THIS
from engines.environments.kept import ABSENT, HALF_MADE
from engines.environments.locked import LOCKED
from widgets.controls.drops import DropRow, DropSection
from widgets.settings.views import SKIP, EngineView, FindingLine, InstallView


@dataclass(frozen=True)
class Known:
    """What the window knows of one engine: the doctor's answer, the last report, what is under way."""

    health: EngineHealth | None = None
    report: EngineReport | None = None
    looking: bool = False
    seconds: int = 0  # for how long a slow engine has been looked at
    install: InstallView | None = None
    others: Interpreters = field(default_factory=Interpreters)


def view_of(row: EngineRow, known: Known) -> EngineView:
    """Return the engine's page in words."""
    place = place_of(row)
    report = known.health.report if known.health else known.report
    findings = tuple(_finding(finding) for finding in known.health.findings) if known.health else ()
    if known.seconds:
        slow = Finding(ErrorCode.ENGINE_SLOW.value, {"title": row.title}, "warning", SKIP)
        findings = (_finding(slow),)
    return EngineView(
        name=row.name,
        title=row.title,
        state=_state(known),
        summary=_summary(row, known),
        version=report.version.split("+")[0] if report else "",
        health=known.health or EngineHealth(row.name, place.python, place.kind, "", known.report),
        findings=findings,
        interpreters=tuple(_interpreters(row, known.others)),
        interpreter=place.python if place.kind == OTHER else place.kind,
        python=place.python,
        place=words.PLACES[place.kind] if _is_made(row, place.kind) else "",
        mends=tuple(_mends(row, place.kind, {finding.mend for finding in findings})),
        facts=tuple(_facts(row, report)) if report else (),
        abilities=tuple(_abilities(row, report)) if report else (),
        providers=tuple(_providers(report)) if report else (),
        install=known.install,
        seconds=known.seconds,
    )


def _state(known: Known) -> str:
    if known.install is not None and known.install.state == "running":
        return "installing"
    if known.looking or known.health is None or not known.health.state:
        return "checking"
    warned = any(finding.severity == "warning" for finding in known.health.findings)
    return "warning" if known.health.state == "ready" and warned else known.health.state


def _summary(row: EngineRow, known: Known) -> str:
    place = place_of(row).kind
    where = words.PLACES_SHORT[place] if _is_made(row, place) else ""
    sentence = (words.TRAINS if row.trains else words.TRAINS_NOT).format(where=where)
    told = known.health is not None and any(
        finding.code == ErrorCode.ENGINE_RETIRED.value for finding in known.health.findings
    )
    return f"{sentence} {words.RETIRED_SENTENCE}" if row.retired and not told else sentence


def _is_made(row: EngineRow, place: str) -> bool:
    return place != OWN or kept_of(row.name).state() != ABSENT


def _finding(finding: Finding) -> FindingLine:
    told = tell(finding.code, finding.facts)
    missing = finding.code == ErrorCode.ENGINE_MISSING.value
    return FindingLine(
        told.what,
        told.why,
        told.todo,
        "missing" if missing else finding.severity,
        finding.mend,
        words.MENDS.get(finding.mend, ""),
        told.details,
    )


def _interpreters(row: EngineRow, others: Interpreters) -> Iterator[DropRow]:
    place, own = place_of(row), kept_of(row.name)
    here = words.CANNOT_LIVE_HERE if row.own_environment else ""
    yield DropRow(THIS, words.THIS_PYTHON, reason=here)
    if row.name in LOCKED:
        state = own.state()
        mark = own.read_mark()
        beside = words.OWN_STATES.get(state, mark.python if mark else "")
        refused = state in (ABSENT, HALF_MADE) and place.kind != OWN
        yield DropRow(OWN, words.OWN_PYTHON, beside, beside if refused else "")
    known = {found.python: found for found in others.found}
    if place.kind == OTHER:
        yield _other(row, known.get(place.python, Interpreter(place.python, "")), chosen=True)
    for python, found in known.items():
        if python not in (place_of(row).python, str(own.python)):
            yield _other(row, found, chosen=False)


def _other(row: EngineRow, found: Interpreter, *, chosen: bool) -> DropRow:
    version = found.engines.get(row.name, "")
    what = f"{row.title} {version}" if version else words.WITHOUT_ENGINE.format(title=row.title)
    beside = " · ".join(part for part in (found.version, what) if part)
    if chosen:
        return DropRow(found.python, found.python, beside if found.version else "", short=words.YOUR_PYTHON)
    if found.why_not:
        told = words.WHY_NOT.get(found.why_not, words.WHY_NOT_ELSE)
        return DropRow(found.python, found.python, reason=told.format(version=found.version))
    return DropRow(found.python, found.python, beside, "" if version else beside)


def _mends(row: EngineRow, place: str, told: set[str]) -> Iterator[tuple[str, str]]:
    state = kept_of(row.name).state()
    if row.name in LOCKED and state == ABSENT and "install" not in told:
        yield "install", words.MENDS["install_own"]
    if state != ABSENT and "repair" not in told:
        yield "repair", words.MENDS["make_anew"]
    if state != ABSENT:
        yield "remove", words.MENDS["remove"]
    if place == OTHER and "forget" not in told:
        yield "forget", words.MENDS["forget"]


def _facts(row: EngineRow, report: EngineReport) -> Iterator[tuple[str, str]]:
    yield row.title, report.version
    yield words.FACTS["python"], report.python
    for key, value in report.facts.items():
        yield words.FACTS.get(key, key), value or words.NO_FACT
    if report.layers:
        yield words.FACTS["layers"], str(len(report.layers))


def _abilities(row: EngineRow, report: EngineReport) -> Iterator[DropSection]:
    if not row.trains:
        return
    yield DropSection("precision", words.PRECISION, precision_rows(report), "")
    if row.modes:
        yield DropSection("run_mode", words.RUN_MODE, mode_rows(row, report), "")


def _providers(report: EngineReport) -> Iterator[tuple[str, str, str]]:
    for name in report.providers:
        yield name, words.PROVIDERS.get(name, ("", ""))[1], report.refusals.get(f"provider/{name}", "")
