"""What TensorFlow itself answers to samples, and each of its layers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.layers import last_axes
from engines.backends.tensorflow.train import Outputs

Array = npt.NDArray[Any]


def channels_last(inputs: Array) -> Array:
    """Return samples of the design's layout with their channels last."""
    return np.ascontiguousarray(inputs.transpose(last_axes(inputs.ndim - 1)))


def answers(model: DesignModel) -> Callable[[Array], Array]:
    """Return what answers one batch in the design's layout, traced once."""
    run = Outputs(model)
    return lambda inputs: run(channels_last(inputs))


def layer_answers(model: DesignModel, inputs: Array) -> dict[str, Array]:
    """Return what each of the design's nodes answers to one batch."""
    values = model.walk([channels_last(inputs)], lambda name: nullcontext())
    return {name: model.as_designed(name, values[name]).numpy() for name in model.layers}
