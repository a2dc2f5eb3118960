"""Training with TensorFlow: a chunk of steps is one call of one graph, driven by the shared loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.backends.tensorflow.build import DesignModel, build, load_weights, read_weights
from engines.backends.tensorflow.devices import memory_faults, open_device
from engines.backends.tensorflow.losses import LOSSES, step_metric
from engines.backends.tensorflow.optimizers import Optimizer
from engines.backends.tensorflow.runtime import use_threads
from engines.backends.tensorflow.samples import Samples
from engines.contract.events import Event
from engines.contract.jobs import TrainJob
from engines.contract.spec import Recipe
from engines.training import session
from engines.training.control import ControlFlags
from engines.training.losses import LOSSES as LOSS_ROWS
from engines.training.plan import free_cores, thread_candidates
from engines.training.run_folder import read_run
from engines.training.shards import Shards
from engines.training.trainer import Arrays
from engines.training.words import step_seeds

EVALUATION_BATCH = 256
MEASURED_STEPS = 20


def train(job: TrainJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a training job."""
    return session.train(job, flags, "tensorflow", TensorflowTrainer)


class Steps:
    """The graph that trains a chunk: traced once, since rates, seeds and the chunk's length are tensors."""

    def __init__(self, model: DesignModel, optimizer: Optimizer, recipe: Recipe) -> None:
        self._model, self._optimizer = model, optimizer
        self._loss = LOSSES[recipe.loss]
        self._metric = LOSS_ROWS[recipe.loss].targets
        self._seed = tf.Variable(0, dtype=tf.int64, trainable=False)
        for dropout in model.dropouts:
            dropout.seed = self._seed
        self._graph: Any = None

    def __call__(self, *given: Any) -> npt.NDArray[Any]:
        """Train a chunk: inputs, targets, positions in them, numbers, seeds; see ``_run``."""
        if self._graph is None:
            signature = [tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype) for tensor in given]
            self._graph = tf.function(self._run).get_concrete_function(*signature)
        values: npt.NDArray[Any] = self._graph(*given).numpy()
        return values

    def _run(self, inputs: Any, targets: Any, batches: Any, numbers: Any, seeds: Any) -> Any:
        """Return losses and step metrics, ``(2, steps)``."""
        steps, dtype = tf.shape(batches)[0], self._model.dtype
        arrays = [tf.TensorArray(dtype, steps) for _ in range(2)]

        def body(step: Any, losses: Any, outputs: Any) -> Any:
            self._seed.assign(seeds[step])
            x, y = tf.gather(inputs, batches[step]), tf.gather(targets, batches[step])
            loss, output = self._step(x, y, numbers[step])
            return step + 1, losses.write(step, loss), outputs.write(step, output)

        _, losses, outputs = tf.while_loop(
            lambda step, *_: step < steps, body, (0, *arrays), parallel_iterations=1
        )
        found = step_metric(self._metric, outputs.stack(), tf.gather(targets, batches))
        return tf.stack([losses.stack(), found])

    def _step(self, x: Any, y: Any, numbers: Any) -> tuple[Any, Any]:
        variables = [parameter.variable for parameter in self._model.trained]
        with tf.GradientTape() as tape:
            output = self._model([x], training=True)
            loss = self._loss(output, y)
        self._optimizer.apply(tape.gradient(loss, variables), numbers)
        return loss, output


class TensorflowTrainer:
    """A model, its optimizer and the data on a device; see ``engines.training.trainer.Trainer``."""

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        self.recipe = job.recipe
        self.threads = use_threads(_threads(job))
        self.device = open_device(job.device)
        self.environment: Mapping[str, str] = {"tensorflow": tf.__version__, "keras": _keras_version()}
        with memory_faults(self.device, self.recipe.batch_size):
            self.model = build(job.spec, self.recipe.precision)
            self.samples = Samples(shards, self.model, self.recipe.loss)
            self.optimizer = Optimizer(self.model, self.recipe)
            self._steps = Steps(self.model, self.optimizer, self.recipe)
            self._outputs = Outputs(self.model)
        self._row = LOSS_ROWS[self.recipe.loss]

    def thread_candidates(self) -> Sequence[int]:
        """Return the one count in force: TensorFlow takes another only in a new process."""
        return (self.threads,)

    def set_threads(self, threads: int) -> None:
        """Do nothing: the threads were set before the first operation."""

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        """Return seconds a step, with the state put back as it was."""
        with memory_faults(self.device, self.recipe.batch_size):
            variables = [entry.variable for entry in self.model.parameters] + self.optimizer.variables()
            kept = [tf.identity(variable) for variable in variables]
            some = np.resize(batches, (MEASURED_STEPS, batches.shape[1]))
            self._chunk(0, some[:2], np.zeros(2))
            begin = perf_counter()
            self._chunk(0, some, np.zeros(len(some)))
            seconds = (perf_counter() - begin) / len(some)
            for variable, value in zip(variables, kept):
                variable.assign(value)
        return seconds

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.floating[Any]]]:
        """Train a chunk of steps; one transfer from the device at its end."""
        with memory_faults(self.device, self.recipe.batch_size):
            losses, metric = self._chunk(first_step, batches, rates)
        return {"loss": losses, self._row.step_metric: metric}

    def _chunk(self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]) -> Any:
        inputs, targets, places = self.samples.batches("train", batches)
        numbers = self.optimizer.numbers(first_step, rates).astype(self.model.dtype)
        seeds = np.zeros(len(batches), np.int64)
        if self.model.dropouts:
            seeds[:] = step_seeds(self.recipe.seed, "dropout", first_step, len(batches))
        given = (inputs, targets, *map(tf.constant, (places, numbers, seeds)))
        return self._steps(*given)

    def evaluate(self, split: str) -> npt.NDArray[np.floating[Any]]:
        """Return the outputs for every sample of ``split``, in its order."""
        with memory_faults(self.device, EVALUATION_BATCH):
            return self._outputs.of_split(self.samples, split)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of weights and optimizer state; the engine has nothing of its own to keep."""
        weights = {f"model/{name}": array for name, array in read_weights(self.model).items()}
        return {**weights, **self.optimizer.read()}

    def load_state(self, arrays: Arrays, step: int) -> None:
        """Take over weights and optimizer state after ``step`` steps."""
        load_weights(self.model, {name.removeprefix("model/"): array for name, array in arrays.items()})
        self.optimizer.load(arrays, step)


class Outputs:
    """The graph that answers without training, for batches of any length."""

    def __init__(self, model: DesignModel) -> None:
        shapes = [(None, *given.shape[1:]) for given in model.keras.inputs]
        signature = [tf.TensorSpec(shape, model.dtype) for shape in shapes]
        self._run = tf.function(lambda *given: model(given)).get_concrete_function(*signature)

    def __call__(self, *inputs: Any) -> npt.NDArray[Any]:
        """Return the outputs in the design's layout; the inputs have their channels last."""
        found: npt.NDArray[Any] = self._run(*inputs).numpy()
        return found

    def of_split(self, samples: Samples, split: str) -> npt.NDArray[Any]:
        """Return the outputs for every sample of ``split``, in its order."""
        begins = range(0, samples.count(split), EVALUATION_BATCH)
        return np.concatenate([self(samples.slice(split, at, at + EVALUATION_BATCH)) for at in begins])


def _threads(job: TrainJob) -> int:
    """Return the threads that the run had, that its recipe names, or else those left beside the window."""
    recorded = read_run(Path(job.run)).threads if job.resume else 0
    return recorded or job.recipe.threads or thread_candidates(free_cores())[-1]


def _keras_version() -> str:
    import keras

    return str(keras.__version__)
