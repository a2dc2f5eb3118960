"""What the suite asks of an engine, in the engine's own process; ``engine`` is a module of ``adapters``."""

from __future__ import annotations

import dataclasses
import importlib
from typing import Any

import numpy as np

from engines.contract.capabilities import EngineReport
from engines.contract.errors import WorkbenchError
from engines.contract.events import Answer
from engines.contract.jobs import ProbeJob, TrainJob
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.training.control import ControlFlags
from engines.training.evaluation import figures, shape_targets
from engines.training.initial_weights import initial_weights
from engines.training.order import batch_shape, epoch_batches
from engines.training.shards import open_shards
from engines.training.trainer import Prepares

Arrays = dict[str, Any]
Question = tuple[GraphSpec, Arrays, Any, Any]
"""A design, its weights, an input and a seed for the gradients."""


def work_on_accelerator(engine: Any) -> str:
    """Let the engine work on the first device that is not the CPU from here on; return it, "" for none."""
    found = next((device.name for device in engine.devices() if device.name != "cpu"), "")
    if found:
        engine.DEVICE = found
    return found


def forwards(engine: Any, questions: list[Question], precision: str) -> list[Any]:
    return [engine.forward(spec, weights, x, precision) for spec, weights, x, _ in questions]


def gradients(engine: Any, questions: list[Question], precision: str) -> list[Arrays]:
    return [found for _, found in with_gradients(engine, questions, precision)]


def with_gradients(engine: Any, questions: list[Question], precision: str) -> list[tuple[Any, Arrays]]:
    """Return outputs and gradients."""
    return [engine.gradients(spec, weights, x, seed, precision) for spec, weights, x, seed in questions]


def train_forward(engine: Any, spec: GraphSpec, weights: Arrays, x: Any) -> Any:
    return engine.train_forward(spec, weights, x)


def export(engine: Any, spec: GraphSpec, weights: Arrays, target: str) -> None:
    engine.export(spec, weights, target)


def save(engine: Any, spec: GraphSpec, weights: Arrays, form: str, target: str) -> None:
    engine.save(spec, weights, form, target)


def losses(engine: Any, asked: dict[str, tuple[Any, Any]]) -> dict[str, float]:
    return {name: engine.loss(name, outputs, targets) for name, (outputs, targets) in asked.items()}


@dataclasses.dataclass(frozen=True)
class Curve:
    """What a training left: each step's loss, the losses of the validation split, the state at its end.

    ``middle`` is the state on the way that was asked for, as a checkpoint would have it.
    """

    losses: Any
    validations: list[float]
    state: Arrays
    outputs: Any
    middle: Arrays = dataclasses.field(default_factory=dict)


_kept: dict[str, Any] = {}
"""Trainers by all that they are made of: what is compiled for one training serves the next, too."""


def _trainer_of(engine: Any, job: TrainJob) -> Any:
    shards = open_shards(job.data)
    trainer = engine.Trainer(job, shards)
    if isinstance(trainer, Prepares) and trainer.compiles:
        recipe, samples = job.recipe, len(shards.indices["train"])
        fault = trainer.prepare(epoch_batches(samples, recipe.batch_size, recipe.seed, 0))
        assert fault is None, fault
    return trainer


def _kept_trainer_of(engine: Any, job: TrainJob) -> Any:
    """Return the one trainer for such jobs, whatever it did before."""
    key = repr((job.spec, job.recipe, job.data, job.device))
    if key not in _kept:
        _kept[key] = _trainer_of(engine, job)
    engine.compute_in(job.recipe.precision)
    return _kept[key]


def train(
    engine: Any,
    spec: GraphSpec,
    recipe: Recipe,
    folder: str,
    manifest: DataManifest,
    until: int,
    state: Arrays | None = None,
    begin: int = 0,
    chunk: int = 7,
    middle: int = 0,
    kept: bool = False,
    device: str = "",
) -> Curve:
    """Train steps ``begin`` to ``until`` as the shared loop does, but read the losses unrounded.

    ``state`` are a checkpoint's arrays after ``begin`` steps; without them the run begins. ``middle``: the
    state after so many steps is returned, too. ``kept``: by a trainer that may have done such jobs before.
    ``device``: one that the engine lists, instead of the one that it works on.
    """
    shards = open_shards(folder)
    job = TrainJob("", spec, recipe, folder, manifest, device or engine.DEVICE)
    trainer = (_kept_trainer_of if kept else _trainer_of)(engine, job)
    weights = {f"model/{name}": array for name, array in initial_weights(spec, recipe.seed).items()}
    trainer.load_state(state if state is not None else weights, begin)
    samples = len(shards.indices["train"])
    each, _ = batch_shape(samples, recipe.batch_size)
    step, found, validations, half = begin, [], [], {}
    targets = shards.targets[shards.indices["validation"]]
    while step < until:
        epoch, place = divmod(step, each)
        last = middle if step < middle < until else until
        stop = min(place + chunk - place % chunk, each, place + last - step)
        batches = epoch_batches(samples, recipe.batch_size, recipe.seed, epoch)[place:stop]
        values = trainer.run_chunk(step, batches, np.full(len(batches), recipe.learning_rate))
        found.append(values["loss"])
        step += len(batches)
        half = trainer.state() if step == middle else half
        if step % each == 0 or step == until:
            outputs = trainer.evaluate("validation")
            shaped = shape_targets(targets, tuple(outputs.shape[1:]), recipe.loss)
            validations.append(figures(outputs, shaped, recipe.loss, ())["loss"])
    return Curve(np.concatenate(found), validations, trainer.state(), outputs, half)


def places(
    engine: Any, spec: GraphSpec, recipe: Recipe, folder: str, manifest: DataManifest
) -> tuple[str, set[str]]:
    """Train a chunk and evaluate; return what the engine calls its device, and where all lies after it."""
    shards = open_shards(folder)
    trainer = engine.Trainer(TrainJob("", spec, recipe, folder, manifest, engine.DEVICE), shards)
    weights = initial_weights(spec, recipe.seed).items()
    trainer.load_state({f"model/{name}": array for name, array in weights}, 0)
    trainer.load_state(trainer.state(), 0)
    batches = epoch_batches(len(shards.indices["train"]), recipe.batch_size, recipe.seed, 0)[:5]
    if isinstance(trainer, Prepares) and trainer.compiles:
        assert trainer.prepare(batches) is None
    trainer.run_chunk(0, batches, np.full(len(batches), recipe.learning_rate))
    trainer.evaluate("validation")
    return engine.place(), engine.places_of(trainer)


def refusal(engine: Any, spec: GraphSpec, folder: str, manifest: DataManifest, device: str) -> dict[str, Any]:
    """Return code and facts of the fault that training on ``device`` ends with, {} without one."""
    try:
        engine.Trainer(TrainJob("", spec, Recipe(threads=1), folder, manifest, device), open_shards(folder))
    except WorkbenchError as error:
        return {"code": error.code, **error.facts}
    return {}


def lack_of_memory(
    engine: Any, spec: GraphSpec, folder: str, manifest: DataManifest, batch: int
) -> dict[str, Any]:
    """Return code and facts of the fault that a step of ``spec`` ends with, {} without one."""
    recipe, shards = Recipe(threads=1, batch_size=batch), open_shards(folder)
    try:
        trainer = engine.Trainer(TrainJob("", spec, recipe, folder, manifest, engine.DEVICE), shards)
        weights = initial_weights(spec, recipe.seed).items()
        trainer.load_state({f"model/{name}": array for name, array in weights}, 0)
        batches = epoch_batches(len(shards.indices["train"]), batch, recipe.seed, 0)[:1]
        trainer.run_chunk(0, batches, np.full(1, recipe.learning_rate))
    except WorkbenchError as error:
        return {"code": error.code, **error.facts}
    return {}


def probe(engine: Any) -> EngineReport:
    jobs = importlib.import_module(f"engines.backends.{engine.__name__.rsplit('.', 1)[1]}.jobs")
    events = jobs.run(ProbeJob(), ControlFlags())
    return next(event.record for event in events if isinstance(event, Answer))
