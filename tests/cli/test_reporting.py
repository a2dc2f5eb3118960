"""From events to exit status and sentences, with hosts that do as they are told."""

from __future__ import annotations

import errno
import json
import signal
from collections.abc import Callable, Iterator

import pytest
import typer

from app.cli import reporting
from app.cli.reporting import HumanPrinter, conclude, exit_status, guarded, stamped, stopping_by_interrupt
from app.desk import TOOLS, Desk, Ended
from app.messages.message import Told
from engines.contract.capabilities import EngineReport
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    Answer,
    Control,
    Crashed,
    Event,
    Failed,
    Finished,
    Log,
    Progress,
    Stopped,
)
from engines.contract.jobs import Job, ProbeJob

REPORT = EngineReport("fake", "1", ())


class ScriptedHost:
    """A host that yields what it was given and writes down what was asked of it."""

    def __init__(self, *events: Event) -> None:
        self.events = events
        self.calls: list[str] = []
        self.pid = 0

    def warm(self) -> None:
        self.calls.append("warm")

    def run(self, job: Job) -> Iterator[Event]:
        self.calls.append(f"run {job.kind}")
        yield from self.events

    def control(self, control: Control) -> None:
        self.calls.append(control.action)

    def stop(self, keep: bool) -> None:
        self.calls.append(f"stop keep={keep}")

    def kill(self) -> None:
        self.calls.append("kill")

    def close(self) -> None:
        self.calls.append("close")


def desk_with(host: ScriptedHost) -> Desk:
    return Desk(lambda engine: host)


def probing(desk: Desk) -> Iterator[Event]:
    report = yield from desk.ask("fake", ProbeJob(), EngineReport)
    yield Finished({"version": report.version})


def ends_with(events: Iterator[Event]) -> Event:
    *_, last = events
    return last


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (Finished(), 0),
        (Stopped(3, True), 130),
        (Failed("unexpected", {}), 1),
        (Crashed("exit", 1, 0, ""), 1),
        (None, 1),
    ],
)
def test_that_only_finished_is_a_success(last: Event | None, status: int) -> None:
    assert exit_status(last) == status


def test_that_an_asked_job_gives_its_answer_and_only_the_command_has_an_end() -> None:
    host = ScriptedHost(Progress("probe", 0, 1), Answer(REPORT), Finished())
    with desk_with(host) as desk:
        kinds = [event.kind for event in guarded(probing, desk)]
    assert kinds == ["progress", "answer", "finished"]
    assert host.calls == ["run probe", "close"]


@pytest.mark.parametrize("end", [Failed("unexpected", {}), Crashed("signal", 0, 9, ""), Stopped(0, False)])
def test_that_a_job_others_depend_on_ends_the_command_as_it_ended_itself(end: Event) -> None:
    with desk_with(ScriptedHost(end)) as desk:
        assert list(guarded(probing, desk)) == [end]


def test_that_a_job_which_forgets_its_answer_is_a_failure() -> None:
    with desk_with(ScriptedHost(Finished())) as desk:
        last = ends_with(guarded(probing, desk))
    assert isinstance(last, Failed)


def test_that_a_fault_and_a_bug_become_the_last_event() -> None:
    def faulty(desk: Desk) -> Iterator[Event]:
        yield Log("info", "begun")
        raise WorkbenchError(ErrorCode.FILE_MISSING, path="x")

    def buggy(desk: Desk) -> Iterator[Event]:
        yield Log("info", "begun")
        raise ZeroDivisionError

    first, second = ends_with(guarded(faulty, Desk())), ends_with(guarded(buggy, Desk()))
    assert isinstance(first, Failed)
    assert isinstance(second, Failed)
    assert (first.code, dict(first.facts)) == ("file_missing", {"path": "x"})
    assert second.code == "unexpected"
    assert "ZeroDivisionError" in second.details


def test_that_events_are_numbered_through_the_whole_command() -> None:
    events = [Log("info", "a", seq=5), Log("info", "b", seq=0), Finished(seq=1)]
    stamps = list(stamped(Desk(), iter(events)))
    assert [event.seq for event in stamps] == [0, 1, 2]
    assert [event.t for event in stamps] == sorted(event.t for event in stamps)


def test_that_the_tools_are_kept_for_the_next_job_and_an_engine_is_not() -> None:
    made: list[str] = []

    def make(engine: str) -> ScriptedHost:
        made.append(engine)
        return ScriptedHost(Answer(REPORT), Finished())

    with Desk(make) as desk:
        for engine in (TOOLS, TOOLS, "fake", "fake"):
            list(desk.run(engine, ProbeJob()))
    assert made == [TOOLS, "fake", "fake"]


def test_that_a_warmed_engine_is_closed_even_where_its_job_never_comes() -> None:
    host = ScriptedHost()
    with desk_with(host) as desk:
        desk.warm("fake")
    assert host.calls == ["warm", "close"]


def press(times: int) -> Callable[[Desk], Iterator[Event]]:
    def work(desk: Desk) -> Iterator[Event]:
        for event in desk.run("fake", ProbeJob()):
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            yield event

    return work


@pytest.mark.parametrize(
    ("presses", "calls"),
    [(1, ["stop keep=True"]), (2, ["stop keep=True", "kill"]), (3, ["stop keep=True", "kill", "kill"])],
)
def test_that_ctrl_c_stops_and_keeps_and_the_second_one_kills(
    presses: int, calls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    host = ScriptedHost(Stopped(1, True))
    before = signal.getsignal(signal.SIGINT)
    with desk_with(host) as desk, stopping_by_interrupt(desk):
        list(guarded(press(presses), desk))
    assert host.calls == ["run probe", *calls, "close"]
    assert signal.getsignal(signal.SIGINT) == before
    assert "Ctrl+C again" in capsys.readouterr().err


def test_that_after_ctrl_c_a_job_that_would_follow_is_stopped_too() -> None:
    host = ScriptedHost(Stopped(0, False))
    with desk_with(host) as desk:
        desk.stop()
        with pytest.raises(Ended):
            list(desk.ask(TOOLS, ProbeJob(), EngineReport))
    assert host.calls == ["stop keep=True", "run probe", "close"]


def run_to_end(
    monkeypatch: pytest.MonkeyPatch, host: ScriptedHost, as_json: bool, printer: HumanPrinter | None = None
) -> int:
    monkeypatch.setattr(reporting, "Desk", lambda: desk_with(host))
    with pytest.raises(typer.Exit) as left:
        conclude(probing, printer or HumanPrinter(), as_json)
    return left.value.exit_code


def test_that_json_goes_to_stdout_and_sentences_to_stderr(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host = ScriptedHost(Failed("disk_full", {"path": "/run/x", "why": "full"}, "tail"))
    assert run_to_end(monkeypatch, host, as_json=True) == 1
    told = capsys.readouterr()
    assert json.loads(told.out)["code"] == "disk_full"
    what, why, todo = told.err.splitlines()[:3]
    assert what.startswith("Error: ")
    assert "/run/x" in what
    assert why.startswith("  ")
    assert "space" in todo
    assert told.err.splitlines()[-2:] == ["Details:", "  tail"]


def test_that_a_person_sees_warnings_but_no_chatter_and_no_moving_line_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    chatter = Log("info", "chatter"), Progress("read", 1, 2), Log("warning", "Careful.")
    host = ScriptedHost(*chatter, Answer(REPORT), Finished())
    assert run_to_end(monkeypatch, host, as_json=False) == 0
    assert capsys.readouterr() == ("Careful.\n", "")


def test_that_on_a_terminal_the_moving_line_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    printer = HumanPrinter()
    monkeypatch.setattr(printer, "_moving", True)
    host = ScriptedHost(Progress("read_graph", 1, 2), Answer(REPORT), Finished())
    assert run_to_end(monkeypatch, host, as_json=False, printer=printer) == 0
    out = capsys.readouterr().out
    assert "read graph  1/2" in out
    assert out.endswith("\r\x1b[2K")


class Leaving:
    """A stdout whose reader goes away, or whose disk is full, after so many lines."""

    encoding = "utf-8"

    def __init__(self, lines: int, fault: OSError) -> None:
        self.lines, self.fault = lines, fault

    def write(self, text: str) -> int:
        self.lines -= text.count("\n")
        if self.lines < 0:
            raise self.fault
        return len(text)

    def flush(self) -> None:
        """Nothing is kept back."""

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        raise ValueError("no file")


@pytest.mark.parametrize(
    ("fault", "status", "said"),
    [
        (BrokenPipeError(), 141, ""),
        (OSError(errno.ENOSPC, "No space left"), 1, "Error: The disk is full: stdout"),
    ],
)
def test_that_work_nobody_hears_of_any_more_is_stopped_and_kept(
    fault: OSError,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    host = ScriptedHost(Progress("a", 0, 1), Progress("b", 0, 1), Stopped(1, True))
    monkeypatch.setattr(reporting, "Desk", lambda: desk_with(host))
    monkeypatch.setattr("sys.stdout", Leaving(1, fault))
    with pytest.raises(typer.Exit) as leaving:
        conclude(lambda desk: desk.run("fake", ProbeJob()), HumanPrinter(), as_json=True)
    assert leaving.value.exit_code == status
    assert "stop keep=True" in host.calls
    assert capsys.readouterr().err.startswith(said)


def test_that_a_closed_stdout_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "Desk", lambda: desk_with(ScriptedHost(Finished())))
    monkeypatch.setattr("sys.stdout", None)
    for as_json in (True, False):
        with pytest.raises(typer.Exit) as leaving:
            conclude(lambda desk: desk.run("fake", ProbeJob()), HumanPrinter(), as_json)
        assert leaving.value.exit_code == 0


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (Told("No.", "It says: bad wire.", "Mend it.", details="bad wire"), False),
        (Told("No.", "It holds nothing.", "Mend it.", details="Traceback (most recent call last):"), False),
        (Told("No.", "", "Copy it.", "copy_details", "Traceback (most recent call last):"), True),
        (Told("No.", "", "Mend it.", details="pip said this"), True),
    ],
)
def test_that_details_are_shown_where_they_say_more(
    told: Told, shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    reporting.complain(told)
    assert ("Details:" in capsys.readouterr().err) is shown
