"""The desk: what is told to stop, and what a bad end leaves behind."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.bridge.hosts import Hosts
from app.composition import inside_host
from app.desk import Desk, Ended
from app.flows import main_job
from app.plans import DataChoice, Plan
from engines.contract.capabilities import EngineReport
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Event, Failed, Stopped
from engines.contract.jobs import Job, ProbeJob, ReadGraphJob
from engines.contract.views import GraphView
from engines.host.process import ProcessHost
from engines.host.protocol import Host
from engines.host.thread import InThreadHost
from tests.helpers.fake_jobs import fake_training


def quick(engine: str) -> Host:
    return ProcessHost(engine, ask_seconds=0.3, terminate_seconds=0.3, close_seconds=0.2)


class Refusing:
    """A host whose every job fails; ``busy`` as long as the job's generator is not at its end."""

    pid = 1
    busy = closed_while_busy = False

    def run(self, job: Job) -> Iterator[Event]:
        self.busy = True
        try:
            yield Failed("unexpected", {})
        finally:
            self.busy = False

    def close(self) -> None:
        self.closed_while_busy = self.closed_while_busy or self.busy


def test_that_a_host_is_free_again_before_a_failed_job_is_told() -> None:
    host = Refusing()
    with pytest.raises(Ended), Desk(lambda engine: host) as desk:  # type: ignore[arg-type]
        list(desk.ask("tools", ProbeJob(), EngineReport))
    assert not host.closed_while_busy


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_that_an_engine_that_fails_is_put_away_without_a_second_fault() -> None:
    with pytest.raises(Ended), Desk(lambda engine: Refusing()) as desk:  # type: ignore[arg-type]
        list(desk.ask("torch", ProbeJob(), EngineReport))
    gc.collect()


def test_that_a_stop_that_came_too_late_ends_nobody_elses_job(tmp_path: Path) -> None:
    hosts = Hosts()
    try:
        with Desk(hosts) as desk:
            list(desk.run("tools", ReadGraphJob(str(tmp_path / "none.onnx"))))
            desk._ready["tools"].stop(keep=True)  # as it lands just after the job's end
        with Desk(hosts) as desk, pytest.raises(Ended) as caught:
            list(desk.ask("tools", ReadGraphJob(str(tmp_path / "none.onnx")), GraphView))
        assert isinstance(caught.value.event, Failed)
    finally:
        hosts.close()


def test_that_a_run_to_be_discarded_is_not_kept_because_the_window_closes() -> None:
    desk = Desk()
    desk.stop(keep=False)
    desk.stop(keep=True)
    assert desk.discards


@dataclass(frozen=True)
class PlanFor(Plan):
    """A plan whose run lies in a folder of the test's own."""

    folder: Path = Path()

    def new_run(self) -> Path:
        self.folder.mkdir()
        return self.folder


def new_run(desk: Desk, folder: Path, device: str) -> Iterator[Event]:
    job = fake_training(folder, device)
    plan = PlanFor("small", job.spec, job.recipe, DataChoice(job.data), folder=folder / "run")
    return main_job.train_plan(desk, plan, job.manifest, "fake", device)


def test_that_discarding_leaves_no_trace_of_a_run_whose_engine_had_to_be_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        main_job, "train_job", lambda *given: fake_training(tmp_path, "fake:deaf@5", epochs=10)
    )
    last: Event | None = None
    with Desk(quick) as desk:
        for last in new_run(desk, tmp_path, "fake:deaf@5"):
            if last.kind == "progress":
                assert (tmp_path / "run" / "run.json").exists()
                desk.stop(keep=False)
    assert isinstance(last, Stopped)
    assert not last.kept
    assert not (tmp_path / "run").exists()


def test_that_a_run_that_never_began_leaves_no_empty_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(main_job, "train_job", lambda *given: fake_training(tmp_path, "fake:crash@0"))
    with (
        Desk(lambda engine: ProcessHost(engine, python="no-such-python")) as desk,
        pytest.raises(WorkbenchError) as caught,
    ):
        list(new_run(desk, tmp_path, "cpu"))
    assert caught.value.code is ErrorCode.HOST_NOT_STARTED
    assert not (tmp_path / "run").exists()


def test_that_stopping_ends_work_that_is_no_hosts_job_whenever_it_begins() -> None:
    ended: list[str] = []
    desk = Desk()
    desk.ended_by(lambda: ended.append("first"))
    desk.stop()
    desk.ended_by(lambda: ended.append("second"))
    assert ended == ["first", "second"]


def test_that_only_the_engine_chosen_at_the_start_runs_inside_this_process() -> None:
    make = inside_host("torch")
    assert isinstance(make("torch"), InThreadHost)
    assert isinstance(make("tensorflow"), ProcessHost)
    assert isinstance(make("tools"), ProcessHost)


class Noting:
    """A host that notes what it is told while its job runs."""

    pid = 1

    def __init__(self, during: Callable[[], None]) -> None:
        self.told: list[str] = []
        self._during = during

    def run(self, job: Job) -> Iterator[Event]:
        self._during()
        yield Stopped(step=0, kept=True)

    def stop(self, keep: bool) -> None:
        self.told.append("stop")

    def kill(self) -> None:
        self.told.append("kill")

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("trains", "told"), [(True, ["stop"]), (False, ["stop", "kill"])])
def test_that_a_window_that_closes_waits_for_trainings_alone(
    tmp_path: Path, trains: bool, told: list[str]
) -> None:
    host = Noting(lambda: desk.end())
    desk = Desk(lambda engine: host)  # type: ignore[arg-type]
    list(desk.run("fake", fake_training(tmp_path) if trains else ProbeJob()))
    assert host.told == told
