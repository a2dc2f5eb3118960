"""One job's answer: hello first, one last event, whatever the engine yields or raises."""

from __future__ import annotations

import errno
import importlib
import typing
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event, Failed, Finished, Hello, Log, Stopped, is_last
from engines.contract.jobs import ProbeJob, ToolsJob
from engines.host.tools import TOOLS
from engines.host.tools import run as run_tools
from engines.host.worker import answer
from engines.training.control import ControlFlags


def answered(monkeypatch: pytest.MonkeyPatch, *steps: Any) -> list[Event]:
    """Return the answer of an engine that yields or raises ``steps``."""

    def run(job: Any, flags: ControlFlags) -> Iterator[Any]:
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            yield step

    monkeypatch.setattr(answer, "runner_of", lambda engine: run)
    return list(answer.answer("some engine", ProbeJob(), ControlFlags()))


def test_that_an_engine_that_says_nothing_finishes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [type(event) for event in answered(monkeypatch)] == [Hello, Finished]


def test_that_nothing_follows_the_engines_own_last_event(monkeypatch: pytest.MonkeyPatch) -> None:
    events = answered(monkeypatch, Log("info", "a"), Stopped(3, True), Log("info", "b"), Finished())
    assert [event.kind for event in events] == ["hello", "log", "stopped"]


STEPS = st.lists(
    st.sampled_from(
        [
            Log("info", "x"),
            Finished(),
            Stopped(1, False),
            Failed("unexpected", {}),
            RuntimeError("no"),
            MemoryError(),
            SystemExit(1),
            WorkbenchError(ErrorCode.HOST_SPENT, engine="x"),
            object(),
            None,
        ]
    ),
    max_size=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_that_every_answer_has_one_hello_and_one_end(
    monkeypatch: pytest.MonkeyPatch, steps: list[Any]
) -> None:
    events = answered(monkeypatch, *steps)
    assert isinstance(events[0], Hello)
    assert [is_last(event) for event in events] == [False] * (len(events) - 1) + [True]
    assert [event.seq for event in events] == list(range(len(events)))
    times = [event.t for event in events]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("error", "code", "facts"),
    [
        (WorkbenchError(ErrorCode.HOST_SPENT, engine="x"), "host_spent", {"engine": "x"}),
        (MemoryError(), "out_of_memory", {"job": "probe", "limit": 0}),
        (OSError(errno.ENOSPC, "no space", "/a"), "disk_full", {"path": "/a", "why": "no space"}),
        (KeyError("x"), "unexpected", {"what": "KeyError", "why": "'x'"}),
    ],
)
def test_that_each_fault_has_its_code(
    monkeypatch: pytest.MonkeyPatch, error: Exception, code: str, facts: dict[str, Any]
) -> None:
    last = answered(monkeypatch, error)[-1]
    assert isinstance(last, Failed)
    assert (last.code, last.facts) == (code, facts)
    assert type(error).__name__ in last.details


def test_that_a_missing_engine_fails_the_job(monkeypatch: pytest.MonkeyPatch) -> None:
    last = list(answer.answer("no_such_engine", ProbeJob(), ControlFlags()))[-1]
    assert isinstance(last, Failed)
    assert last.facts["what"] == "ModuleNotFoundError"


def test_that_a_faults_own_details_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    last = answered(monkeypatch, WorkbenchError(ErrorCode.HOST_SPENT, "the tool's output", engine="x"))[-1]
    assert isinstance(last, Failed)
    assert last.details == "the tool's output"


def test_that_every_tools_job_has_a_function() -> None:
    assert {job.kind for job in typing.get_args(ToolsJob)} == set(TOOLS)
    for module, function in TOOLS.values():
        assert callable(getattr(importlib.import_module(module), function))


def test_that_the_tools_refuse_a_job_of_an_engine() -> None:
    job: Any = ProbeJob()
    with pytest.raises(WorkbenchError) as caught:
        list(run_tools(job, ControlFlags()))
    assert caught.value.code is ErrorCode.JOB_UNSUPPORTED
