"""A trainer that compiles: what it says when it cannot, and how its run goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Finished, Log, Progress, Started
from engines.contract.jobs import TrainJob
from engines.training.run_folder import read_recipe, read_run
from engines.training.shards import Shards
from tests.helpers.small_training import NumpyTrainer, run_small, small_job


class CompilingTrainer(NumpyTrainer):
    """Compiles where it is asked to be quick, unless ``broken``."""

    broken = False

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        super().__init__(job, shards)
        self.mode = job.recipe.run_mode or "plain"

    @property
    def compiles(self) -> bool:
        return self.mode == "quick"

    def prepare(self, batches: npt.NDArray[np.int64]) -> WorkbenchError | None:
        assert batches.ndim == 2
        if not self.broken:
            return None
        self.mode = "plain"
        facts = {"engine": "NumPy", "mode": "quick", "instead": "plain", "why": "no compiler"}
        return WorkbenchError(ErrorCode.COMPILE_FAILED, **facts)


class BrokenTrainer(CompilingTrainer):
    broken = True


def test_that_a_compiled_run_says_that_it_compiles_and_how_it_runs(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path, run_mode="quick"), make=CompilingTrainer))
    assert [event.stage for event in events if isinstance(event, Progress)] == ["compile"]
    assert next(event for event in events if isinstance(event, Started)).mode == "quick"
    assert read_run(tmp_path / "run").run_mode == "quick"
    assert not [event for event in events if isinstance(event, Log)]


def test_that_a_run_that_cannot_be_compiled_goes_on_and_says_why(tmp_path: Path) -> None:
    events = list(run_small(small_job(tmp_path, run_mode="quick"), make=BrokenTrainer))
    assert isinstance(events[-1], Finished)
    (note,) = (event for event in events if isinstance(event, Log))
    assert (note.code, note.facts["instead"]) == ("compile_failed", "plain")
    assert next(event for event in events if isinstance(event, Started)).mode == "plain"
    lines = [json.loads(line) for line in (tmp_path / "run" / "events.jsonl").read_text().splitlines()]
    assert [line["facts"]["why"] for line in lines if line["kind"] == "log"] == ["no compiler"]
    assert read_run(tmp_path / "run").run_mode == "plain"
    assert read_recipe(tmp_path / "run").run_mode == "quick"  # what was asked for stays known


def test_that_a_resumed_run_goes_on_as_it_went_until_told_otherwise(tmp_path: Path) -> None:
    job = small_job(tmp_path, run_mode="quick", epochs=2)
    assert isinstance(list(run_small(job, make=BrokenTrainer))[-1], Finished)
    for epochs, mode, wanted in ((3, "quick", "plain"), (4, "quick", "plain"), (5, "other", "other")):
        recipe = replace(job.recipe, epochs=epochs, run_mode=mode)
        again = replace(job, recipe=recipe, resume=True)
        events = list(run_small(again, make=CompilingTrainer))
        assert next(event for event in events if isinstance(event, Started)).mode == wanted


@pytest.mark.parametrize(("batch_size", "parts", "fits"), [(8, 4, True), (1000, 7, False)])
def test_that_a_batch_of_all_samples_has_to_be_cut_into_equal_parts(
    tmp_path: Path, batch_size: int, parts: int, fits: bool
) -> None:
    job = small_job(tmp_path, batch_size=batch_size - batch_size % parts, accumulate=parts)
    if fits:
        assert isinstance(list(run_small(job))[-1], Finished)
        return
    with pytest.raises(WorkbenchError) as caught:
        list(run_small(job))
    assert caught.value.code is ErrorCode.RECIPE_INVALID
    assert caught.value.facts["setting"] == "accumulate"
    assert not (tmp_path / "run").exists()
