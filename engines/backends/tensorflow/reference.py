"""What TensorFlow itself answers to real samples, kept beside an export for its proof."""

from __future__ import annotations

import io
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.backends.tensorflow.build import DesignModel
from engines.backends.tensorflow.layers import last_axes, to_design
from engines.backends.tensorflow.train import Outputs
from engines.contract.files import write_atomic

Array = npt.NDArray[Any]
SINGLE_SAMPLES = 64
"""So many samples are answered one by one."""
BATCH = 17
_MOST_LAYER_BYTES = 64_000_000


def write_reference(path: Path, model: DesignModel, inputs: Array) -> None:
    """Write ``inputs`` and the model's answers as ``.npz``, whole or not at all.

    ``outputs`` came from one batch of all, ``outputs_1`` and ``outputs_17`` (of the first samples) from
    batches of that size, ``layer/<name>`` is what the design's node answered to the first 17 samples.
    """
    answer = Outputs(model)
    arrays = {
        "inputs": inputs,
        "outputs": _answers(answer, inputs, len(inputs)),
        "outputs_1": _answers(answer, inputs[:SINGLE_SAMPLES], 1),
        f"outputs_{BATCH}": _answers(answer, inputs, BATCH),
        **_layer_answers(model, inputs[:BATCH]),
    }
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    write_atomic(path, buffer.getvalue())


def channels_last(inputs: Array) -> Array:
    """Return samples of the design's layout with their channels last."""
    return np.ascontiguousarray(inputs.transpose(last_axes(inputs.ndim - 1)))


def _answers(answer: Outputs, inputs: Array, batch: int) -> Array:
    size = max(1, batch)
    parts = [inputs[begin : begin + size] for begin in range(0, len(inputs), size)]
    return np.concatenate([answer(channels_last(part)) for part in parts])


def _layer_answers(model: DesignModel, inputs: Array) -> dict[str, Array]:
    values = model.walk([channels_last(inputs)], lambda name: nullcontext())
    arrays = {f"layer/{name}": to_design(values[name], model.shapes[name]).numpy() for name in model.layers}
    return arrays if sum(array.nbytes for array in arrays.values()) <= _MOST_LAYER_BYTES else {}
