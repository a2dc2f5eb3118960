"""The catalogue's layers on sequences, ``(batch, time, features)``, as Flax NNX modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from engines.contract.positions import sinusoids
from engines.contract.spec import LayerSpec

Shape = tuple[int, ...]


class Types(NamedTuple):
    """The types of weights and of the values that layers compute."""

    weights: Any
    values: Any


def new_parameter(shape: Shape, types: Types) -> nnx.Param[Any]:
    """Return an array to be learned; whoever trains gives it its values."""
    return nnx.Param(jnp.zeros(shape, types.weights))


class Embedding(nnx.Module):
    """A row of the weight for each id; ids are floats, and what lies outside counts as the nearest one."""

    def __init__(self, vocabulary: int, units: int, types: Types) -> None:
        self.weight, self.types = new_parameter((vocabulary, units), types), types
        self.last = vocabulary - 1

    def __call__(self, value: Any) -> Any:
        """Return ``(batch, time, units)``."""
        ids = jnp.clip(value, 0, self.last).astype(jnp.int32)
        return jnp.take(self.weight[...].astype(self.types.values), ids, axis=0)


class LearnedPositions(nnx.Module):
    """Adds a learned array of ``(time, features)``."""

    def __init__(self, shape: Shape, types: Types) -> None:
        self.weight = new_parameter(shape, types)

    def __call__(self, value: Any) -> Any:
        """Return the sum."""
        return value + self.weight[...].astype(value.dtype)


class Waves(nnx.Module):
    """Adds fixed waves of ``(time, features)``."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape

    def __call__(self, value: Any) -> Any:
        """Return the sum."""
        return value + sinusoids(*self.shape).astype(value.dtype)


def _lstm_step(seen: Any, kept: Any, memory: tuple[Any, Any]) -> tuple[Any, Any]:
    i, f, g, o = jnp.split(seen + kept, 4, axis=-1)
    cell = nnx.sigmoid(f) * memory[1] + nnx.sigmoid(i) * jnp.tanh(g)
    return nnx.sigmoid(o) * jnp.tanh(cell), cell


def _gru_step(seen: Any, kept: Any, memory: tuple[Any, Any]) -> tuple[Any, Any]:
    r, z, n = jnp.split(seen, 3, axis=-1)
    kept_r, kept_z, kept_n = jnp.split(kept, 3, axis=-1)
    reset, update = nnx.sigmoid(r + kept_r), nnx.sigmoid(z + kept_z)
    new = jnp.tanh(n + reset * kept_n)
    return (1 - update) * new + update * memory[0], memory[1]


class Recurrent(nnx.Module):
    """An LSTM or a GRU over ``lax.scan``: Flax' own ``nnx.RNN`` cannot be exported."""

    def __init__(self, layer: LayerSpec, features: int, gates: int, step: Any, types: Types) -> None:
        self.units = cast("int", layer.settings["units"])
        self.sequences = bool(layer.settings["return_sequences"])
        self.both = bool(layer.settings["bidirectional"])
        self.step, self.types = step, types
        size = gates * self.units
        self.weight = new_parameter((size, features), types)
        self.recurrent_weight = new_parameter((size, self.units), types)
        self.bias = new_parameter((size,), types)
        if self.both:
            self.reverse_weight = new_parameter((size, features), types)
            self.reverse_recurrent_weight = new_parameter((size, self.units), types)
            self.reverse_bias = new_parameter((size,), types)

    def __call__(self, value: Any) -> Any:
        """Return every time step's values, or the last ones."""
        ways = [self._read(value, self.weight, self.recurrent_weight, self.bias)]
        if self.both:
            own = (self.reverse_weight, self.reverse_recurrent_weight, self.reverse_bias)
            backwards = self._read(jnp.flip(value, 1), *own)
            ways.append(jnp.flip(backwards, 1) if self.sequences else backwards)
        return jnp.concatenate(ways, axis=-1) if self.both else ways[0]

    def _read(self, value: Any, *own: Any) -> Any:
        weight, recurrent, bias = (array[...].astype(self.types.values) for array in own)
        seen = jnp.swapaxes(value @ weight.T + bias, 0, 1)
        zeros = jnp.zeros_like(seen[0, :, : self.units])

        def step(memory: tuple[Any, Any], now: Any) -> tuple[tuple[Any, Any], Any]:
            after = self.step(now, memory[0] @ recurrent.T, memory)
            return after, after[0]

        (last, _), steps = jax.lax.scan(step, (zeros, zeros), seen)
        return jnp.swapaxes(steps, 0, 1) if self.sequences else last


class Attention(nnx.Module):
    """Attention of several heads. Source: https://arxiv.org/abs/1706.03762."""

    def __init__(self, layer: LayerSpec, inputs: list[Shape], types: Types) -> None:
        self.heads = cast("int", layer.settings["heads"])
        self.causal, self.bias_too = bool(layer.settings["causal"]), bool(layer.settings["bias"])
        self.types = types
        for entry in layer.parameters:
            setattr(self, entry.name.rsplit("/", 1)[1], new_parameter(tuple(entry.shape), types))

    def __call__(self, query: Any, *others: Any) -> Any:
        """Return the query's features, mixed over the time steps of the value."""
        key, value = (query, query) if not others else (others[0], others[-1])
        q, k, v = (
            self._in_heads(self._project(role, x))
            for role, x in (("query_", query), ("key_", key), ("value_", value))
        )
        scores = jnp.einsum("bqhw,bkhw->bhqk", q, k) / np.sqrt(q.shape[-1]).astype(q.dtype)
        if self.causal:
            seen = np.tril(np.ones(scores.shape[-2:], bool))
            scores = jnp.where(seen, scores, jnp.finfo(scores.dtype).min)
        mixed = jnp.einsum("bhqk,bkhw->bqhw", nnx.softmax(scores, axis=-1), v)
        return self._project("", jnp.reshape(mixed, (-1, *query.shape[1:])))

    def _project(self, role: str, value: Any) -> Any:
        weight = getattr(self, f"{role}weight")[...].astype(self.types.values)
        found = value @ weight.T
        return found + getattr(self, f"{role}bias")[...].astype(found.dtype) if self.bias_too else found

    def _in_heads(self, value: Any) -> Any:
        return jnp.reshape(value, (-1, value.shape[1], self.heads, value.shape[2] // self.heads))


class TakeStep(nnx.Module):
    """One time step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def __call__(self, value: Any) -> Any:
        """Return ``(batch, features)``."""
        return value[:, self.step]


class OverTime(nnx.Module):
    """The mean or the maximum over all time steps."""

    def __init__(self, reduce: Callable[..., Any]) -> None:
        self.reduce = reduce

    def __call__(self, value: Any) -> Any:
        """Return ``(batch, features)``."""
        return self.reduce(value, axis=1)


def _embedding(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    vocabulary, units = cast("int", layer.settings["vocabulary"]), cast("int", layer.settings["units"])
    return Embedding(vocabulary, units, types)


def _positions(layer: LayerSpec, inputs: list[Shape], types: Types) -> nnx.Module:
    learned = layer.settings["form"] == "learned"
    return LearnedPositions(inputs[0], types) if learned else Waves(inputs[0])


LAYERS: dict[str, Callable[[LayerSpec, list[Shape], Types], nnx.Module]] = {
    "embedding": _embedding,
    "positional_encoding": _positions,
    "lstm": lambda layer, inputs, types: Recurrent(layer, inputs[0][-1], 4, _lstm_step, types),
    "gru": lambda layer, inputs, types: Recurrent(layer, inputs[0][-1], 3, _gru_step, types),
    "multi_head_attention": Attention,
    "take_step": lambda layer, inputs, types: TakeStep(cast("int", layer.settings["step"])),
    "time_average_pool": lambda layer, inputs, types: OverTime(jnp.mean),
    "time_max_pool": lambda layer, inputs, types: OverTime(jnp.max),
}
"""The sequences' part of the table of layers."""
