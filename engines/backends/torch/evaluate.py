"""Evaluate a run's checkpoint on a split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engines.backends.torch.build import DesignModule, build, load_weights
from engines.backends.torch.devices import memory_faults, open_device
from engines.backends.torch.train import EVALUATION_BATCH, full_precision, outputs_of, samples_of
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.jobs import EvaluateJob
from engines.training.checkpoints import run_weights
from engines.training.evaluation import evaluate as figures_of
from engines.training.run_folder import CHECKPOINTS, read_data, read_design, read_recipe
from engines.training.shards import open_shards


def load_run(run: Path, checkpoint: str, precision: str = "fp32") -> DesignModule:
    """Build a run's design with the weights of its ``best`` or ``last`` checkpoint, ready to evaluate.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``CHECKPOINT_NONE``, ``FILE_DAMAGED`` …
    """
    module = build(read_design(run), precision)
    load_weights(module, run_weights(run / CHECKPOINTS, checkpoint))
    return module.eval()


def evaluate(job: EvaluateJob) -> Iterator[Event]:
    """Answer with the figures of one split."""
    run, device = Path(job.run), open_device(job.device)
    full_precision()
    recipe, shards = read_recipe(run), open_shards(job.data)
    if not len(shards.indices.get(job.split, ())):
        raise WorkbenchError(ErrorCode.DATA_SAMPLES_FEW, path=job.data, have=0, wanted=1)
    with memory_faults(device, EVALUATION_BATCH):
        module = load_run(run, job.checkpoint, recipe.precision).to(device)
        samples = samples_of(shards, module, recipe, device)
        outputs = outputs_of(module, samples, job.split)
    targets = shards.targets[shards.indices[job.split]]
    figures = figures_of(outputs, targets, recipe.loss, recipe.metrics, job.split, read_data(run))
    yield Answer(record=figures)
