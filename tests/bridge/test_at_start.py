"""What comes before an engine's work: lines of a process that may be dying, and a wrong version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.desk import Desk
from app.engine_facts.health import version_notes
from app.engine_facts.places import choose
from app.engine_facts.reports import save_reports
from engines.contract.capabilities import EngineReport
from engines.contract.events import Crashed, Event, Failed, Finished, Hello, Log, Progress, Starting
from engines.contract.jobs import Job
from engines.registry import ENGINES
from tests.helpers.fake_jobs import fake_training

TORCH = next(row for row in ENGINES if row.name == "torch")
HELLO = Hello(1, "torch", "", 1, "3.11")
FIRST, SECOND = Log("warning", "Traceback"), Log("warning", "ImportError: no numpy")
THERE = Progress("engine", 1, 1)


class Played:
    """A host that says what it is told to."""

    pid = 1

    def __init__(self, *events: Event) -> None:
        self._events = events

    def run(self, job: Job) -> Iterator[Event]:
        yield from self._events

    def close(self) -> None:
        """Nothing is held."""


def told(tmp_path: Path, *events: Event) -> list[Event]:
    with Desk(lambda engine: Played(*events)) as desk:  # type: ignore[arg-type]
        return list(desk.run("torch", fake_training(tmp_path)))


def test_that_what_a_process_wrote_that_died_at_its_start_is_details_and_no_lines(
    tmp_path: Path,
) -> None:
    *before, last = told(tmp_path, HELLO, FIRST, SECOND, Crashed("exit", 1, 0, "Traceback\nImportError: no"))
    assert before == [HELLO]
    assert isinstance(last, Failed)
    assert last.code == "engine_half_installed"
    assert last.details == "Traceback\nImportError: no"


def test_that_what_a_process_wrote_that_somebody_killed_is_there_to_read(tmp_path: Path) -> None:
    killed = Crashed("signal", 0, 9, "")
    assert told(tmp_path, HELLO, FIRST, killed) == [HELLO, FIRST, killed]


@pytest.mark.parametrize("sign", [THERE, Starting("torch", 5, 180), Finished()])
def test_that_lines_come_in_their_order_once_there_is_more_to_tell(tmp_path: Path, sign: Event) -> None:
    said: list[Event] = [HELLO, FIRST, SECOND, sign, Log("info", "later"), Finished()]
    assert told(tmp_path, *said) == said


def test_that_lines_of_an_engine_that_works_come_at_once(tmp_path: Path) -> None:
    class Endless(Played):
        def run(self, job: Job) -> Iterator[Event]:
            yield from self._events
            pytest.fail("more was asked for than there is to show")

    with (
        Desk(lambda engine: Endless(HELLO, THERE, FIRST)) as desk,  # type: ignore[arg-type]
        closing(desk.run("torch", fake_training(tmp_path))) as running,
    ):
        assert [next(running) for _ in range(3)] == [HELLO, THERE, FIRST]


@pytest.mark.parametrize(("version", "warned"), [("1.13.1", True), ("2.13.0+cpu", False), ("99.0", True)])
def test_that_a_run_on_a_version_that_nothing_was_written_for_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, version: str, warned: bool
) -> None:
    monkeypatch.setattr("app.engine_facts.health.version", lambda package: version)
    notes = list(version_notes(TORCH))
    assert [(note.level, note.code) for note in notes] == ([("warning", "engine_version")] if warned else [])
    assert all(note.text.startswith(f"PyTorch {version} is not a version") for note in notes)


def test_that_of_another_interpreter_counts_what_the_engine_said_there(home: Path, tmp_path: Path) -> None:
    choose("torch", str(tmp_path / "python"))
    assert list(version_notes(TORCH)) == []  # nobody has asked it yet
    save_reports({"torch": EngineReport("torch", "1.13.1", ())})
    assert [note.facts["version"] for note in version_notes(TORCH)] == ["1.13.1"]


def test_that_a_package_under_another_name_is_known_from_its_report(home: Path) -> None:
    assert list(version_notes(replace(TORCH, package="no_such_package"))) == []
