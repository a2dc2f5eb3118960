"""Evaluate a run's checkpoint on a split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engines.backends.tensorflow.build import DesignModel, build, load_weights
from engines.backends.tensorflow.devices import memory_faults, open_device
from engines.backends.tensorflow.runtime import use_threads
from engines.backends.tensorflow.samples import Samples
from engines.backends.tensorflow.train import EVALUATION_BATCH, Outputs
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Event
from engines.contract.jobs import EvaluateJob
from engines.training.checkpoints import run_weights
from engines.training.evaluation import evaluate as figures_of
from engines.training.run_folder import CHECKPOINTS, read_data, read_design, read_recipe, read_run
from engines.training.shards import open_shards


def load_run(run: Path, checkpoint: str, precision: str = "fp32") -> DesignModel:
    """Build a run's design with the weights of its ``best`` or ``last`` checkpoint.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``CHECKPOINT_NONE``, ``FILE_DAMAGED`` …
    """
    model = build(read_design(run), precision)
    load_weights(model, run_weights(run / CHECKPOINTS, checkpoint))
    return model


def evaluate(job: EvaluateJob) -> Iterator[Event]:
    """Answer with the figures of one split."""
    run = Path(job.run)
    use_threads(read_run(run).threads or 1)
    device = open_device(job.device)
    recipe, shards = read_recipe(run), open_shards(job.data)
    if not len(shards.indices.get(job.split, ())):
        raise WorkbenchError(ErrorCode.DATA_SAMPLES_FEW, path=job.data, have=0, wanted=1)
    with memory_faults(device, EVALUATION_BATCH):
        model = load_run(run, job.checkpoint, recipe.precision)
        outputs = Outputs(model).of_split(Samples(shards, model, recipe.loss), job.split)
    targets = shards.targets[shards.indices[job.split]]
    figures = figures_of(outputs, targets, recipe.loss, recipe.metrics, job.split, read_data(run))
    yield Answer(record=figures)
