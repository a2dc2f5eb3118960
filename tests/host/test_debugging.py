"""Breakpoints in the engine's own process, set by an editor that attaches over the debugger's protocol."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

import engines.backends.fake.train as fake_train
from engines.backends.fake.train import curve
from engines.contract.errors import ErrorCode
from engines.contract.events import Crashed, Event, Failed, Finished, Listening, Metrics, Stopped, Stopping
from engines.contract.jobs import DebugChoice, TrainJob
from engines.host.process import ProcessHost
from engines.host.worker import debugging
from engines.training.control import ControlFlags
from tests.helpers.editor import Editor
from tests.helpers.fake_jobs import fake_training
from tests.helpers.processes import until_gone

pytestmark = pytest.mark.commands

MODULE = Path(fake_train.__file__)
LINE = 1 + next(
    number
    for number, line in enumerate(MODULE.read_text(encoding="utf-8").splitlines())
    if "self._step = first_step + len(batches)" in line
)


def debugged(folder: Path, wait: bool = True, epochs: int = 1) -> TrainJob:
    return replace(fake_training(folder, epochs=epochs), debug=DebugChoice(wait=wait))


class Followed:
    """A job whose events are collected in a thread, as a window's flow does."""

    def __init__(self, host: ProcessHost, job: TrainJob) -> None:
        self.events: list[Event] = []
        self._arrived = threading.Condition()
        self._thread = threading.Thread(target=self._follow, args=(host, job))
        self._thread.start()

    def _follow(self, host: ProcessHost, job: TrainJob) -> None:
        for event in host.run(job):
            with self._arrived:
                self.events.append(event)
                self._arrived.notify_all()

    def wait_for(self, kind: type[Any], more_than: int = 0) -> Any:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.of_kind(kind)) > more_than, 60), self.events
        return self.of_kind(kind)[0]

    def of_kind(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    def end(self) -> Event:
        self._thread.join(60)
        return self.events[-1]


@pytest.fixture
def host() -> Iterator[ProcessHost]:
    made = ProcessHost("fake", ask_seconds=0.3, terminate_seconds=0.3)
    yield made
    made.close()


def test_that_a_breakpoint_in_a_backend_stops_there_shows_its_values_and_lets_go_on(
    host: ProcessHost, tmp_path: Path
) -> None:
    job = debugged(tmp_path)
    run = Followed(host, job)
    listening = run.wait_for(Listening)
    assert (listening.host, listening.state) == ("127.0.0.1", "waiting")
    with Editor(listening.port, {MODULE: [LINE]}) as editor:
        frame = editor.stopped()
        assert (Path(frame["source"]["path"]), frame["line"]) == (MODULE, LINE)
        assert editor.look("len(batches), first_step", frame) == "(5, 0)"
        editor.go_on()
        assert editor.look("first_step", editor.stopped()) == "5"
        editor.go_on()
        assert isinstance(run.end(), Finished)
    losses = np.concatenate([one.values["loss"] for one in run.of_kind(Metrics)])
    np.testing.assert_array_equal(losses, curve(0, 10, 10, 0))


def test_that_no_step_is_done_before_the_editor_has_attached(host: ProcessHost, tmp_path: Path) -> None:
    run = Followed(host, debugged(tmp_path))
    run.wait_for(Listening)
    assert not (tmp_path / "run").exists()
    host.stop(keep=True)
    assert isinstance(run.end(), Stopped)
    assert not (tmp_path / "run").exists()


def test_that_a_run_told_not_to_wait_trains_without_an_editor(host: ProcessHost, tmp_path: Path) -> None:
    run = Followed(host, debugged(tmp_path, wait=False))
    assert isinstance(run.end(), Finished)
    assert [one.state for one in run.of_kind(Listening)] == ["listening"]


def test_that_only_this_machine_can_attach(host: ProcessHost, tmp_path: Path) -> None:
    run = Followed(host, debugged(tmp_path))
    port = run.wait_for(Listening).port
    heard = [
        one.laddr.ip
        for one in psutil.Process(host.pid).net_connections("tcp")
        if one.status == psutil.CONN_LISTEN and one.laddr.port == port
    ]
    host.kill()
    run.end()
    assert heard == ["127.0.0.1"]


def at_a_breakpoint(host: ProcessHost, run: Followed) -> Editor:
    editor = Editor(run.wait_for(Listening).port, {MODULE: [LINE]})
    editor.stopped()
    return editor


def test_that_a_run_at_a_breakpoint_is_killed_at_once(host: ProcessHost, tmp_path: Path) -> None:
    run = Followed(host, debugged(tmp_path))
    with at_a_breakpoint(host, run):
        pid = host.pid
        host.kill()
        assert isinstance(run.end(), Crashed)
    assert until_gone(pid)


@pytest.mark.parametrize("keep", [True, False])
def test_that_a_run_at_a_breakpoint_obeys_a_stop_though_nobody_lets_it_go_on(
    tmp_path: Path, keep: bool
) -> None:
    host = ProcessHost("fake")
    run = Followed(host, debugged(tmp_path, epochs=1000))
    with at_a_breakpoint(host, run):
        host.stop(keep=keep)
        ended = run.end()
    assert isinstance(ended, Stopped)
    assert ended.kept is keep
    assert [one.rung for one in run.of_kind(Stopping)] == ["ask"]
    host.close()


def test_that_a_run_goes_on_when_its_editor_vanishes_and_another_can_attach(tmp_path: Path) -> None:
    host = ProcessHost("fake")
    run = Followed(host, debugged(tmp_path, epochs=1000))
    with at_a_breakpoint(host, run):
        before = len(run.of_kind(Metrics))
    run.wait_for(Metrics, more_than=before + 5)
    with at_a_breakpoint(host, run):
        host.stop(keep=False)
        assert isinstance(run.end(), Stopped)
    host.close()


def test_that_no_deadline_of_the_host_ends_a_run_that_stands_at_a_breakpoint(tmp_path: Path) -> None:
    host = ProcessHost("fake", hello_seconds=10, ask_seconds=0.1, terminate_seconds=0.1, lost_seconds=0.1)
    run = Followed(host, debugged(tmp_path))
    with at_a_breakpoint(host, run) as editor:
        threading.Event().wait(1.5)
        assert host.pid
        editor.clear(MODULE)
        editor.go_on()
        assert isinstance(run.end(), Finished)
    host.close()


def test_that_a_port_that_is_taken_is_told(host: ProcessHost, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = Followed(host, replace(debugged(tmp_path), debug=DebugChoice(port))).end()
    assert isinstance(ended, Failed)
    assert ended.code == ErrorCode.DEBUGGER_REFUSED.value
    assert ended.facts["port"] == port


def test_that_a_python_without_debugger_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "debugpy", None)
    with pytest.raises(debugging.WorkbenchError) as caught:
        list(debugging.listen(DebugChoice(), ControlFlags()))
    assert caught.value.code is ErrorCode.DEBUGGER_MISSING
    assert caught.value.facts["requirement"] == debugging.REQUIREMENT


def test_that_the_requirement_is_the_one_that_is_installed_beside_modelwright() -> None:
    asked = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"{debugging.REQUIREMENT}"' in asked
