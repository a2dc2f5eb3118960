"""One engine on two devices for real: XLA makes two devices of one CPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.desk import Desk
from app.flows.engine_comparison import ComparisonOrder, compare_engines
from engines.contract.capabilities import EngineReport
from engines.contract.comparison import Comparison
from engines.contract.events import Answer
from engines.contract.jobs import ProbeJob
from engines.host.process import ProcessHost
from engines.runs.engine_comparison import judge
from engines.training.run_folder import read_run
from tests.helpers.small_engines import small_project

pytestmark = pytest.mark.framework


@pytest.fixture(autouse=True)
def two_cpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_force_host_platform_device_count=2")
    monkeypatch.setenv("MODELWRIGHT_HOME", str(tmp_path / "home"))


def test_that_jax_lists_each_cpu_that_xla_makes() -> None:
    host = ProcessHost("jax")
    events = list(host.run(ProbeJob()))
    host.close()
    (report,) = (event.record for event in events if isinstance(event, Answer))
    assert isinstance(report, EngineReport)
    assert [one.name for one in report.devices if one.name.startswith("cpu")] == ["cpu", "cpu:1"]


def test_that_jax_on_two_devices_agrees_with_itself_and_its_files_are_proven(tmp_path: Path) -> None:
    project = small_project(tmp_path, epochs=2)
    order = ComparisonOrder(str(project.folder), "", ("jax:cpu", "jax:cpu:1"), steps=20)
    with Desk() as desk:
        answers = [event.record for event in compare_engines(desk, order) if isinstance(event, Answer)]
    found = [record for record in answers if isinstance(record, Comparison)][-1]
    verdict = judge(found)
    assert (verdict.word, verdict.clean, verdict.proven) == ("agree", True, 4)
    assert [one.key for one in found.entrants] == ["jax:cpu", "jax:cpu:1"]
    for one, device in zip(found.entrants, ("cpu", "cpu:1"), strict=True):
        assert [read_run(project.folder / run).device for run in (one.check, one.run)] == [device] * 2
