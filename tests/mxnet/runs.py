"""Jobs for MXNet, and what came of them."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engines.contract.events import Event, Log, Metrics
from engines.contract.jobs import EngineJob, TrainJob
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.host.process import ProcessHost
from tests.helpers.engine_pythons import python_of
from tests.torch.cases import noisy_model

Digits = tuple[Path, DataManifest]


def host(**options: Any) -> ProcessHost:
    """Return a host whose child runs in MXNet's own interpreter."""
    return ProcessHost("mxnet", python_of("mxnet"), **options)


def events_of(job: EngineJob, warm: bool = False) -> Iterator[Event]:
    """Run a job in a child of its own."""
    one = host()
    try:
        if warm:
            one.warm()
        yield from one.run(job)
    finally:
        one.close()


def job_of(run: Path, digits: Digits, spec: GraphSpec | None = None, **changes: Any) -> TrainJob:
    """Return a short training of a design that has what a resume can get wrong, or of another one."""
    values = {"epochs": 6, "batch_size": 32, "threads": 1, "chunk_steps": 5, **changes}
    return TrainJob(str(run), spec or noisy_model(), Recipe(**values), str(digits[0]), digits[1])


def resumed(job: TrainJob) -> TrainJob:
    return dataclasses.replace(job, resume=True)


def sequential(*rows: tuple[str, dict[str, Any]]) -> GraphSpec:
    """Return a design on the digits of layers one after another, a dense one of ten units last."""
    design = Design("sequential")
    design.add("input", "input", {"shape": (1, 8, 8)})
    before = "input"
    for number, (kind, settings) in enumerate([*rows, ("flatten", {}), ("dense", {"units": 10})]):
        name = f"{kind}_{number}"
        design.add(kind, name, settings)
        design.connect(before, name)
        before = name
    return freeze(design)


def said(events: list[Event]) -> list[Event]:
    return [event for event in events if isinstance(event, Log)]


def run_until_killed(job: TrainJob, step: int, by: int = getattr(signal, "SIGKILL", signal.SIGTERM)) -> Event:
    """Run a job; after ``step`` steps were seen, end its process by a signal."""
    one, last = host(), None
    try:
        for event in one.run(job):
            last = event
            seen = event.first_step + len(event.values["loss"]) if isinstance(event, Metrics) else 0
            if seen > step and one.pid:
                os.kill(one.pid, by)
                step = 1 << 60
    finally:
        one.close()
    assert last is not None
    return last
