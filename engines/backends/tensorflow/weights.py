"""Where Keras keeps each parameter of a design, and how its layout goes over into the canonical one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.backends.tensorflow.own import OwnLayer
from engines.contract.spec import LayerSpec, ParameterSpec

Array = npt.NDArray[Any]
Shape = tuple[int, ...]

_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "weight": ("kernel", "gamma", "scale"),
    "bias": ("bias", "beta"),
    "running_mean": ("moving_mean",),
    "running_var": ("moving_variance",),
}


@dataclass(frozen=True)
class Layout:
    """What takes an array of Keras' layout to the canonical one, and back."""

    canonical: Callable[[Array], Array]
    own: Callable[[Array], Array]


@dataclass(frozen=True)
class Parameter:
    """A variable under its canonical name; ``shape`` is the canonical one."""

    name: str
    shape: Shape
    variable: Any
    layout: Layout
    trainable: bool

    def canonical(self, value: Any) -> Array:
        """Return the variable's value, or a slot's of its shape, in the canonical layout."""
        return np.ascontiguousarray(self.layout.canonical(value.numpy()))

    def own(self, array: Array) -> Array:
        """Return a canonical array in the variable's layout."""
        return np.ascontiguousarray(self.layout.own(array))


def locate(layer: LayerSpec, made: Any, entry: ParameterSpec) -> Parameter:
    """Return the variable that the layer ``made`` has for a parameter of ``layer``."""
    role = entry.name.rsplit("/", 1)[1]
    find = _own_code if isinstance(made, OwnLayer) else _FOUND.get(layer.layer, _common)
    variable, layout = find(made, role, entry.shape)
    return Parameter(entry.name, entry.shape, variable.value, layout, entry.trainable)


def _turned(axes: Shape) -> Layout:
    back = np.argsort(axes)
    return Layout(lambda array: array.transpose(axes), lambda array: array.transpose(back))


def _columns(own: Shape, shape: Shape) -> Layout:
    """Return the layout of a weight whose outputs lie last, in whatever axes Keras parts its sides into."""
    return Layout(lambda array: array.reshape(shape[::-1]).T, lambda array: array.T.reshape(own))


_AS_IS = Layout(lambda array: array, lambda array: array)


def _swapped(array: Array) -> Array:
    """Return gates r, z, n as Keras has them, z, r, n; and the other way round."""
    first, second, third = np.split(array, 3)
    return np.concatenate([second, first, third])


_GRU_WEIGHT = Layout(lambda array: _swapped(array.T), lambda array: _swapped(array).T)
_GRU_BIAS = Layout(
    lambda array: _swapped(array[0]), lambda array: np.stack([_swapped(array), np.zeros_like(array)])
)
"""Keras' second bias, which the reset gate would act on, stays zero: the catalogue has none."""


def _common(made: Any, role: str, shape: Shape) -> tuple[Any, Layout]:
    found = next(key for key in _ATTRIBUTES[role] if getattr(made, key, None) is not None)
    variable = getattr(made, found)
    rank = len(variable.shape)
    first = (rank - 1, rank - 2) if found == "kernel" else (rank - 1,)
    return variable, _turned((*first, *(axis for axis in range(rank) if axis not in first)))


def _own_code(made: Any, role: str, shape: Shape) -> tuple[Any, Layout]:
    return made.roles[role], _AS_IS


def _table(made: Any, role: str, shape: Shape) -> tuple[Any, Layout]:
    return made.embeddings, _AS_IS


def _slope(made: Any, role: str, shape: Shape) -> tuple[Any, Layout]:
    return made.alpha, _columns(made.alpha.shape, shape)


def _attention(made: Any, role: str, shape: Shape) -> tuple[Any, Layout]:
    part, _, kind = f"output_{role}".rpartition("_")
    dense = getattr(made, f"{part.removeprefix('output_') or part}_dense")
    variable = dense.kernel if kind == "weight" else dense.bias
    return variable, _columns(variable.shape, shape)


def _cell(made: Any, role: str) -> tuple[Any, str]:
    """Return the direction's cell that has a role, and the role in it."""
    plain = role.removeprefix("reverse_")
    if not hasattr(made, "forward_layer"):
        return made.cell, plain
    return (made.forward_layer if plain == role else made.backward_layer).cell, plain


def _variable(cell: Any, role: str) -> Any:
    return {"weight": cell.kernel, "recurrent_weight": cell.recurrent_kernel, "bias": cell.bias}[role]


def _lstm(made: Any, role: str, shape: Shape) -> tuple[Any, Layout]:
    variable = _variable(*_cell(made, role))
    return variable, _columns(variable.shape, shape)


def _gru(made: Any, role: str, shape: Shape) -> tuple[Any, Layout]:
    cell, plain = _cell(made, role)
    return _variable(cell, plain), _GRU_BIAS if plain == "bias" else _GRU_WEIGHT


_FOUND: dict[str, Callable[[Any, str, Shape], tuple[Any, Layout]]] = {
    "embedding": _table,
    "positional_encoding": _table,
    "prelu": _slope,
    "multi_head_attention": _attention,
    "lstm": _lstm,
    "gru": _gru,
}
