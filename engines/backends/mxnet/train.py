"""Training with MXNet: a step is one graph of the design with its loss, and one of the optimizer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from time import perf_counter
from typing import Any

import mxnet as mx
import numpy as np
import numpy.typing as npt
from mxnet.gluon import HybridBlock

from engines.backends.mxnet.abilities import ABILITIES
from engines.backends.mxnet.build import DesignBlock, build, copy_weights, load_weights, read_weights
from engines.backends.mxnet.devices import memory_faults, open_device
from engines.backends.mxnet.losses import LOSSES, step_metric
from engines.backends.mxnet.norms import BatchNorm, ExactMomentum
from engines.backends.mxnet.optimizers import Optimizer
from engines.backends.mxnet.relu import Watch
from engines.backends.mxnet.runtime import use_threads, without_chatter
from engines.backends.mxnet.samples import Samples
from engines.backends.mxnet.windows import GlobalAverage
from engines.contract.errors import WorkbenchError
from engines.contract.events import Event
from engines.contract.jobs import TrainJob, TuneJob
from engines.training import session
from engines.training.abilities import check_abilities
from engines.training.control import ControlFlags
from engines.training.losses import LOSSES as LOSS_ROWS
from engines.training.plan import free_cores, thread_candidates
from engines.training.shards import Shards
from engines.training.trainer import EVALUATION_BATCH, Arrays
from engines.training.tune import tune
from engines.training.words import step_seeds

MEASURED_STEPS, MEASURED_SECONDS = 20, 0.04
_SEEDS = 0x7FFF_FFFF


def train(job: TrainJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a training job."""
    return session.train(job, flags, "mxnet", MxnetTrainer)


def tune_here(job: TuneJob, flags: ControlFlags) -> Iterator[Event]:
    """Answer a tuning job."""
    return tune(job, flags, "mxnet", MxnetTrainer, ABILITIES)


class Objective(HybridBlock):
    """A design with its loss: takes inputs and targets, gives the loss of the batch and the outputs."""

    def __init__(self, block: DesignBlock, loss: str) -> None:
        super().__init__(prefix="")
        self.block, self._loss = block, LOSSES[loss]

    def hybrid_forward(self, F: Any, inputs: Any, targets: Any) -> Any:  # noqa: N803 - Gluon's name
        """Return loss and outputs."""
        outputs = self.block(inputs)
        return self._loss(F, outputs, targets), outputs


class MxnetTrainer:
    """A block, its optimizer and the data on a device; see ``engines.training.trainer.Trainer``."""

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        self.recipe = job.recipe
        self.device = open_device(job.device)
        check_abilities(self.recipe, ABILITIES, job.device)
        self.mode = ABILITIES.mode(self.recipe)
        self.environment: Mapping[str, str] = {"mxnet": mx.__version__}
        with memory_faults(self.device, self.recipe.batch_size):
            self.block = build(job.spec, self.recipe.precision, self.device)
            # Answering turns the weights' layout in place, whatever training does with them meanwhile.
            self._answering = build(job.spec, self.recipe.precision, self.device)
            for average in (*self.block.layers, *self._answering.layers):
                if isinstance(average, GlobalAverage):
                    average.quick = True
            self._watch = Watch(self.block.layers, list(self.block.collect_params().values()))
            self.samples = Samples(shards, self.block, self.recipe.loss)
            self.objective = Objective(self.block, self.recipe.loss)
            for entry in self.block.trained.values() if self.recipe.accumulate > 1 else ():
                entry.grad_req = "add"
            self.optimizer = Optimizer(self.block, self.recipe)
        if self.mode == "hybridized":
            self.objective.hybridize(static_alloc=True, static_shape=True)
            self._answering.hybridize(static_alloc=True)
        norms = [child for child in self.block.layers if isinstance(child, BatchNorm)]
        self._statistics = ExactMomentum(norms if self.recipe.precision == "fp64" else [])
        self._row = LOSS_ROWS[self.recipe.loss]
        self._began = False
        self._random = any(layer.layer == "dropout" for layer in job.spec.layers)

    @property
    def compiles(self) -> bool:
        """Whether the steps have to be compiled before the first: laying a graph out takes no time."""
        return False

    def prepare(self, batches: npt.NDArray[np.int64]) -> WorkbenchError | None:
        """Do nothing."""
        return None

    def thread_candidates(self) -> Sequence[int]:
        """Return the thread counts worth measuring; a GPU needs one."""
        return thread_candidates(free_cores()) if self.device.device_type == "cpu" else (1,)

    def set_threads(self, threads: int) -> None:
        """Fix the threads of MXNet's operators for this process."""
        use_threads(threads)

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        """Return seconds a step, with the state put back as it was; the first steps warm up."""
        use_threads(threads)
        with memory_faults(self.device, self.recipe.batch_size):
            arrays = [entry.data() for entry in self.block.collect_params().values()]
            arrays += self.optimizer.arrays()
            kept = [array.copy() for array in arrays]
            self._chunk(0, batches[:1], np.zeros(1))
            done, begin = 0, perf_counter()
            while done < MEASURED_STEPS and perf_counter() - begin < MEASURED_SECONDS:
                self._chunk(0, batches[done % len(batches)][None], np.zeros(1))
                done += 1
            mx.nd.waitall()  # its backward pass writes running statistics unannounced
            seconds = (perf_counter() - begin) / done
            for array, before in zip(arrays, kept):
                array[:] = before
        return seconds

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.floating[Any]]]:
        """Train a chunk of steps; one transfer from the device at its end."""
        with memory_faults(self.device, self.recipe.batch_size):
            losses, metric = self._chunk(first_step, batches, rates)
        return {"loss": losses, self._row.step_metric: metric}

    def _chunk(self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]) -> Any:
        """Return losses and step metrics, ``(2, steps)``; the first one lays the graphs out."""
        with nullcontext() if self._began else without_chatter():
            self._began = True
            return self._run(first_step, batches, rates).asnumpy()

    def _run(self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]) -> Any:
        inputs, targets = self.samples.batches("train", batches)
        numbers = self.optimizer.numbers(first_step, rates)
        seeds = step_seeds(self.recipe.seed, "dropout", first_step, len(batches)) if self._random else ()
        losses: list[Any] = []
        outputs: list[Any] = []
        for step in range(len(batches)):
            if seeds:
                mx.random.seed(seeds[step] & _SEEDS, ctx=self.device)
            sound = self._watch.sound()
            loss, output = self._step(inputs[step], targets[step])
            self.optimizer.apply(numbers[step])
            losses.append(self._watch.told(loss, sound))
            outputs.append(output)
        found = step_metric(self._row.targets, mx.nd.stack(*outputs), targets)
        return mx.nd.stack(mx.nd.concat(*losses, dim=0), found.astype(self.block.dtype))

    def _step(self, inputs: Any, targets: Any) -> tuple[Any, Any]:
        """Leave a batch's gradients, and return its loss and outputs before the update."""
        parts = self.recipe.accumulate
        size = len(inputs) // parts
        losses, outputs = [], []
        for begin in range(0, size * parts, size):
            part = slice(begin, begin + size)
            with self._statistics.kept():  # MXNet's kernels move them in the backward pass
                with mx.autograd.record():
                    loss, output = self.objective(inputs[part], targets[part])
                loss.backward()
            losses.append(loss)
            outputs.append(output)
        if parts == 1:
            return losses[0], outputs[0]
        return mx.nd.add_n(*losses) / parts, mx.nd.concat(*outputs, dim=0)

    def evaluate(self, split: str) -> npt.NDArray[np.floating[Any]]:
        """Return the outputs for every sample of ``split``, in its order."""
        with memory_faults(self.device, EVALUATION_BATCH):
            copy_weights(self.block, self._answering)
            return outputs_of(self._answering, self.samples, split)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the weights alone, by canonical name."""
        return read_weights(self.block)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of weights and optimizer state; the engine has nothing of its own to keep."""
        weights = {f"model/{name}": array for name, array in self.weights().items()}
        return {**weights, **self.optimizer.read()}

    def load_state(self, arrays: Arrays, step: int) -> None:
        """Take over weights and optimizer state after ``step`` steps."""
        load_weights(self.block, {name.removeprefix("model/"): array for name, array in arrays.items()})
        self.optimizer.load(arrays, step)


def outputs_of(block: DesignBlock, samples: Samples, split: str) -> npt.NDArray[np.floating[Any]]:
    """Return the outputs of ``block`` for ``split``, in batches of 256, without training."""
    return np.concatenate([block(part).asnumpy() for part in samples.parts(split, EVALUATION_BATCH)])
