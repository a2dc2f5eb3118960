"""What an engine itself answers to real samples, kept beside an export for its proof."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.training.tensors import npz_file

Array = npt.NDArray[Any]
SINGLE_SAMPLES = 64
"""So many samples are answered one by one."""
BATCH = 17
_MOST_LAYER_BYTES = 64_000_000


def reference_file(
    inputs: Array,
    answer: Callable[[Array], Array],
    layer_answers: Callable[[Array], Mapping[str, Array]],
) -> bytes:
    """Return ``inputs`` and an engine's answers to them as the content of an ``.npz`` file.

    ``outputs`` came from one batch of all, ``outputs_1`` and ``outputs_17`` (of the first samples) from
    batches of that size, ``layer/<name>`` is what the design's node answered to the first 17 samples.
    Both functions take and give arrays in the design's layout.
    """
    arrays = {
        "inputs": inputs,
        "outputs": _in_batches(answer, inputs, len(inputs)),
        "outputs_1": _in_batches(answer, inputs[:SINGLE_SAMPLES], 1),
        f"outputs_{BATCH}": _in_batches(answer, inputs, BATCH),
        **_by_layer(layer_answers(inputs[:BATCH])),
    }
    return npz_file(arrays)


def _in_batches(answer: Callable[[Array], Array], inputs: Array, batch: int) -> Array:
    size = max(1, batch)
    return np.concatenate([answer(inputs[at : at + size]) for at in range(0, len(inputs), size)])


def _by_layer(found: Mapping[str, Array]) -> dict[str, Array]:
    if sum(array.nbytes for array in found.values()) > _MOST_LAYER_BYTES:
        return {}
    return {f"layer/{name}": array for name, array in found.items()}
