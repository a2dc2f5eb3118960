"""Evaluate a run's checkpoint on a split: all but the outputs themselves, which its engine works out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.jobs import EvaluateJob
from engines.contract.spec import Recipe
from engines.training.evaluation import evaluate
from engines.training.ids import check_ids
from engines.training.run_folder import read_data, read_design, read_recipe
from engines.training.shards import Shards, open_shards

OutputsOf = Callable[[Recipe, Shards], npt.NDArray[Any]]
"""Gives the outputs for every sample of the job's split, in its order."""


def evaluate_run(job: EvaluateJob, outputs_of: OutputsOf) -> Iterator[Event]:
    """Answer with the figures of one split.

    Raises:
        WorkbenchError: ``DATA_SAMPLES_FEW`` for a split without samples, ``IDS_UNFIT`` for ids that the
            design's embedding does not know; whatever ``outputs_of`` raises.
    """
    run = Path(job.run)
    recipe, shards = read_recipe(run), open_shards(job.data)
    if not len(shards.indices.get(job.split, ())):
        raise WorkbenchError(ErrorCode.DATA_SAMPLES_FEW, path=job.data, have=0, wanted=1)
    check_ids(read_design(run), shards.inputs, job.data)
    outputs = outputs_of(recipe, shards)
    targets = shards.targets[shards.indices[job.split]]
    yield Answer(record=evaluate(outputs, targets, recipe.loss, recipe.metrics, job.split, read_data(run)))
