"""Layers on sequences ``(batch, time, features)``."""

from __future__ import annotations

from typing import Any

import numpy as np
from mxnet.gluon import HybridBlock, rnn

from engines.backends.mxnet.blocks import Function, Maker, Shape, constant, prefix_of, whole
from engines.contract.positions import sinusoids
from engines.contract.spec import LayerSpec

# Gluon's own name for the module it hands over.
# ruff: noqa: N803


class Embedding(HybridBlock):
    """A row of the weight for each id, which is carried as a number."""

    def __init__(self, layer: LayerSpec) -> None:
        super().__init__(prefix=prefix_of(layer))
        self._sizes = whole(layer, "vocabulary"), whole(layer, "units")
        self.weight = self.params.get("weight", shape=self._sizes)

    def hybrid_forward(self, F: Any, x: Any, weight: Any) -> Any:
        """Cut a fraction off, and keep ids in their range."""
        rows, units = self._sizes
        ids = F.BlockGrad(F.floor(F.clip(x, 0.0, rows - 1.0)))
        return F.Embedding(ids, weight, input_dim=rows, output_dim=units)


class PositionalEncoding(HybridBlock):
    """Adds a table ``(time, features)`` to every sample: fixed waves, or learned."""

    def __init__(self, layer: LayerSpec) -> None:
        super().__init__(prefix=prefix_of(layer))
        if layer.parameters:
            self.weight = self.params.get("weight", shape=layer.parameters[0].shape)
        else:
            self.weight = constant(self, "waves", sinusoids(*layer.output_shape))

    def hybrid_forward(self, F: Any, x: Any, weight: Any) -> Any:
        """Add the table."""
        return F.broadcast_add(x, F.expand_dims(weight, axis=0))


_ROLES = {"weight": "l0_i2h_weight", "recurrent_weight": "l0_h2h_weight", "bias": "l0_i2h_bias"}


class Recurrent(HybridBlock):
    """Gluon's LSTM or GRU of one layer, in one direction or in both.

    The two directions are layers of their own. Gluon's second bias stays zero.
    """

    def __init__(self, kind: Any, layer: LayerSpec, shape: Shape, dtype: str) -> None:
        super().__init__(prefix=prefix_of(layer))
        self._all = bool(layer.settings["return_sequences"])
        self._time = shape[0]
        roles = ("", "reverse_") if layer.settings["bidirectional"] else ("",)
        if len(roles) > 1:
            # By places, since MXNet's exporter translates neither reverse nor a GRU in both directions.
            self.backwards = constant(self, "backwards", np.arange(shape[0] - 1.0, -1.0, -1.0))
        self._parts: list[Any] = []
        for role in roles:
            prefix = f"{prefix_of(layer)}{role}"
            part = kind(whole(layer, "units"), layout="NTC", input_size=shape[1], dtype=dtype, prefix=prefix)
            part.l0_h2h_bias.grad_req = "null"
            for ours, theirs in _ROLES.items():
                setattr(self, role + ours, getattr(part, theirs))
            self.register_child(part, role or "forward")
            self._parts.append(part)

    def hybrid_forward(self, F: Any, x: Any, backwards: Any = None, **_: Any) -> Any:
        """Return every time step's values, or those after the last."""
        ahead = self._last(F, self._parts[0](x))
        if backwards is None:
            return ahead
        back = self._last(F, self._parts[1](F.take(x, backwards, axis=1)))
        return F.concat(ahead, F.take(back, backwards, axis=1) if self._all else back, dim=-1)

    def _last(self, F: Any, x: Any) -> Any:
        return x if self._all else _step(F, x, self._time - 1)


def _step(F: Any, x: Any, step: int) -> Any:
    return F.squeeze(F.slice_axis(x, axis=1, begin=step, end=step + 1), axis=1)


def _recurrent(kind: Any) -> Maker:
    return lambda layer, inputs, dtype: Recurrent(kind, layer, inputs[0], dtype)


class MultiHeadAttention(HybridBlock):
    """Scaled dot products of every query with every key, head by head."""

    def __init__(self, layer: LayerSpec, inputs: list[Shape], dtype: str) -> None:
        super().__init__(prefix=prefix_of(layer))
        query, key, *_ = (*inputs, inputs[-1])
        self._shape, self._times = query, (query[0], key[0])
        self._heads = whole(layer, "heads")
        self._size = query[1] // self._heads
        for entry in layer.parameters:
            role = entry.name.rsplit("/", 1)[1]
            setattr(self, role, self.params.get(role, shape=entry.shape))
        self._causal = bool(layer.settings["causal"])
        if self._causal:
            self.later = constant(self, "later", np.triu(np.full(self._times, -1e30), 1)[None])

    def hybrid_forward(self, F: Any, query: Any, *others: Any, **given: Any) -> Any:
        """Return ``(batch, time, features)`` of the query."""
        key, value = (*others, *(others or (query, query)))[:2]
        q = self._heads_of(F, self._project(F, query, "query_", given), self._times[0])
        k = self._heads_of(F, self._project(F, key, "key_", given), self._times[1])
        v = self._heads_of(F, self._project(F, value, "value_", given), self._times[1])
        scores = F.batch_dot(q, k, transpose_b=True) / self._size**0.5
        if self._causal:
            scores = F.broadcast_add(scores, given["later"])
        mixed = F.batch_dot(F.softmax(scores, axis=-1), v)
        apart = F.reshape(mixed, shape=(-1, self._heads, self._times[0], self._size))
        joined = F.reshape(F.transpose(apart, axes=(0, 2, 1, 3)), shape=(-1, *self._shape))
        return self._project(F, joined, "", given)

    def _project(self, F: Any, x: Any, role: str, given: dict[str, Any]) -> Any:
        weight, bias = given[f"{role}weight"], given.get(f"{role}bias")
        options = {"num_hidden": self._shape[1], "flatten": False, "no_bias": bias is None}
        return F.FullyConnected(x, weight, *([] if bias is None else [bias]), **options)

    def _heads_of(self, F: Any, x: Any, time: int) -> Any:
        """Return ``(batch · heads, time, features / heads)``."""
        apart = F.reshape(x, shape=(-1, time, self._heads, self._size))
        return F.reshape(F.transpose(apart, axes=(0, 2, 1, 3)), shape=(-1, time, self._size))


def _take_step(layer: LayerSpec, inputs: list[Shape], dtype: str) -> HybridBlock:
    step = whole(layer, "step") % inputs[0][0]
    return Function(lambda F, x: _step(F, x, step), prefix=prefix_of(layer))


SEQUENCES: dict[str, Maker] = {
    "embedding": lambda layer, inputs, dtype: Embedding(layer),
    "positional_encoding": lambda layer, inputs, dtype: PositionalEncoding(layer),
    "lstm": _recurrent(rnn.LSTM),
    "gru": _recurrent(rnn.GRU),
    "multi_head_attention": MultiHeadAttention,
    "take_step": _take_step,
}
