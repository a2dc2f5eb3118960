"""Evaluate a run's checkpoint on a split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from engines.backends.tensorflow.build import DesignModel, build, load_weights
from engines.backends.tensorflow.devices import memory_faults, open_device
from engines.backends.tensorflow.runtime import round_products, use_threads
from engines.backends.tensorflow.samples import Samples
from engines.backends.tensorflow.train import Outputs
from engines.contract.events import Event
from engines.contract.jobs import EvaluateJob
from engines.contract.spec import Recipe
from engines.training.checkpoints import run_weights
from engines.training.control import ControlFlags
from engines.training.evaluating import evaluate_run
from engines.training.run_folder import CHECKPOINTS, read_design, read_run
from engines.training.shards import Shards
from engines.training.trainer import EVALUATION_BATCH


def load_run(run: Path, checkpoint: str, precision: str = "fp32") -> DesignModel:
    """Build a run's design with the weights of its ``best`` or ``last`` checkpoint.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``CHECKPOINT_NONE``, ``FILE_DAMAGED`` …
    """
    model = build(read_design(run), precision)
    load_weights(model, run_weights(run / CHECKPOINTS, checkpoint))
    return model


def evaluate(job: EvaluateJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the figures of one split."""

    def outputs(recipe: Recipe, shards: Shards) -> npt.NDArray[Any]:
        run = Path(job.run)
        use_threads(read_run(run).threads or 1)
        with memory_faults(open_device(job.device), EVALUATION_BATCH):
            round_products(recipe.precision)
            model = load_run(run, job.checkpoint, recipe.precision)
            return Outputs(model).of_split(Samples(shards, model, recipe.loss), job.split)

    return evaluate_run(job, outputs)
