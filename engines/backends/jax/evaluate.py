"""Evaluate a run's checkpoint on a split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy.typing as npt

from engines.backends.jax import runtime
from engines.backends.jax.build import DesignModel, build, load_weights
from engines.backends.jax.devices import memory_faults, open_device
from engines.backends.jax.samples import Samples
from engines.backends.jax.steps import Outputs
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
    runtime.use_threads(read_run(run).threads)
    model = build(read_design(run), precision)
    load_weights(model, run_weights(run / CHECKPOINTS, checkpoint))
    return model


def evaluate(job: EvaluateJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the figures of one split."""

    def outputs(recipe: Recipe, shards: Shards) -> npt.NDArray[Any]:
        model = load_run(Path(job.run), job.checkpoint, recipe.precision)
        runtime.keep_compiled(Path(job.data))
        device = open_device(job.device)
        with memory_faults(device, EVALUATION_BATCH):
            samples = Samples(shards, model, recipe.loss, device)
            arrays = jax.device_put(model.arrays, device)
            return Outputs(model).of_split(arrays, samples, job.split)

    return evaluate_run(job, outputs)
