"""What is wrong with an engine where it is to run, and what mends it: findings by code, no sentences."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from engines.contract.capabilities import EngineReport, EngineRow, Finding
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Crashed, Failed
from engines.environments import gpu
from engines.environments.asked import OLDEST, Asked, ask, too_old
from engines.environments.chosen import OTHER, OWN, THIS
from engines.environments.kept import ABSENT, HALF_MADE, OUTDATED, Kept
from engines.environments.last_words import MOST, last_words, names_exception, stands_at
from engines.environments.locked import LOCKED

_ON_NVIDIA = {"cuda", "gpu", "tensorrt"}
"""What devices on an NVIDIA GPU are called, up to their number."""

_ABOUT_NVIDIA = ("device/cuda", "provider/CUDAExecutionProvider")
"""Where a report tells why there is none of these."""

_IMPORT_FAULTS = (ErrorCode.ENGINE_UNIMPORTABLE.value, ErrorCode.UNEXPECTED.value)
_KILLS = (2, 9, 15)
"""Signals that come from outside, and say nothing of the engine."""

INSTALL, REPAIR, CHOOSE, FORGET = "install", "repair", "choose", "forget"


@dataclass(frozen=True)
class Place:
    """Where an engine runs: ``kind`` is this, own or other; ``python`` the interpreter's path."""

    kind: str
    python: str


THIS_PLACE = Place(THIS, sys.executable)


def findings_before(row: EngineRow, place: Place, kept: Kept) -> Iterator[Finding]:
    """Look at the place without starting the engine; a finding of severity ``bad`` keeps it from working."""
    state = kept.state() if place.kind == OWN else ""
    if state == HALF_MADE:
        code = ErrorCode.ENVIRONMENT_BUSY if kept.is_busy() else ErrorCode.ENVIRONMENT_HALF_MADE
        mend = "" if kept.is_busy() else REPAIR
        yield _finding(code, mend=mend, engine=row.name, title=row.title, folder=str(kept.folder))
    elif state == ABSENT:
        yield _missing(row)
    else:
        yield from _of_interpreter(row, place)
    if state == OUTDATED:
        facts = {"engine": row.name, "title": row.title, "folder": str(kept.folder)}
        yield Finding(ErrorCode.ENVIRONMENT_OUTDATED.value, facts, "warning", REPAIR)


def _of_interpreter(row: EngineRow, place: Place) -> Iterator[Finding]:
    if place.kind == THIS:
        if importlib.util.find_spec(row.package) is None:
            yield _missing(row)
        return
    try:
        asked = ask(place.python, [row.package, "numpy"])
    except WorkbenchError as fault:
        yield Finding(fault.code.value, dict(fault.facts), mend=REPAIR if place.kind == OWN else FORGET)
        return
    yield from _of_answer(row, place, asked)


def _of_answer(row: EngineRow, place: Place, asked: Asked) -> Iterator[Finding]:
    where: dict[str, str] = {"python": place.python, "version": asked.version}
    if too_old(asked):
        wanted = ".".join(map(str, OLDEST))
        yield _finding(ErrorCode.INTERPRETER_OLD, mend=CHOOSE, wanted=wanted, **where)
    elif row.package not in asked.packages and place.kind == OTHER:
        where["command"] = mending(row, place, _requirements(row))
        yield _finding(ErrorCode.INTERPRETER_WITHOUT_ENGINE, mend=CHOOSE, title=row.title, **where)
    elif row.package not in asked.packages:
        yield _missing(row)
    elif "numpy" not in asked.packages:
        where["command"] = mending(row, place, ("numpy",))
        yield _finding(ErrorCode.INTERPRETER_WITHOUT_NUMPY, mend=_mend(place), **where)


def findings_of_report(row: EngineRow, place: Place, report: EngineReport) -> Iterator[Finding]:
    """Look at what the engine said of itself, and at the machine's GPU."""
    yield from of_version(row, place, report.version)
    yield from _of_gpu(row, place, report, gpu.find())
    if row.retired:
        yield _finding(ErrorCode.ENGINE_RETIRED, "note", title=row.title, version=report.version)


def of_version(row: EngineRow, place: Place, version: str) -> Iterator[Finding]:
    """Warn of a version that the engine's backend was not written for."""
    locked = LOCKED.get(row.name)
    if locked and not _numbers(locked.oldest) <= _numbers(version) < _numbers(locked.below):
        facts = {"title": row.title, "version": version, "oldest": locked.oldest, "below": locked.below}
        command = mending(row, place, locked.requirements)
        yield _finding(ErrorCode.ENGINE_VERSION, "warning", _mend(place), command=command, **facts)


def _of_gpu(row: EngineRow, place: Place, report: EngineReport, found: gpu.Gpu | None) -> Iterator[Finding]:
    locked = LOCKED.get(row.name)
    cuda = report.facts.get("cuda", "")
    if any(device.name.partition(":")[0] in _ON_NVIDIA for device in report.devices):
        return
    if found is None:
        if cuda and (why := gpu.complaint()):
            yield _finding(ErrorCode.DRIVER_SILENT, "note", title=row.title, why=why)
        return
    wanted = locked.wanted(gpu=True)[:1] if locked else (row.install,)
    command = mending(row, place, wanted)
    facts = {"title": row.title, "version": report.version, "gpu": found.title, "driver": found.driver}
    if not cuda:
        yield _finding(ErrorCode.ENGINE_WITHOUT_CUDA, "warning", _mend(place), command=command, **facts)
    elif not gpu.drives(found, cuda):
        facts |= {"cuda": cuda, "wanted": gpu.least_driver(cuda)}
        yield _finding(ErrorCode.DRIVER_OLD, "warning", **facts)
    else:
        why = _own_words(report)
        yield _finding(
            ErrorCode.GPU_NOT_SEEN, "warning", _mend(place), cuda=cuda, why=why, command=command, **facts
        )


def _own_words(report: EngineReport) -> str:
    """Return what the engine says of the GPU that it does not find, "" where it says nothing."""
    return next((report.refusals[key] for key in _ABOUT_NVIDIA if key in report.refusals), "")


def finding_of_end(row: EngineRow, place: Place, end: Failed | Crashed) -> Finding:
    """Return what it means that the engine's process did not answer a probe."""
    command = mending(row, place, _requirements(row), anew=True)
    facts = {"title": row.title, "python": place.python, "command": command}
    if isinstance(end, Failed) and end.code in _IMPORT_FAULTS:
        why = f"{end.facts.get('what')}: {end.facts.get('why')}"[:MOST]
        return _finding(ErrorCode.ENGINE_HALF_INSTALLED, mend=_mend(place), why=why, **facts)
    if isinstance(end, Failed) and end.code != ErrorCode.TIME_LIMIT.value:
        return Finding(end.code, dict(end.facts), mend=_mend(place))
    if isinstance(end, Failed) or end.cause == "silent":
        return Finding(ErrorCode.ENGINE_HANGS.value, {**facts, **_hanging(end)}, mend=_mend(place))
    why = last_words(end.stderr)
    if end.exit_code == 1 and names_exception(why):  # what the worker itself needs could not be imported
        return _finding(ErrorCode.ENGINE_HALF_INSTALLED, mend=_mend(place), why=why, **facts)
    status = end.exit_code or -end.signal
    return _finding(ErrorCode.ENGINE_DIES, mend=_mend(place), status=status, why=why, **facts)


def _hanging(end: Failed | Crashed) -> dict[str, str | int]:
    """Return after how many seconds a hanging engine was given up, and where it stood, as far as is known."""
    found: dict[str, str | int] = {}
    if isinstance(end, Failed):
        found["seconds"] = round(float(end.facts.get("seconds", 0)))
    where = stands_at(end.details if isinstance(end, Failed) else end.stderr)
    if where is not None:
        found["file"], found["line"] = where
    return found


def end_at_start(row: EngineRow, place: Place, end: Failed | Crashed) -> Failed | Crashed:
    """Return in the doctor's words how a job ended whose engine had done nothing yet; else ``end`` itself."""
    if isinstance(end, Failed):
        is_engines = end.code in (ErrorCode.ENGINE_UNIMPORTABLE.value, ErrorCode.TIME_LIMIT.value)
    else:
        is_engines = end.cause in ("exit", "silent") or (end.cause == "signal" and end.signal not in _KILLS)
    if not is_engines:
        return end
    found = finding_of_end(row, place, end)
    details = end.details if isinstance(end, Failed) else end.stderr
    return Failed(found.code, found.facts, details, run=end.run, seq=end.seq, t=end.t)


def mending(row: EngineRow, place: Place, requirements: tuple[str, ...], *, anew: bool = False) -> str:
    """Return the exact command that mends the engine where it is; ours never changes another's place.

    ``anew``: also what pip believes to be there, as it does of a package that lost half of its files.
    """
    if place.kind == OTHER:
        wanted = " ".join(f'"{one}"' for one in requirements)
        how = "--force-reinstall" if anew else "--upgrade"
        return f'"{place.python}" -m pip install {how} {wanted}'
    return f"modelwright engines {'repair' if place.kind == OWN else 'install'} {row.name}"


def state_of(findings: tuple[Finding, ...]) -> str:
    """Return ready, missing, half_made or broken."""
    bad = {finding.code for finding in findings if finding.severity == "bad"}
    if not bad:
        return "ready"
    if ErrorCode.ENGINE_MISSING.value in bad:
        return "missing"
    return "half_made" if ErrorCode.ENVIRONMENT_HALF_MADE.value in bad else "broken"


def _requirements(row: EngineRow) -> tuple[str, ...]:
    locked = LOCKED.get(row.name)
    return locked.requirements if locked else tuple(row.install.split())


def _mend(place: Place) -> str:
    return {OWN: REPAIR, OTHER: CHOOSE}.get(place.kind, INSTALL)


def _missing(row: EngineRow) -> Finding:
    return _finding(
        ErrorCode.ENGINE_MISSING, mend=INSTALL, engine=row.name, title=row.title, install=row.install
    )


def _finding(code: ErrorCode, severity: str = "bad", mend: str = "", **facts: str | int | float) -> Finding:
    return Finding(code.value, facts, severity, mend)


def _numbers(version: str) -> tuple[int, ...]:
    release = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in release.group().split(".")) if release else ()
