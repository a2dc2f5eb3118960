"""What TensorFlow itself answers to samples, and each of its layers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.train import Outputs

Array = npt.NDArray[Any]


def own_layout(model: DesignModel, inputs: Array) -> Array:
    """Return samples of the design's layout as the model takes them."""
    return np.ascontiguousarray(inputs.transpose(model.own_axes(model.spec.inputs[0].name)))


def answers(model: DesignModel) -> Callable[[Array], Array]:
    """Return what answers one batch in the design's layout, traced once."""
    run = Outputs(model)
    return lambda inputs: run(own_layout(model, inputs))


def layer_answers(model: DesignModel, inputs: Array) -> dict[str, Array]:
    """Return what each of the design's nodes answers to one batch."""
    values = model.walk([own_layout(model, inputs)], lambda name: nullcontext())
    return {name: model.as_designed(name, values[name]).numpy() for name in model.layers}
