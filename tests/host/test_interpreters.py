"""The real host with interpreters that misbehave, and with others that work."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Crashed, Event, Failed, Finished, Hello, Log, Stopped, Stopping
from engines.contract.jobs import ProbeJob
from engines.environments.last_words import stands_at
from engines.host.process import ProcessHost
from tests.environments.fake_pythons import fake_python, needs_scripts, real_python
from tests.helpers.processes import until_gone

pytestmark = pytest.mark.commands


def probed(python: str, hello_seconds: float = 60.0) -> list[Event]:
    host = ProcessHost("fake", python, hello_seconds=hello_seconds, close_seconds=0.5)
    try:
        return list(host.run(ProbeJob()))
    finally:
        host.close()


def logged(events: list[Event]) -> str:
    return "\n".join(event.text for event in events if isinstance(event, Log))


@needs_scripts
def test_that_an_interpreter_that_hangs_is_ended_and_told_as_silent(tmp_path: Path) -> None:
    said = tmp_path / "pid"
    began = time.monotonic()
    events = probed(fake_python(tmp_path, f"sleep 600 & echo $! > {said}; wait"), hello_seconds=1.0)
    assert isinstance(events[-1], Crashed)
    assert events[-1].cause == "silent"
    assert time.monotonic() - began < 20
    assert until_gone(int(said.read_text()))


@needs_scripts
def test_that_an_interpreter_that_hangs_at_its_first_import_is_silent_too(tmp_path: Path) -> None:
    events = probed(real_python(tmp_path, inside="import time; time.sleep(600)"), hello_seconds=2.0)
    assert isinstance(events[-1], Crashed)
    assert events[-1].cause == "silent"


@needs_scripts
def test_that_an_engine_that_hangs_while_it_is_imported_is_ended_in_time(tmp_path: Path) -> None:
    inside = (
        "import sys, threading, time\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'engines.backends.fake.probe': time.sleep(600)\n"
        "sys.meta_path.insert(0, Slow())"
    )
    host = ProcessHost("fake", real_python(tmp_path, inside=inside), start_seconds=4.0, close_seconds=0.5)
    try:
        last = list(host.run(ProbeJob()))[-1]
    finally:
        host.close()
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.TIME_LIMIT.value
    assert stands_at(last.details) == (str(tmp_path / "site" / "sitecustomize.py"), 4)


@needs_scripts
def test_that_a_probe_that_is_told_to_stop_is_gone_at_once_whatever_it_imports(tmp_path: Path) -> None:
    inside = (
        "import sys\n"
        "class Slow:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'engines.backends.fake.probe':\n"
        "            import time; print('importing', flush=True); time.sleep(600)\n"
        "sys.meta_path.insert(0, Slow())"
    )
    host = ProcessHost("fake", real_python(tmp_path, inside=inside), close_seconds=0.5)
    rungs = []
    try:
        for event in host.run(ProbeJob()):
            if isinstance(event, Log) and event.text == "importing":
                pid = host.pid
                host.stop(keep=False)
            if isinstance(event, Stopping):
                rungs.append((event.rung, event.deadline))
    finally:
        host.close()
    assert rungs == [("ask", 1.0), ("terminate", 1.0)]
    assert isinstance(event, Stopped)
    assert until_gone(pid)


@needs_scripts
def test_that_one_that_exits_at_import_is_told_with_its_last_words(tmp_path: Path) -> None:
    inside = "import os, sys; print('no licence', file=sys.stderr, flush=True); os._exit(5)"
    events = probed(real_python(tmp_path, inside=inside))
    assert isinstance(events[-1], Crashed)
    assert (events[-1].cause, events[-1].exit_code) == ("exit", 5)
    assert "no licence" in events[-1].stderr


@needs_scripts
def test_that_one_that_prints_is_heard_and_works(tmp_path: Path) -> None:
    events = probed(real_python(tmp_path, "echo from the shell", "print('from the site')"))
    assert "from the shell" in logged(events)
    assert "from the site" in logged(events)
    assert any(isinstance(event, Answer) for event in events)
    assert isinstance(events[-1], Finished)


@needs_scripts
def test_that_a_program_that_is_no_python_ends_with_its_own_words(tmp_path: Path) -> None:
    events = probed(fake_python(tmp_path, "echo usage: shell FILE >&2; exit 2"))
    assert isinstance(events[-1], Crashed)
    assert "usage: shell FILE" in events[-1].stderr


def test_that_a_file_that_is_no_program_is_refused_before_anything_runs(tmp_path: Path) -> None:
    text = tmp_path / "python"
    text.write_text("words")
    with pytest.raises(WorkbenchError) as caught:
        probed(str(text))
    assert caught.value.code is ErrorCode.HOST_NOT_STARTED


@needs_scripts
def test_that_a_worker_of_another_age_is_told_by_both_versions(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[2]); import engines.contract.events as e; e.PROTOCOL = 99; "
        "import engines.contract.wire as w; w.PROTOCOL = 99; import engines.host.worker.answer as a; "
        "a.PROTOCOL = 99; from engines.host.worker.loop import main; main()"
    )
    house = Path(__file__).parents[2]
    python = fake_python(tmp_path, f'exec "{sys.executable}" -c \'{code}\' x "{house}"')
    last = probed(python)[-1]
    assert isinstance(last, Failed)
    assert last.code == ErrorCode.PROTOCOL_MISMATCH.value
    assert "99" in str(last.facts["theirs"])


def old_python() -> str:
    """Return a Python 3.10 with NumPy and nothing else, or skip."""
    prepared = Path(__file__).parents[2] / ".venv-worker"
    python = prepared / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not python.exists():
        pytest.skip("no Python 3.10 was prepared here")
    return str(python)


def test_that_python_3_10_with_numpy_alone_serves_an_engine() -> None:
    python = old_python()
    listed = subprocess.run([python, "-m", "pip", "list", "--format=freeze"], capture_output=True, text=True)
    assert {line.partition("==")[0].lower() for line in listed.stdout.split()} <= {
        "numpy",
        "pip",
        "setuptools",
    }
    events = probed(python)
    hello = next(event for event in events if isinstance(event, Hello))
    assert hello.python.startswith("3.10.")
    assert any(isinstance(event, Answer) for event in events)
    assert isinstance(events[-1], Finished)
