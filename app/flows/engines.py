"""Engines and where they run, step by step: look at them, install, repair, remove, choose an interpreter.

Generators of events over a desk, as in ``app/flows/main_job.py``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from pathlib import Path

from app.bridge.side_by_side import PATIENCE_S, Over, Waiting, side_by_side
from app.desk import Desk, Ended
from app.engine_facts.health import health_of_fault
from app.engine_facts.places import choose, heal, kept_of, place_of
from app.plans import known_engine
from engines.contract.capabilities import (
    EngineHealth,
    EngineReport,
    EngineRow,
    Finding,
    Interpreter,
    Interpreters,
)
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event, Finished, Log, Progress, Starting, Stopped
from engines.contract.jobs import ProbeJob
from engines.environments import discover as pythons
from engines.environments import doctor, gpu, kept
from engines.environments.bases import find_base
from engines.environments.chosen import OTHER, OWN, THIS
from engines.environments.doctor import Place
from engines.environments.locked import LOCKED
from engines.host.process import ProcessHost
from engines.registry import ENGINES

Answering = Generator[Event, None, None]


def probe(desk: Desk, engine: str) -> Generator[Event, None, EngineReport]:
    """Ask an engine in its own process for its version and devices."""
    return (yield from desk.ask(engine, ProbeJob(), EngineReport))


def examine(desk: Desk, engine: str) -> Generator[Event, None, EngineHealth]:
    """Let the doctor look at an engine where it runs; answered with an ``EngineHealth``, and returned.

    The report, where there is one, is answered on the way.

    Raises:
        Ended: it was told to stop.
    """
    row = known_engine(engine)
    health = yield from _health(desk, row, place_of(row))
    yield Answer(health)
    return health


def probe_all(desk: Desk, patience: float = PATIENCE_S) -> Answering:
    """Let the doctor look at every engine; what is wrong is in the answers, and it ends well.

    One that takes long is looked at beside the next ones, and each answers as soon as it is known.

    Raises:
        Ended: it was told to stop.
    """
    states: dict[str, str] = {}
    slow: set[str] = set()
    flows = {row.name: partial(examine, engine=row.name) for row in ENGINES if row.visible}
    for name, said in side_by_side(desk, flows, patience):
        if isinstance(said, Waiting) and said.seconds >= 2 * patience:
            yield _still_starting(name, said, again=name in slow)
            slow.add(name)
        elif isinstance(said, Waiting):
            continue
        elif not isinstance(said, Over):
            yield said
            if isinstance(said, Answer) and isinstance(said.record, EngineHealth):
                states[name] = said.record.state
        elif said.fault is not None and not desk.stopping:
            health = health_of_fault(name, said.fault)
            yield Answer(health)
            states[name] = health.state
    if desk.stopping:
        raise Ended(Stopped(step=0, kept=False))
    yield Finished({"engines": sum(state == "ready" for state in states.values()), **states})


def _still_starting(name: str, waiting: Waiting, *, again: bool) -> Event:
    """Say once that an engine takes long, then for how long."""
    if again:
        return Starting(name, round(waiting.seconds), 0)
    title = known_engine(name).title
    return Log("warning", f"{title} is still starting", ErrorCode.ENGINE_SLOW.value, {"title": title})


def install(desk: Desk, name: str) -> Answering:
    """Install an engine into an environment of its own, run it there from now on, and probe it.

    What was there is made anew. Told to stop, it leaves a half-made environment, which is told apart.

    Raises:
        WorkbenchError: ``ENVIRONMENT_NO_BASE``, ``ENVIRONMENT_BUSY``, ``NETWORK_DOWN``, ``DISK_FULL``,
            ``INSTALL_FAILED`` …, or what the doctor found against the new environment.
    """
    row = known_engine(name)
    if row.name not in LOCKED:
        raise WorkbenchError(ErrorCode.JOB_UNSUPPORTED, engine=name, job="install")
    yield Progress("python", 0, 0)
    base = find_base(LOCKED[name], name, row.title)
    try:
        yield from kept.make(kept_of(name), base, gpu.find() is not None, desk.ended_by)
    except WorkbenchError:
        if not desk.stopping:
            raise
        yield Stopped(step=0, kept=False)
        return
    choose(name, OWN)
    health = yield from examine(desk, name)
    _refuse_what_is_bad(health.findings)
    yield Finished({"engine": name, "version": health.report.version if health.report else ""})


def repair(desk: Desk, name: str) -> Answering:
    """Make an engine's kept environment anew; raises ``ENVIRONMENT_NONE`` where there is none."""
    own = kept_of(known_engine(name).name)
    if own.state() == kept.ABSENT:
        raise WorkbenchError(ErrorCode.ENVIRONMENT_NONE, engine=name, folder=str(own.folder))
    yield from install(desk, name)


def remove(desk: Desk, name: str) -> Answering:
    """Delete the environment that is kept for an engine, and nothing else."""
    row = known_engine(name)
    runs_there = place_of(row).kind == OWN
    kept.remove(kept_of(name))
    if runs_there:
        choose(name, "")
    yield Finished({"engine": name})


def discover(desk: Desk) -> Generator[Event, None, Interpreters]:
    """Find every Python of this machine and what is in it; answered with ``Interpreters``, and returned."""
    rows = [row for row in ENGINES if row.visible]
    paths = pythons.candidates(near=(Path.cwd(), Path.home()))
    found: list[Interpreter] = []
    yield Progress("interpreters", 0, len(paths))
    for one in pythons.discover(rows, paths):
        found.append(one)
        yield Progress("interpreters", len(found), len(paths))
        if desk.stopping:
            break
    interpreters = Interpreters(pythons.sorted_for_a_person(found))
    yield Answer(interpreters)
    yield Finished({"interpreters": len(found)})
    return interpreters


def choose_interpreter(desk: Desk, engine: str, python: str) -> Answering:
    """Run an engine in ``python`` from now on: a path, "" for this interpreter, ``own`` for the kept one.

    Another interpreter is taken only after the engine has answered a probe there. "" gives an engine that
    cannot live here back to its own environment.

    Raises:
        WorkbenchError: what the doctor found against it; the choice before stays.
    """
    row = known_engine(engine)
    place = _place_at(row, python)
    health = yield from _health(desk, row, place)
    if place.kind != THIS:
        _refuse_what_is_bad(health.findings)
    choose(engine, place.python if place.kind == OTHER else "" if row.own_environment else place.kind)
    yield Answer(health)
    yield Finished({"engine": engine, "python": place.python})


def _place_at(row: EngineRow, python: str) -> Place:
    if python == OWN or (row.own_environment and python in ("", THIS)):
        return Place(OWN, str(kept_of(row.name).python))
    if python in ("", THIS):
        return doctor.THIS_PLACE
    return Place(OTHER, str(pythons.python_at(Path(python).expanduser())))


def _health(desk: Desk, row: EngineRow, place: Place) -> Generator[Event, None, EngineHealth]:
    heal(row)
    findings = tuple(doctor.findings_before(row, place, kept_of(row.name)))
    report: EngineReport | None = None
    if doctor.state_of(findings) == "ready":
        report, more = yield from _probed(desk, row, place)
        findings += more
    return EngineHealth(row.name, place.python, place.kind, doctor.state_of(findings), report, findings)


def _probed(
    desk: Desk, row: EngineRow, place: Place
) -> Generator[Event, None, tuple[EngineReport | None, tuple[Finding, ...]]]:
    try:
        if place == place_of(row):
            report = yield from probe(desk, row.name)
        else:
            report = yield from desk.ask_at(ProcessHost(row.name, place.python), ProbeJob(), EngineReport)
    except Ended as ended:
        if isinstance(ended.event, Stopped):
            raise
        if desk.stopping:  # what was ended because it was told to says nothing of the engine
            raise Ended(Stopped(step=0, kept=False)) from ended
        return None, (doctor.finding_of_end(row, place, ended.event),)
    report = replace(report, facts={**report.facts, **gpu.facts(gpu.find())})
    return report, tuple(doctor.findings_of_report(row, place, report))


def _refuse_what_is_bad(findings: tuple[Finding, ...]) -> None:
    for finding in findings:
        if finding.severity == "bad":
            raise WorkbenchError(ErrorCode(finding.code), **finding.facts)
