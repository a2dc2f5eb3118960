"""Initial weights, the same for every engine; made once a run.

``glorot_uniform``: Glorot and Bengio (2010); ``he_normal`` (not truncated), ``he_uniform``: He et al.
(2015). Each parameter has its own random stream, named after it, so that a new layer changes no other.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, ParameterSpec
from engines.training.words import normal, uniform, words

Values = npt.NDArray[np.float64]


def _uniform(parameter: ParameterSpec, seed: int, limit: float) -> Values:
    drawn = uniform(words(math.prod(parameter.shape), seed, f"initial/{parameter.name}"))
    return (2.0 * drawn - 1.0) * limit


def _glorot_uniform(parameter: ParameterSpec, seed: int) -> Values:
    return _uniform(parameter, seed, math.sqrt(6.0 / max(parameter.fan_in + parameter.fan_out, 1)))


def _he_uniform(parameter: ParameterSpec, seed: int) -> Values:
    return _uniform(parameter, seed, math.sqrt(6.0 / max(parameter.fan_in, 1)))


def _he_normal(parameter: ParameterSpec, seed: int) -> Values:
    drawn = normal(math.prod(parameter.shape), seed, f"initial/{parameter.name}")
    return drawn * math.sqrt(2.0 / max(parameter.fan_in, 1))


def _zeros(parameter: ParameterSpec, seed: int) -> Values:
    return np.zeros(parameter.shape)


def _ones(parameter: ParameterSpec, seed: int) -> Values:
    return np.ones(parameter.shape)


def _quarter(parameter: ParameterSpec, seed: int) -> Values:
    return np.full(parameter.shape, 0.25)


def _small_normal(parameter: ParameterSpec, seed: int) -> Values:
    return normal(math.prod(parameter.shape), seed, f"initial/{parameter.name}") * 0.02


def _forget_one(parameter: ParameterSpec, seed: int) -> Values:
    """An LSTM's bias, gates i, f, g, o: what it remembers is kept at first."""
    return np.repeat([0.0, 1.0, 0.0, 0.0], parameter.shape[0] // 4)


INITIALIZERS: dict[str, Callable[[ParameterSpec, int], Values]] = {
    "glorot_uniform": _glorot_uniform,
    "he_normal": _he_normal,
    "he_uniform": _he_uniform,
    "zeros": _zeros,
    "ones": _ones,
    "quarter": _quarter,
    "small_normal": _small_normal,
    "forget_one": _forget_one,
}


def initial_weights(spec: GraphSpec, seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """Return every parameter of ``spec`` by its canonical name, float32 in the canonical layout.

    Raises:
        WorkbenchError: ``RECIPE_INVALID`` for an unknown initializer.
    """
    return {parameter.name: _make(parameter, seed) for parameter in spec.parameters}


def _make(parameter: ParameterSpec, seed: int) -> npt.NDArray[np.float32]:
    make = INITIALIZERS.get(parameter.initializer)
    if make is None:
        raise WorkbenchError(
            ErrorCode.RECIPE_INVALID,
            setting=parameter.name,
            value=parameter.initializer,
            wanted=", ".join(INITIALIZERS),
        )
    return make(parameter, seed).reshape(parameter.shape).astype(np.float32)
