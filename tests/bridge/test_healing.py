"""A repair that was killed in its midst heals wherever its engine is used, not on the Engines page alone."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.desk import Desk
from app.engine_facts.health import health_without_asking
from app.engine_facts.places import heal, is_there, kept_of, place_of
from app.flows import tuning
from app.flows.main_job import TrainOrder, train
from app.plans import default_engine, installed_engine
from engines.contract.capabilities import EngineRow
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.environments.chosen import OWN
from engines.environments.kept import HALF_MADE, READY, Kept, recover
from engines.environments.locked import LOCKED
from engines.registry import ENGINES
from engines.training.lock import FolderLock


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> EngineRow:
    """An engine that lives in an environment of its own, in a user's folder of the test's own."""
    monkeypatch.setenv("MODELWRIGHT_HOME", str(tmp_path))
    only = replace(next(row for row in ENGINES if row.name == "mxnet"), title="Tiny")
    for module in ("app.plans", "app.flows.engines", "engines.registry"):
        monkeypatch.setattr(f"{module}.ENGINES", (only,))
    return only


@pytest.fixture(params=["before the new one began", "while it was filled"])
def killed(row: EngineRow, request: pytest.FixtureRequest) -> Kept:
    """What a repair leaves that was killed: the whole environment aside, perhaps half of the new one."""
    own = kept_of(row.name)
    python = own.before / own.python.relative_to(own.venv)
    python.parent.mkdir(parents=True)
    python.write_text("python", encoding="utf-8")
    mark = {"digest": LOCKED[row.name].digest("3.11.9", False), "python": "3.11.9"}
    own.mark_before.write_text(json.dumps(mark), encoding="utf-8")
    if request.param.startswith("while"):
        own.venv.mkdir()
        (own.venv / "half").touch()
    return own


def the_engine(row: EngineRow) -> None:
    installed_engine(row.name)


def begun(row: EngineRow) -> None:
    """Begin a training; it ends where the engine's process would be made."""
    _until_a_host_is_made(lambda desk: train(desk, TrainOrder("digits-mlp", "", row.name, "")))


def tuned(row: EngineRow) -> None:
    _until_a_host_is_made(lambda desk: tuning.tune(desk, tuning.TuneOrder("digits-mlp", engine=row.name)))


def _until_a_host_is_made(flow: Callable[[Desk], object]) -> None:
    class MadeError(Exception):
        pass

    def make(engine: str) -> object:
        raise MadeError

    with Desk(make) as desk, pytest.raises(MadeError):  # type: ignore[arg-type]
        list(flow(desk))  # type: ignore[call-overload]


@pytest.mark.parametrize("use", [the_engine, begun, tuned, heal])
def test_that_it_heals_when_its_engine_is_used(
    row: EngineRow, killed: Kept, use: Callable[[EngineRow], None]
) -> None:
    assert killed.state() != READY
    use(row)
    assert killed.state() == READY
    assert killed.python.read_text(encoding="utf-8") == "python"
    assert not killed.before.exists()
    assert not (killed.venv / "half").exists()


def test_that_until_then_it_counts_as_installed_and_nobody_is_sent_to_repair_it(
    row: EngineRow, killed: Kept
) -> None:
    assert is_there(row)
    assert default_engine() == row.name
    assert health_without_asking(row) is None
    assert killed.state() != READY  # looking changes nothing


def test_that_an_engine_that_could_live_here_still_runs_in_what_was_put_aside(
    row: EngineRow, killed: Kept
) -> None:
    absent = replace(row, own_environment=False, package="no_such_package")
    assert place_of(absent).kind == OWN


def test_that_one_whose_repair_goes_on_is_busy_and_left_alone(row: EngineRow, killed: Kept) -> None:
    killed.venv.mkdir(exist_ok=True)
    lock = FolderLock(killed.folder)
    try:
        assert not is_there(row)
        with pytest.raises(WorkbenchError) as caught:
            installed_engine(row.name)
    finally:
        lock.release()
    assert caught.value.code is ErrorCode.ENVIRONMENT_BUSY
    assert killed.state() == HALF_MADE


def test_that_one_without_anything_aside_stays_half_made_and_says_so(row: EngineRow, killed: Kept) -> None:
    shutil.rmtree(killed.before)
    killed.venv.mkdir(exist_ok=True)
    with pytest.raises(WorkbenchError) as caught:
        installed_engine(row.name)
    assert caught.value.code is ErrorCode.ENVIRONMENT_HALF_MADE


def test_that_of_two_who_use_it_at_once_none_is_told_that_it_is_busy(
    row: EngineRow, killed: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, go_on, faults = threading.Event(), threading.Event(), list[WorkbenchError]()

    def slowly(kept: Kept) -> None:
        first.set()
        go_on.wait(10)
        recover(kept)

    def use() -> None:
        try:
            installed_engine(row.name)
        except WorkbenchError as fault:
            faults.append(fault)

    monkeypatch.setattr("app.engine_facts.places.recover", slowly)
    threads = [threading.Thread(target=use) for _ in range(2)]
    threads[0].start()
    assert first.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert faults == []
    assert killed.state() == READY
