"""The export job that every engine shares, with an engine in plain NumPy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from engines.backends.exporting import Exporter, export
from engines.contract.events import Event, Finished, Progress, Stopped
from engines.contract.jobs import ExportJob
from engines.contract.spec import GraphSpec
from engines.training.checkpoints import run_weights
from engines.training.control import ControlFlags
from engines.training.run_folder import CHECKPOINTS, read_design
from tests.graph.models import dense
from tests.helpers.small_training import run_small, small_job


@dataclass
class Softmax:
    """The small training's one layer."""

    spec: GraphSpec
    weights: dict[str, Any]

    def answer(self, inputs: Any) -> Any:
        return inputs @ self.weights["head/weight"].T + self.weights["head/bias"]


def load(run: Path, which: str) -> Softmax:
    return Softmax(read_design(run), run_weights(run / CHECKPOINTS, which))


def to_onnx(model: Softmax, output: str, target: Path) -> onnx.ModelProto:
    return dense()


EXPORTER: Exporter[Softmax] = Exporter(
    "numpy 2", "by hand", 20, load, to_onnx, lambda model: model.answer, lambda model, x: {}
)


@pytest.fixture
def job(tmp_path: Path) -> ExportJob:
    """The export of a finished run."""
    training = small_job(tmp_path)
    list(run_small(training))
    target, reference = tmp_path / "out" / "m.onnx", tmp_path / "out" / "reference.npz"
    return ExportJob(training.run, training.data, str(target), str(reference))


def stopped_at(job: ExportJob, stage: str) -> list[Event]:
    flags, events = ControlFlags(), []
    for event in export(job, flags, EXPORTER):
        events.append(event)
        if isinstance(event, Progress) and event.stage == stage:
            flags.stop(keep=True)
    return events


def test_that_an_export_leaves_the_file_and_what_the_engine_answers(job: ExportJob) -> None:
    events = list(export(job, ControlFlags(), EXPORTER))
    assert [event.stage for event in events if isinstance(event, Progress)] == [
        "load",
        "export",
        "answer",
        "write",
    ]
    assert isinstance(events[-1], Finished)
    model = onnx.load(job.target)
    assert {entry.key for entry in model.metadata_props} >= {"modelwright.run", "modelwright.engine"}
    found = np.load(job.reference)
    wanted = load(Path(job.run), "best").answer(found["inputs"])
    np.testing.assert_array_equal(found["outputs"], wanted)


@pytest.mark.parametrize("stage", ["load", "export", "answer"])
def test_that_an_export_told_to_stop_leaves_nothing_behind(job: ExportJob, stage: str) -> None:
    assert isinstance(stopped_at(job, stage)[-1], Stopped)
    assert not Path(job.target).exists()
    assert not Path(job.reference).exists()
