"""The child process: however it ends, one event tells how, and nothing of it stays."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import (
    Control,
    Crashed,
    Event,
    Failed,
    Finished,
    Log,
    Metrics,
    Stopped,
    Stopping,
    is_last,
)
from engines.contract.faults import failure
from engines.contract.jobs import ProbeJob, TrainJob
from engines.host.process import ProcessHost
from tests.helpers.fake_jobs import fake_training
from tests.helpers.processes import until_gone

pytestmark = pytest.mark.commands

HOUSE = Path(__file__).parents[2]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")


def run(job: Any, **options: Any) -> list[Event]:
    host = ProcessHost("fake", **options)
    try:
        return list(host.run(job))
    finally:
        host.close()


@pytest.mark.parametrize(
    ("device", "cause", "exit_code", "number"),
    [
        pytest.param("fake:crash@3", "signal", 0, 9, marks=posix),
        ("fake:exit@2", "exit", 3, 0),
        pytest.param("fake:segfault@2", "signal", 0, 11, marks=posix),
        pytest.param("fake:garbage@2", "garbage", 0, 9, marks=posix),
    ],
)
def test_that_a_crash_is_told_by_how_it_came(
    tmp_path: Path, device: str, cause: str, exit_code: int, number: int
) -> None:
    events = run(fake_training(tmp_path, device))
    last = events[-1]
    assert isinstance(last, Crashed)
    assert (last.cause, last.exit_code, last.signal) == (cause, exit_code, number)
    assert [event.seq for event in events] == list(range(len(events)))


def test_that_a_crash_carries_the_last_words_on_stderr(tmp_path: Path) -> None:
    last = run(fake_training(tmp_path, "fake:exit"))[-1]
    assert isinstance(last, Crashed)
    assert last.stderr == "the fake engine exits"


@posix
def test_that_a_segfault_shows_where_it_happened(tmp_path: Path) -> None:
    last = run(fake_training(tmp_path, "fake:segfault"))[-1]
    assert isinstance(last, Crashed)
    assert "Segmentation fault" in last.stderr
    assert "_segfault" in last.stderr


@settings(max_examples=12)
@given(at=st.integers(0, 40), way=st.sampled_from(["crash", "exit", "garbage", "raise", "quit"]))
def test_that_there_is_one_last_event_wherever_it_breaks(
    tmp_path_factory: pytest.TempPathFactory, at: int, way: str
) -> None:
    folder = tmp_path_factory.mktemp("crash")
    events = run(fake_training(folder, f"fake:{way}@{at}", epochs=3))
    assert [is_last(event) for event in events] == [False] * (len(events) - 1) + [True]
    assert isinstance(events[-1], (Crashed, Failed, Finished))


@posix
def test_that_a_killed_child_is_told_of_within_three_seconds(tmp_path: Path) -> None:
    host = ProcessHost("fake")
    killed_at = 0.0
    for event in host.run(fake_training(tmp_path, "fake:slow", epochs=10_000)):
        if isinstance(event, Metrics) and not killed_at:
            killed_at = time.monotonic()
            os.kill(host.pid, signal.SIGKILL)
        last = event
    assert isinstance(last, Crashed)
    assert (last.cause, last.signal) == ("signal", 9)
    assert time.monotonic() - killed_at < 3
    host.close()


@posix
def test_that_what_a_child_left_in_its_group_ends_with_it() -> None:
    """A worker that starts a helper and dies: the helper is swept."""
    code = (
        "import subprocess, sys, os\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print(child.pid, flush=True)\n"
        "os._exit(5)\n"
    )
    events = run(ProbeJob(), command=[sys.executable, "-c", code])
    logs = [event for event in events if isinstance(event, Log)]
    assert isinstance(events[-1], Crashed)
    assert until_gone(int(logs[0].text))


def test_that_output_becomes_log_lines_before_the_last_event(tmp_path: Path) -> None:
    events = run(fake_training(tmp_path, "fake:print"))
    logs = [(event.level, event.text) for event in events if isinstance(event, Log)]
    assert sorted(logs) == [
        ("info", "and no end"),
        ("info", "printed by python"),
        ("info", "written to the descriptor"),
        ("warning", "warned by python"),
    ]
    assert isinstance(events[-1], Finished)


def test_that_a_flood_of_events_arrives_whole_and_in_order(tmp_path: Path) -> None:
    events = run(fake_training(tmp_path, "fake:chatty", epochs=1))
    chat = [event.text for event in events if isinstance(event, Log)]
    assert len(chat) >= 2000
    assert chat[:2000] == [f"chat {number}" for number in range(2000)]
    assert [event.seq for event in events] == list(range(len(events)))


def rungs(events: list[Event]) -> list[str]:
    return [event.rung for event in events if isinstance(event, Stopping)]


@posix
@pytest.mark.parametrize(
    ("device", "wanted"), [("fake:deaf", ["ask", "terminate", "kill"]), ("fake:silent", ["ask", "terminate"])]
)
def test_that_a_child_that_does_not_stop_is_ended_rung_by_rung(
    tmp_path: Path, device: str, wanted: list[str]
) -> None:
    host = ProcessHost("fake", ask_seconds=0.3, terminate_seconds=0.5)
    events: list[Event] = []
    for event in host.run(fake_training(tmp_path, device)):
        if len(events) == 1:
            host.stop(keep=True)
        events.append(event)
    host.close()
    assert rungs(events)[: len(wanted)] == wanted
    assert isinstance(events[-1], Crashed)
    assert events[-1].cause == "deaf"


def test_that_a_child_that_never_says_hello_is_given_up() -> None:
    last = run(ProbeJob(), command=[sys.executable, "-c", "import time; time.sleep(600)"], hello_seconds=0.5)[
        -1
    ]
    assert isinstance(last, Crashed)
    assert last.cause == "silent"


def test_that_an_interpreter_that_fails_tells_why() -> None:
    events = run(ProbeJob(), command=[sys.executable, "-c", "raise SystemExit('no such framework')"])
    last = events[-1]
    assert isinstance(last, Crashed)
    assert (last.cause, last.exit_code, last.stderr) == ("exit", 1, "no such framework")


def test_that_a_missing_interpreter_is_named(tmp_path: Path) -> None:
    program = str(tmp_path / "no-python")
    with pytest.raises(WorkbenchError) as caught:
        run(ProbeJob(), python=program)
    assert caught.value.code is ErrorCode.HOST_NOT_STARTED
    assert caught.value.facts["program"] == program


CALLER = """
import json, sys
from multiprocessing.connection import Client
settings = json.loads(sys.stdin.readline())
connection = Client(settings["address"], authkey=bytes.fromhex(settings["key"]))
connection.send_bytes({message!r})
sys.stdin.close()
try:
    connection.recv_bytes()
    connection.recv_bytes()
except EOFError:
    pass
"""


def caller(message: bytes) -> list[str]:
    """Return the command of a worker that says ``message`` first and then waits."""
    return [sys.executable, "-c", CALLER.format(message=message)]


@posix
def test_that_raw_garbage_on_the_wire_ends_the_child() -> None:
    last = run(ProbeJob(), command=caller(b"\x00\xff" * 50))[-1]
    assert isinstance(last, Crashed)
    assert last.cause == "garbage"


@pytest.mark.parametrize("framed_as", [1, 2])
def test_that_a_worker_of_another_version_is_refused(framed_as: int) -> None:
    hello = {"kind": "hello", "protocol": 2, "engine": "", "version": "", "pid": 1, "python": ""}
    header = json.dumps({"protocol": framed_as, "record": hello, "arrays": []}).encode()
    last = run(ProbeJob(), command=caller(b"MWRT" + len(header).to_bytes(4, "little") + header))[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.PROTOCOL_MISMATCH.value
    assert last.facts == {"theirs": "2", "ours": 1}


def test_that_a_caller_without_the_key_gets_nowhere() -> None:
    """It may call as often as it likes: the host waits for the one that knows the key."""
    code = CALLER.replace('bytes.fromhex(settings["key"])', "b'guess'")
    last = run(ProbeJob(), command=[sys.executable, "-c", code.format(message=b"")])[-1]
    assert isinstance(last, Crashed)
    assert last.cause == "exit"
    assert "AuthenticationError" in last.stderr


def test_that_neither_key_nor_address_shows_in_arguments_or_environment(tmp_path: Path) -> None:
    host = ProcessHost("fake", reusable=True)
    list(host.run(ProbeJob()))
    child = psutil.Process(host.pid)
    given = set(os.environ.values())  # what runs the tests has names of its own there
    seen = [*child.cmdline(), *(value for value in child.environ().values() if value not in given)]
    host.close()
    assert seen[1] == str(HOUSE / "engines" / "host" / "worker" / "__main__.py")
    assert [text for text in seen if re.search(r"[0-9a-f]{32}|listener-|pipe", text)] == []


def test_that_a_spent_host_takes_no_second_run(tmp_path: Path) -> None:
    host = ProcessHost("fake")
    list(host.run(fake_training(tmp_path)))
    with pytest.raises(WorkbenchError) as caught:
        list(host.run(ProbeJob()))
    assert caught.value.code is ErrorCode.HOST_SPENT
    host.close()


def test_that_a_reusable_host_replaces_a_crashed_child(tmp_path: Path) -> None:
    host = ProcessHost("fake", reusable=True)
    list(host.run(ProbeJob()))
    before = host.pid
    assert isinstance(list(host.run(fake_training(tmp_path, "fake:exit")))[-1], Crashed)
    assert isinstance(list(host.run(ProbeJob()))[-1], Finished)
    assert host.pid not in (0, before)
    host.close()


def test_that_a_warmed_child_is_the_one_that_answers(tmp_path: Path) -> None:
    host = ProcessHost("fake")
    host.warm()
    pid = host.pid
    assert pid
    hello = next(iter(host.run(fake_training(tmp_path))))
    assert getattr(hello, "pid", 0) == pid
    host.close()


def test_that_a_warmed_child_that_was_killed_is_replaced(tmp_path: Path) -> None:
    host = ProcessHost("fake")
    host.warm()
    host.kill()
    assert isinstance(list(host.run(fake_training(tmp_path)))[-1], Finished)
    host.close()


def test_that_closing_an_idle_host_ends_its_child_by_itself() -> None:
    host = ProcessHost("fake", reusable=True)
    list(host.run(ProbeJob()))
    pid = host.pid
    host.close()
    assert host.pid == 0
    assert until_gone(pid)


@posix
def test_that_a_job_over_its_time_limit_fails_by_name(tmp_path: Path) -> None:
    last = run(fake_training(tmp_path, "fake:silent"), time_limit=1.0)[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.TIME_LIMIT.value
    assert last.facts == {"job": "train", "seconds": 1.0}


def test_that_a_job_that_tells_nothing_when_something_is_expected_is_ended(tmp_path: Path) -> None:
    host = ProcessHost("fake")
    events = list[Event]()
    for event in host.run(fake_training(tmp_path, "fake:silent")):
        events.append(event)
        if not isinstance(event, Log):
            host.expect(1.0)
    host.close()
    last = events[-1]
    assert isinstance(last, Failed)
    assert (last.code, last.facts) == (ErrorCode.TIME_LIMIT.value, {"job": "train", "seconds": 1.0})


def test_that_what_is_expected_once_binds_only_the_next_event(tmp_path: Path) -> None:
    host = ProcessHost("fake")
    host.expect(0.001)  # of nobody
    seen = list[Event]()
    for event in host.run(fake_training(tmp_path)):
        seen.append(event)
        if len(seen) == 2:
            host.expect(30.0)
    host.close()
    assert isinstance(seen[-1], Finished)


def test_that_a_job_over_its_memory_fails_by_name(tmp_path: Path) -> None:
    last = run(fake_training(tmp_path, "fake:hungry"), memory_bytes=1 << 30)[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.OUT_OF_MEMORY.value
    assert last.facts == {"job": "train", "limit": 1 << 30}


def test_that_control_never_blocks_even_where_nobody_reads(tmp_path: Path) -> None:
    """The worker below never reads: a hundred thousand controls fill every buffer there is."""
    hello = {"kind": "hello", "protocol": 1, "engine": "", "version": "", "pid": 1, "python": ""}
    header = json.dumps({"protocol": 1, "record": hello, "arrays": []}).encode()
    code = CALLER.format(message=b"MWRT" + len(header).to_bytes(4, "little") + header)
    code = code[: code.index("try:")] + "print('here', flush=True)\nimport time\ntime.sleep(600)\n"
    host = ProcessHost("fake", command=[sys.executable, "-c", code])
    events = host.run(ProbeJob())
    assert isinstance(next(events), Log)
    start = time.monotonic()
    for number in range(100_000):
        host.control(Control("set", {"learning_rate": float(number)}))
    assert time.monotonic() - start < 20
    host.kill()
    assert isinstance(list(events)[-1], Crashed)
    host.close()


def test_that_stop_from_another_thread_reaches_a_silent_wait(tmp_path: Path) -> None:
    """Nothing arrives, yet the ladder starts at once: the wait is woken, not polled."""
    job: TrainJob = fake_training(tmp_path, "fake:slow", epochs=10_000)
    host = ProcessHost("fake")
    events = host.run(job)
    next(events)
    threading.Timer(0.1, host.stop, [True]).start()
    rest = list(events)
    assert rungs(rest) == ["ask"]
    assert isinstance(rest[-1], Stopped)
    host.close()


@pytest.mark.parametrize("which", ["exit", "wire", "stdout", "writer"])
def test_that_where_no_thread_can_be_started_the_lack_of_memory_is_told_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    begin, pids = threading.Thread.start, list[int]()

    def start(thread: threading.Thread) -> None:
        if thread.name == f"fake {which}":
            raise RuntimeError("can't start new thread")
        begin(thread)

    def popen(*arguments: Any, **named: Any) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(*arguments, **named)
        pids.append(process.pid)
        return process

    monkeypatch.setattr(threading.Thread, "start", start)
    monkeypatch.setattr("engines.host.child.subprocess", SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE))
    host = ProcessHost("fake")
    try:
        last: Event = list(host.run(fake_training(tmp_path)))[-1]
    except WorkbenchError as fault:
        last = failure(fault, "train")
    finally:
        host.close()
    assert isinstance(last, Failed)
    assert (last.code, last.facts) == ("out_of_memory", {"job": "start", "limit": 0})
    assert until_gone(pids[0])
