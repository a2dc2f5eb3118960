"""Training with TensorFlow: a chunk of steps is one call of one graph, driven by the shared loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.backends.tensorflow.abilities import ABILITIES
from engines.backends.tensorflow.build import DesignModel, build, load_weights, read_weights
from engines.backends.tensorflow.devices import memory_faults, open_device
from engines.backends.tensorflow.optimizers import Optimizer
from engines.backends.tensorflow.runtime import be_deterministic, round_products, use_threads, without_chatter
from engines.backends.tensorflow.samples import Samples
from engines.backends.tensorflow.steps import Steps
from engines.backends.xla import loops_well
from engines.contract.errors import WorkbenchError
from engines.contract.events import Event
from engines.contract.jobs import TrainJob, TuneJob
from engines.training import session
from engines.training.abilities import check_abilities, compile_fault
from engines.training.control import ControlFlags
from engines.training.losses import LOSSES as LOSS_ROWS
from engines.training.order import batch_shape
from engines.training.plan import free_cores, thread_candidates
from engines.training.run_folder import lasting_threads
from engines.training.shards import Shards
from engines.training.trainer import EVALUATION_BATCH, Arrays
from engines.training.tune import tune

MEASURED_STEPS = 20
MOST_STEPS = 512
"""Up to so many steps a call has room for all of an epoch's."""


def train(job: TrainJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a training job."""
    return session.train(job, flags, "tensorflow", TensorflowTrainer)


def tune_here(job: TuneJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a tuning job."""
    return tune(job, flags, "tensorflow", TensorflowTrainer, ABILITIES)


class TensorflowTrainer:
    """A model, its optimizer and the data on a device; see ``engines.training.trainer.Trainer``."""

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        self.recipe = job.recipe
        self._on_cpu = job.device == "cpu"
        threads = lasting_threads(job) or thread_candidates(free_cores())[-1]
        self.threads = use_threads(threads, xla=self._on_cpu and ABILITIES.mode(self.recipe) == "xla")
        self.device = open_device(job.device)
        check_abilities(self.recipe, ABILITIES, job.device)
        round_products(self.recipe.precision)
        self.environment: Mapping[str, str] = {"tensorflow": tf.__version__, "keras": _keras_version()}
        with memory_faults(self.device, self.recipe.batch_size):
            self.model = build(job.spec, self.recipe.precision)
            self.samples = Samples(shards, self.model, self.recipe.loss)
            self.optimizer = Optimizer(self.model, self.recipe)
            mode, looped = ABILITIES.mode(self.recipe), loops_well(job.spec, self._on_cpu)
            self._steps = Steps(self.model, self.optimizer, self.recipe, mode, looped)
            self._outputs = Outputs(self.model, eager=self.mode == "eager")
        self._step = 0
        self._row = LOSS_ROWS[self.recipe.loss]

    @property
    def mode(self) -> str:
        """How the steps are run."""
        return self._steps.mode

    @property
    def compiles(self) -> bool:
        """Whether the steps have to be compiled before the first; half precision has its say there, too."""
        return self.mode == "xla" or self.recipe.precision == "fp16"

    def prepare(self, batches: npt.NDArray[np.int64]) -> WorkbenchError | None:
        """Compile or trace, and take a step; where XLA fails, run the graph as it is and return why."""
        try:
            with self._trial(), without_chatter():
                self._chunk(0, batches[:1], np.zeros(1))
        except (tf.errors.OpError, TypeError, ValueError) as error:
            if self.mode != "xla" or isinstance(error, tf.errors.ResourceExhaustedError):
                raise
            self._steps.use("graph")
            return compile_fault(ABILITIES.title, "xla", "graph", error)
        return None

    def thread_candidates(self) -> Sequence[int]:
        """Return the one count in force: TensorFlow takes another only in a new process."""
        return (self.threads,)

    def set_threads(self, threads: int) -> None:
        """Do nothing: the threads were set before the first operation."""

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        """Return seconds a step, with the state put back as it was."""
        some = np.resize(batches, (MEASURED_STEPS, batches.shape[1]))
        rates = np.zeros(len(some))
        with self._trial():
            self._chunk(0, some[:2], rates[:2])
            begin = perf_counter()
            self._chunk(0, some, rates)
            return (perf_counter() - begin) / len(some)

    @contextmanager
    def _trial(self) -> Iterator[None]:
        """Put every variable back as it was, at the end."""
        with memory_faults(self.device, self.recipe.batch_size):
            variables = [entry.variable for entry in self.model.parameters] + self._variables()
            kept = [tf.identity(variable) for variable in variables]
            try:
                yield
            finally:
                for variable, value in zip(variables, kept):
                    variable.assign(value)

    def _variables(self) -> list[Any]:
        scaled = self._steps.scaled
        return self.optimizer.variables() + (scaled.variables() if scaled is not None else [])

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.floating[Any]]]:
        """Train a chunk of steps; one transfer from the device at its end."""
        with memory_faults(self.device, self.recipe.batch_size):
            losses, metric = self._chunk(first_step, batches, rates)
        self._step = first_step + len(batches)
        return {"loss": losses, self._row.step_metric: metric}

    def _chunk(self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]) -> Any:
        be_deterministic(not (self._on_cpu and self.mode == "xla"))
        count = len(batches)
        numbers, seeds = self._steps.numbers(first_step, rates), self._steps.seeds(first_step, count)
        if self.mode == "xla" and self.samples.resident:  # one compilation for chunks of any length
            batches, numbers, seeds = (_filled(rows, self._room(count)) for rows in (batches, numbers, seeds))
        inputs, targets, places = self.samples.batches("train", batches)
        return self._steps(inputs, targets, *map(tf.constant, (places, numbers, seeds, count)))[:, :count]

    def _room(self, count: int) -> int:
        """Return for how many steps there is room in a call: an epoch within bounds, in powers of two."""
        steps, _ = batch_shape(self.samples.count("train"), self.recipe.batch_size)
        return 1 << (max(count, min(steps, MOST_STEPS)) - 1).bit_length()

    def evaluate(self, split: str) -> npt.NDArray[np.floating[Any]]:
        """Return the outputs for every sample of ``split``, in its order."""
        with memory_faults(self.device, EVALUATION_BATCH):
            return self._outputs.of_split(self.samples, split)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the weights alone, by canonical name."""
        return read_weights(self.model)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of weights, optimizer state, and what a scaled loss has learned."""
        weights = {f"model/{name}": array for name, array in self.weights().items()}
        scaled = self._steps.scaled
        return {
            **weights,
            **self.optimizer.read(),
            **(scaled.read(self._step - self.optimizer.began) if scaled is not None else {}),
        }

    def load_state(self, arrays: Arrays, step: int) -> None:
        """Take over weights and optimizer state after ``step`` steps."""
        load_weights(self.model, {name.removeprefix("model/"): array for name, array in arrays.items()})
        self.optimizer.load(arrays, step)
        if self._steps.scaled is not None:
            self._steps.scaled.load(arrays, step - self.optimizer.began)
        self._step = step


class Outputs:
    """The graph that answers without training, for batches of any length; ``eager``: the model as it is."""

    def __init__(self, model: DesignModel, eager: bool = False) -> None:
        self._run: Any = lambda *given: model(given)
        if eager:
            return
        shapes = [(None, *given.shape[1:]) for given in model.keras.inputs]
        signature = [tf.TensorSpec(shape, model.dtype) for shape in shapes]
        self._run = tf.function(self._run, autograph=False).get_concrete_function(*signature)

    def __call__(self, *inputs: Any) -> npt.NDArray[Any]:
        """Return the outputs in the design's layout; the inputs lie as the model takes them."""
        found: npt.NDArray[Any] = self._run(*inputs).numpy()
        return found

    def of_split(self, samples: Samples, split: str) -> npt.NDArray[Any]:
        """Return the outputs for every sample of ``split``, in its order."""
        return np.concatenate([self(part) for part in samples.parts(split, EVALUATION_BATCH)])


def _filled(rows: npt.NDArray[Any], room: int) -> npt.NDArray[Any]:
    """Return ``rows`` with zeros after them, up to ``room`` rows."""
    filled = np.zeros((room, *rows.shape[1:]), rows.dtype)
    filled[: len(rows)] = rows
    return filled


def _keras_version() -> str:
    import keras

    return str(keras.__version__)
