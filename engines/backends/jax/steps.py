"""The compiled functions: a chunk of training steps in one call, and answers without training."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from engines.backends.jax import scaling
from engines.backends.jax.build import Arrays, DesignModel
from engines.backends.jax.losses import LOSSES, step_metric
from engines.backends.jax.optimizers import Optimizer, clipped
from engines.backends.jax.samples import Samples
from engines.contract.spec import Recipe
from engines.training.losses import LOSSES as LOSS_ROWS
from engines.training.trainer import EVALUATION_BATCH
from engines.training.words import step_seeds

MOST_STEPS = 512
"""The longest run of steps in one call; a longer chunk takes several."""


class State(NamedTuple):
    """All that a step changes; its buffers are given away at each call."""

    values: Arrays
    running: Arrays
    slots: dict[str, Arrays]
    scaler: Arrays


class Given(NamedTuple):
    """What a call of steps reads, each with a row a step but for the samples themselves."""

    inputs: Any
    targets: Any
    places: Any
    rates: Any
    corrections: Any
    seeds: Any


class Steps:
    """The function that trains a chunk of any length, compiled once.

    What is given has room for ``room`` steps, and how many of them are to be taken is a number on the
    device: ``fori_loop`` is the ``scan`` that takes such a number. Without ``looped`` the function takes one
    step and is called for each.
    """

    def __init__(
        self, model: DesignModel, optimizer: Optimizer, recipe: Recipe, room: int, looped: bool = True
    ) -> None:
        self._model, self._optimizer, self._recipe = model, optimizer, recipe
        self._loss, self._kind = LOSSES[recipe.loss], LOSS_ROWS[recipe.loss].targets
        self.room = room
        self._random = any(layer.layer == "dropout" for layer in model.spec.layers)
        self._no_seeds = np.zeros((room, 2), np.uint32)
        self._looped = looped
        self._compiled = jax.jit(self._run if looped else self._one, donate_argnums=0)

    def lowered(self, state: State, given: Given) -> Any:
        """Return the function lowered for such arguments, to be read."""
        return self._compiled.lower(state, given, *self._arguments(state, 1))

    def __call__(self, state: State, given: Given, count: int) -> tuple[State, npt.NDArray[Any]]:
        """Take ``count`` steps; return the state after them, and losses and step metrics, ``(2, count)``."""
        if self._looped:
            after, found = self._compiled(state, given, *self._arguments(state, count))
            return after, np.asarray(found)[:, :count]
        told = []
        _, skipped = self._arguments(state, 0)
        for step in range(count):
            state, both = self._compiled(state, given, np.int32(step), skipped)
            told.append(both)
        return state, np.stack(told, axis=1)

    def _arguments(self, state: State, number: int) -> tuple[np.int32, npt.NDArray[Any]]:
        """Return a number of steps, and how many have been skipped before this call."""
        return np.int32(number), np.array(state.scaler.get("skipped_steps", 0), np.int32)

    def given(
        self, samples: Samples, first_step: int, skipped: int, batches: Any, rates: npt.NDArray[np.float64]
    ) -> Given:
        """Return what the steps over ``batches`` of the training split read, filled up to the room."""
        rows = np.zeros((self.room, *batches.shape[1:]), np.int32)
        rows[: len(batches)] = batches
        inputs, targets, places = samples.batches("train", rows)
        seeds = self._no_seeds
        if self._random:
            seeds = seeds.copy()
            words = step_seeds(self._recipe.seed, "dropout", first_step, len(batches))
            seeds[: len(batches)] = np.array(words, np.uint64)[:, None] >> np.array([32, 0], np.uint64)
        kept = np.zeros(self.room, self._model.types.weights)
        kept[: len(rates)] = rates
        corrections = self._optimizer.corrections(first_step - skipped, self.room)
        return Given(inputs, targets, places, kept, corrections, seeds)

    def _run(self, state: State, given: Given, count: Any, skipped: Any) -> tuple[State, Any]:
        found = jnp.zeros((2, self.room), self._model.types.weights)

        def body(step: Any, carried: tuple[State, Any]) -> tuple[State, Any]:
            now, told = carried
            after, both = self._one(now, given, step, skipped)
            return after, told.at[:, step].set(both)

        after: tuple[State, Any] = jax.lax.fori_loop(0, count, body, (state, found))
        return after

    def _one(self, state: State, given: Given, step: Any, skipped: Any) -> tuple[State, Any]:
        """Take one of the given steps; ``skipped`` is how many were skipped before the first of them."""
        left_out = state.scaler.get("skipped_steps", skipped) - skipped
        places = given.places[step]
        x, y = given.inputs[places], given.targets[places]
        key = jax.random.wrap_key_data(given.seeds[step])
        told: tuple[State, Any] = self._step(
            state, x, y, key, given.rates[step], given.corrections[step - left_out]
        )
        return told

    def _step(self, state: State, x: Any, y: Any, key: Any, rate: Any, correction: Any) -> Any:
        scale = state.scaler.get("loss_scale")
        gradients, running, told = self._gradients(state, x, y, key, scale)
        if scale is not None:
            gradients = {name: gradient / scale for name, gradient in gradients.items()}
        good = scaling.finite(gradients) if scale is not None else None
        if self._recipe.clip_norm:
            gradients = clipped(gradients, self._recipe.clip_norm)
        values, slots = self._optimizer.apply(state.values, gradients, state.slots, rate, correction)
        if good is None:
            return State(values, running, slots, state.scaler), told
        kept = jax.tree.map(
            lambda new, old: jnp.where(good, new, old), (values, slots), (state.values, state.slots)
        )
        return State(kept[0], running, kept[1], scaling.after(state.scaler, good)), told

    def _gradients(self, state: State, x: Any, y: Any, key: Any, scale: Any) -> tuple[Arrays, Arrays, Any]:
        """Return gradients, running statistics, and the step's loss and metric."""
        parts = self._recipe.accumulate
        slope = jax.value_and_grad(self._loss_of, has_aux=True)
        if parts == 1:
            (_, (running, told)), gradients = slope(state.values, state.running, x, y, key, scale)
            return gradients, running, told

        def part(carried: tuple[Arrays, Arrays, Any], given: Any) -> Any:
            total, running, told = carried
            number, own_x, own_y = given
            own_key = jax.random.fold_in(key, number)
            (_, (running, new)), found = slope(state.values, running, own_x, own_y, own_key, scale)
            return (jax.tree.map(jnp.add, total, found), running, told + new), None

        begin = (
            jax.tree.map(jnp.zeros_like, state.values),
            state.running,
            jnp.zeros(2, self._model.types.weights),
        )
        split = (jnp.arange(parts), *(a.reshape(parts, -1, *a.shape[1:]) for a in (x, y)))
        (total, running, told), _ = jax.lax.scan(part, begin, split, unroll=1 if self._looped else parts)
        return {name: gradient / parts for name, gradient in total.items()}, running, told / parts

    def _loss_of(self, values: Arrays, running: Arrays, x: Any, y: Any, key: Any, scale: Any) -> Any:
        output, after = self._model.train({**values, **running}, [x], key)
        loss = self._loss(output, y)
        told = jnp.stack([loss, step_metric(self._kind, output, y)])
        return loss if scale is None else loss * scale, (after, told)


class Outputs:
    """The function that answers without training, compiled once for batches of about 256."""

    def __init__(self, model: DesignModel) -> None:
        self._compiled = jax.jit(lambda arrays, x: model.answer(arrays, [x]))

    def of_split(self, arrays: Arrays, samples: Samples, split: str) -> npt.NDArray[Any]:
        """Return the outputs for every sample of ``split``, in its order."""
        found = [self._compiled(arrays, part) for part in samples.parts(split, EVALUATION_BATCH)]
        return np.concatenate([np.asarray(part) for part in found])[: samples.count(split)]
