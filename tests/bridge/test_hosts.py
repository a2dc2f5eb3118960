"""The hosts that stand by: a warmed spare for the next run, one tools host that goes round, no leftovers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from app.bridge.hosts import Hosts
from app.desk import Desk
from engines.contract.events import Event, Failed, Finished, Hello
from engines.contract.jobs import ProbeJob, ReadGraphJob
from engines.host.process import ProcessHost
from engines.host.protocol import Host
from engines.host.thread import InThreadHost
from tests.helpers.fake_jobs import fake_training
from tests.helpers.processes import until_gone

pytestmark = pytest.mark.commands


class Made:
    """Makes hosts and remembers them all, as (engine, host)."""

    def __init__(self, make: Callable[[str], Host] = ProcessHost) -> None:
        self.hosts: list[tuple[str, Host]] = []
        self._make = make

    def __call__(self, engine: str) -> Host:
        host = self._make(engine)
        self.hosts.append((engine, host))
        return host

    def pids(self) -> list[int]:
        return [host.pid for _, host in self.hosts if host.pid]


@pytest.fixture
def made() -> Made:
    return Made()


@pytest.fixture
def hosts(made: Made) -> Iterator[Hosts]:
    hosts = Hosts(made)
    yield hosts
    hosts.close()
    assert made.pids() == []


def train(hosts: Hosts, folder: Path) -> list[Event]:
    with Desk(hosts) as desk:
        return list(desk.run("fake", fake_training(folder)))


def pid_of(events: list[Event]) -> int:
    return next(event.pid for event in events if isinstance(event, Hello))


def test_that_the_spare_answers_the_next_run_and_only_that(hosts: Hosts, made: Made, tmp_path: Path) -> None:
    hosts.stand_by("fake")
    (spare,) = made.pids()
    first, second = train(hosts, tmp_path / "a"), train(hosts, tmp_path / "b")
    assert pid_of(first) == spare
    assert pid_of(second) != spare
    assert isinstance(first[-1], Finished)
    assert isinstance(second[-1], Finished)


def test_that_standing_by_twice_starts_one_process(hosts: Hosts, made: Made) -> None:
    hosts.stand_by("fake")
    hosts.stand_by("fake")
    assert len(made.hosts) == len(made.pids()) == 1


def test_that_the_spare_of_another_engine_is_ended_and_not_handed_out(hosts: Hosts, made: Made) -> None:
    hosts.stand_by("tools")
    (spare,) = made.pids()
    host = hosts("fake")
    assert made.hosts[-1] == ("fake", host)
    assert until_gone(spare)
    host.close()


def test_that_standing_by_for_another_engine_ends_the_spare_before(hosts: Hosts, made: Made) -> None:
    hosts.stand_by("tools")
    (before,) = made.pids()
    hosts.stand_by("fake")
    assert until_gone(before)
    assert len(made.pids()) == 1


def test_that_a_spare_killed_while_it_stood_by_is_replaced_without_a_word(
    hosts: Hosts, made: Made, tmp_path: Path
) -> None:
    hosts.stand_by("fake")
    (spare,) = made.pids()
    psutil.Process(spare).kill()
    assert until_gone(spare)
    events = train(hosts, tmp_path)
    assert isinstance(events[-1], Finished)
    assert pid_of(events) != spare


def test_that_standing_by_again_replaces_a_spare_that_died(hosts: Hosts, made: Made) -> None:
    hosts.stand_by("fake")
    (spare,) = made.pids()
    psutil.Process(spare).kill()
    assert until_gone(spare)
    while made.pids() == [spare]:
        pass  # the host's own thread notes the end a moment later
    hosts.stand_by("fake")
    assert made.pids()
    assert made.pids() != [spare]


def test_that_one_tools_process_serves_one_flow_after_another(
    hosts: Hosts, made: Made, tmp_path: Path
) -> None:
    pids = set()
    for _ in range(3):
        with Desk(hosts) as desk:
            events = list(desk.run("tools", ReadGraphJob(str(tmp_path / "missing.onnx"))))
        pids.add(pid_of(events))
        assert isinstance(events[-1], Failed)
    assert len(pids) == len(made.hosts) == 1


def test_that_two_flows_at_once_have_a_tools_process_each_and_one_stays(hosts: Hosts, made: Made) -> None:
    with Desk(hosts) as one, Desk(hosts) as two:
        one.warm("tools")
        two.warm("tools")
        assert len(set(made.pids())) == 2
    assert len(made.pids()) == 1


def test_that_a_tools_process_that_died_is_replaced_at_the_next_job(
    hosts: Hosts, made: Made, tmp_path: Path
) -> None:
    with Desk(hosts) as desk:
        desk.warm("tools")
        (pid,) = made.pids()
    psutil.Process(pid).kill()
    assert until_gone(pid)
    with Desk(hosts) as desk:
        events = list(desk.run("tools", ReadGraphJob(str(tmp_path / "missing.onnx"))))
    assert pid_of(events) != pid


def test_that_closing_ends_every_process_and_nothing_stands_by_afterwards(made: Made) -> None:
    hosts = Hosts(made)
    hosts.stand_by("fake")
    with Desk(hosts) as desk:
        desk.warm("tools")
    pids = made.pids()
    assert len(pids) == 2
    hosts.close()
    assert all(until_gone(pid) for pid in pids)
    hosts.stand_by("fake")
    assert made.pids() == []


def test_that_a_tools_host_given_back_after_the_end_is_closed(made: Made) -> None:
    hosts = Hosts(made)
    with Desk(hosts) as desk:
        desk.warm("tools")
        hosts.close()
    assert made.pids() == []


def test_that_engines_inside_this_process_stand_by_too(tmp_path: Path) -> None:
    made = Made(InThreadHost)
    hosts = Hosts(made)
    hosts.stand_by("fake")
    with Desk(hosts) as desk:
        assert isinstance(list(desk.run("fake", ProbeJob()))[-1], Finished)
    assert len(made.hosts) == 1
    hosts.close()


def test_that_a_spare_is_ended_when_its_engine_runs_elsewhere_now(hosts: Hosts, made: Made) -> None:
    hosts.stand_by("fake")
    (pid,) = made.pids()
    hosts.forget("torch")
    assert made.pids() == [pid]
    hosts.forget("fake")
    assert until_gone(pid)
    assert made.pids() == []
    hosts.stand_by("fake")
    assert len(made.hosts) == 2
