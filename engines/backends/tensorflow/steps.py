"""Training steps as one graph a chunk, as the recipe has them: forward, backward, clip, update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.losses import LOSSES, step_metric
from engines.backends.tensorflow.optimizers import Optimizer
from engines.backends.tensorflow.scaling import LossScale
from engines.contract.spec import Recipe
from engines.training.losses import LOSSES as LOSS_ROWS
from engines.training.words import step_seeds

Gradients = Sequence[Any]


class Steps:
    """The graph that trains a chunk: traced once, since rates, seeds and the chunk's length are tensors.

    ``mode``: ``graph``, ``xla`` (compiled once for each number of rows) or ``eager``. Where a design is not
    ``looped``, XLA compiles one step, which is called for each.
    """

    def __init__(
        self, model: DesignModel, optimizer: Optimizer, recipe: Recipe, mode: str, looped: bool = True
    ) -> None:
        self._model, self._optimizer, self._recipe, self.mode = model, optimizer, recipe, mode
        self._loops_well = looped
        self._loss = LOSSES[recipe.loss]
        self._metric = LOSS_ROWS[recipe.loss].targets
        self._variables = [parameter.variable for parameter in model.trained]
        self.scaled = LossScale() if recipe.precision == "fp16" else None
        self._seed = tf.Variable(0, dtype=tf.int64, trainable=False)
        for dropout in model.dropouts:
            dropout.seed = self._seed
        self._graph: Any = None

    def __call__(self, *given: Any) -> npt.NDArray[Any]:
        """Train a chunk: inputs, targets, positions in them, numbers, seeds, count; see ``_run``."""
        if self.mode == "eager":
            return np.asarray(self._run(*given))
        if self._graph is None:
            signature = [_any_length(tensor) for tensor in given]
            # No AutoGraph: a fault inside would come out as one of its own, without code and facts.
            options = {"autograph": False, "jit_compile": True if self.mode == "xla" else None}
            traced = tf.function(self._run if self._looped else self._one, **options)
            self._graph = traced.get_concrete_function(*signature)
        if self._looped:
            return np.asarray(self._graph(*given))
        *held, count = given
        told = [self._graph(*held, tf.constant(step)) for step in range(int(count))]
        return np.stack([np.asarray(both) for both in told], axis=1)

    @property
    def _looped(self) -> bool:
        return self._loops_well or self.mode != "xla"

    def use(self, mode: str) -> None:
        """Run in another mode from here on."""
        self.mode, self._graph = mode, None

    def seeds(self, first_step: int, count: int) -> npt.NDArray[np.int64]:
        """Return one seed for each part of each step."""
        found = np.zeros((count, self._recipe.accumulate), np.int64)
        for part in range(self._recipe.accumulate if self._model.dropouts else 0):
            purpose = f"dropout/{part}" if part else "dropout"
            found[:, part] = step_seeds(self._recipe.seed, purpose, first_step, count)
        return found

    def numbers(self, first_step: int, rates: npt.NDArray[np.float64]) -> npt.NDArray[Any]:
        """Return what each step needs beside its gradients; with a scaled loss the rate alone."""
        if self.scaled is not None:
            return rates[:, None]
        return self._optimizer.numbers(first_step, rates).astype(self._model.dtype)

    def _run(self, inputs: Any, targets: Any, batches: Any, numbers: Any, seeds: Any, count: Any) -> Any:
        """Take the first ``count`` steps; return losses and step metrics of all rows, ``(2, rows)``."""
        rows, dtype = tf.shape(batches)[0], self._model.dtype
        arrays = [tf.TensorArray(dtype, rows) for _ in range(2)]

        def body(step: Any, losses: Any, outputs: Any) -> Any:
            x, y = tf.gather(inputs, batches[step]), tf.gather(targets, batches[step])
            loss, output = self._step(x, y, numbers[step], seeds[step])
            return step + 1, losses.write(step, loss), outputs.write(step, output)

        _, losses, outputs = tf.while_loop(
            lambda step, *_: step < count, body, (0, *arrays), parallel_iterations=1
        )
        found = step_metric(self._metric, outputs.stack(), tf.gather(targets, batches))
        return tf.stack([losses.stack(), found])

    def _one(self, inputs: Any, targets: Any, batches: Any, numbers: Any, seeds: Any, step: Any) -> Any:
        """Take the one step of a row; return its loss and step metric, ``(2,)``."""
        # A slice at ``step`` would have XLA compile anew for each value.
        places, row, seed = (tf.gather(rows, step) for rows in (batches, numbers, seeds))
        x, y = tf.gather(inputs, places), tf.gather(targets, places)
        loss, output = self._step(x, y, row, seed)
        return tf.stack([loss, step_metric(self._metric, output[None], y[None])[0]])

    def _step(self, x: Any, y: Any, numbers: Any, seeds: Any) -> tuple[Any, Any]:
        learn = self._learn if self._recipe.accumulate == 1 else self._learn_in_parts
        loss, output, gradients = learn(x, y, seeds)
        if self.scaled is None:
            self._update(gradients, numbers)
        else:
            gradients, scaled = self.scaled.down(gradients), self.scaled
            row = self._optimizer.row(scaled.applied + 1, numbers[0])
            scaled.guard(gradients, lambda: self._update(gradients, row))
        return loss, output

    def _update(self, gradients: Gradients, numbers: Any) -> None:
        clipped = _clip(gradients, self._recipe.clip_norm) if self._recipe.clip_norm else gradients
        self._optimizer.apply(clipped, numbers)

    def _learn(self, x: Any, y: Any, seeds: Any) -> tuple[Any, Any, Gradients]:
        """Return a batch's loss, outputs and gradients; those of a scaled loss are scaled."""
        self._seed.assign(seeds[0])
        with tf.GradientTape() as tape:
            output = self._model([x], training=True)
            loss = self._loss(output, y)
            climbed = loss if self.scaled is None else self.scaled.up(loss)
        # What the output does not hang on has zeros, so that its weights decay as on every engine.
        gradients = tape.gradient(climbed, self._variables, unconnected_gradients="zero")
        return loss, output, gradients

    def _learn_in_parts(self, x: Any, y: Any, seeds: Any) -> tuple[Any, Any, Gradients]:
        """Return the same of a batch that goes through in equal parts: the gradients are averaged."""
        parts = self._recipe.accumulate
        size = x.shape[0] // parts

        def body(part: Any, total: Any, outputs: Any, sums: list[Any]) -> Any:
            begin = part * size
            some, theirs = x[begin : begin + size], y[begin : begin + size]
            loss, output, gradients = self._learn(some, theirs, seeds[part : part + 1])
            added = [old + new for old, new in zip(sums, gradients)]
            return part + 1, total + loss, outputs.write(part, output), added

        zeros = [tf.zeros_like(variable) for variable in self._variables]
        arrays = tf.TensorArray(self._model.dtype, parts)
        state: Any = (0, tf.zeros((), self._model.dtype), arrays, zeros)
        if self._looped:
            state = tf.while_loop(lambda part, *_: part < parts, body, state, parallel_iterations=1)
        else:
            for _ in range(parts):
                state = body(*state)
        _, total, outputs, sums = state
        return total / parts, outputs.concat(), [whole / parts for whole in sums]


def _any_length(tensor: Any) -> Any:
    """Return what a graph is traced for: such a tensor with any number of rows; a number as it is."""
    shape = (None, *tensor.shape[1:]) if tensor.shape.rank else ()
    return tf.TensorSpec(shape, tensor.dtype)


def _clip(gradients: Gradients, most: float) -> Gradients:
    """Scale gradients down so that their joint L2 norm is at most ``most``."""
    norm = tf.linalg.global_norm([tf.convert_to_tensor(gradient) for gradient in gradients])
    factor = tf.minimum(tf.constant(1.0, norm.dtype), tf.constant(most, norm.dtype) / norm)
    return [gradient * factor for gradient in gradients]
