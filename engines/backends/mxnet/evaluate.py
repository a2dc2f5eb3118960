"""Evaluate a run's checkpoint on a split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from engines.backends.mxnet.build import DesignBlock, build, load_weights
from engines.backends.mxnet.devices import memory_faults, open_device
from engines.backends.mxnet.runtime import use_threads
from engines.backends.mxnet.samples import Samples
from engines.backends.mxnet.train import outputs_of
from engines.contract.events import Event
from engines.contract.jobs import EvaluateJob
from engines.contract.spec import Recipe
from engines.training.checkpoints import run_weights
from engines.training.control import ControlFlags
from engines.training.evaluating import evaluate_run
from engines.training.run_folder import CHECKPOINTS, read_design, read_run
from engines.training.shards import Shards
from engines.training.trainer import EVALUATION_BATCH


def load_run(run: Path, checkpoint: str, precision: str = "fp32", device: Any = None) -> DesignBlock:
    """Build a run's design with the weights of its ``best`` or ``last`` checkpoint.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``CHECKPOINT_NONE``, ``FILE_DAMAGED`` …
    """
    use_threads(read_run(run).threads or 1)
    block = build(read_design(run), precision, device)
    load_weights(block, run_weights(run / CHECKPOINTS, checkpoint))
    return block


def evaluate(job: EvaluateJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the figures of one split."""

    def outputs(recipe: Recipe, shards: Shards) -> npt.NDArray[Any]:
        device = open_device(job.device)
        with memory_faults(device, EVALUATION_BATCH):
            block = load_run(Path(job.run), job.checkpoint, recipe.precision, device)
            return outputs_of(block, Samples(shards, block, recipe.loss), job.split)

    return evaluate_run(job, outputs)
