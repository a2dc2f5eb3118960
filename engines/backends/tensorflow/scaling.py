"""A scaled loss inside TensorFlow's graph; ``engines/training/loss_scale.py`` says by which rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from engines.training.loss_scale import FIRST, GOOD_STEPS, GROWTH_STEPS, SCALE, SKIPPED, skipped_steps


class LossScale:
    """The factor, how long it has been good, and how many steps were taken; all inside the graph."""

    def __init__(self) -> None:
        self.scale = tf.Variable(FIRST, dtype=tf.float32, trainable=False)
        self.good = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.applied = tf.Variable(0, dtype=tf.int64, trainable=False)

    def variables(self) -> list[Any]:
        """Return what changes with the steps."""
        return [self.scale, self.good, self.applied]

    def up(self, loss: Any) -> Any:
        """Return the loss to take gradients of."""
        return loss * self.scale

    def down(self, gradients: Sequence[Any]) -> list[Any]:
        """Return such gradients as they would be without the factor."""
        share = 1.0 / self.scale
        return [gradient * share for gradient in gradients]

    def guard(self, gradients: Sequence[Any], apply: Callable[[], None]) -> None:
        """Call ``apply`` where every gradient is a number, and let the factor learn from it."""
        sums = [tf.reduce_sum(tf.abs(gradient)) for gradient in gradients]
        finite = tf.math.is_finite(tf.add_n(sums))

        def step() -> Any:
            apply()
            return tf.constant(True)

        tf.cond(finite, step, lambda: tf.constant(False))
        good = tf.where(finite, self.good + 1, tf.zeros_like(self.good))
        grown = good >= GROWTH_STEPS
        kept = tf.where(grown, self.scale * 2.0, self.scale)
        self.scale.assign(tf.where(finite, kept, self.scale * 0.5))
        self.good.assign(tf.where(grown, tf.zeros_like(good), good))
        self.applied.assign_add(tf.cast(finite, tf.int64))

    def read(self, steps: int) -> dict[str, npt.NDArray[Any]]:
        """Return what a checkpoint keeps after ``steps`` steps since the optimizer was fresh."""
        return {
            SCALE: np.array([self.scale.numpy()], np.float32),
            GOOD_STEPS: np.array([self.good.numpy()], np.int64),
            SKIPPED: np.array([steps - self.applied.numpy()], np.int64),
        }

    def load(self, arrays: Mapping[str, npt.NDArray[Any]], steps: int) -> None:
        """Take over such arrays after ``steps`` steps since the optimizer was fresh."""
        if SCALE in arrays:
            self.scale.assign(float(arrays[SCALE][0]))
            self.good.assign(int(arrays[GOOD_STEPS][0]))
        self.applied.assign(max(steps - skipped_steps(arrays), 0))
