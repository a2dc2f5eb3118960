"""Evaluate a run's checkpoint on a split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy.typing as npt

from engines.backends.torch.build import DesignModule, load_weights
from engines.backends.torch.devices import memory_faults, open_device, set_up
from engines.backends.torch.train import module_of, outputs_of, samples_of
from engines.contract.events import Event
from engines.contract.jobs import EvaluateJob
from engines.contract.spec import Recipe
from engines.training.checkpoints import run_weights
from engines.training.control import ControlFlags
from engines.training.evaluating import evaluate_run
from engines.training.run_folder import CHECKPOINTS, read_design
from engines.training.shards import Shards
from engines.training.trainer import EVALUATION_BATCH


def load_run(run: Path, checkpoint: str, recipe: Recipe | None = None) -> DesignModule:
    """Build a run's design with the weights of its ``best`` or ``last`` checkpoint, ready to evaluate.

    Without a ``recipe`` it computes in plain float32, whatever it was trained in.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``CHECKPOINT_NONE``, ``FILE_DAMAGED`` …
    """
    module = module_of(read_design(run), recipe or Recipe())
    load_weights(module, run_weights(run / CHECKPOINTS, checkpoint))
    return module.eval()


def evaluate(job: EvaluateJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer with the figures of one split."""

    def outputs(recipe: Recipe, shards: Shards) -> npt.NDArray[Any]:
        device = open_device(job.device)
        set_up(device, recipe.precision)
        with memory_faults(device, EVALUATION_BATCH):
            module = load_run(Path(job.run), job.checkpoint, recipe).to(device)
            return outputs_of(module, samples_of(shards, module, recipe, device), job.split)

    return evaluate_run(job, outputs)
