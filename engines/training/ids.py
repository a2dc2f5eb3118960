"""Whether data hold ids that an embedding of the design does not know; asked before the first step.

Layers themselves take the nearest id that there is, so that every engine and every exported file answers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import GraphSpec, LayerSpec

_MOVING = ("reshape", "flatten", "permute")
"""Layers that leave each value as it is."""
_CHUNK = 65536


def check_ids(spec: GraphSpec, inputs: npt.NDArray[Any], data: str) -> None:
    """Return if every embedding that takes the data's own values knows each of them.

    Raises:
        WorkbenchError: ``IDS_UNFIT`` with the first value that is no whole number from 0 to the last id.
    """
    layers = {layer.name: layer for layer in spec.layers}
    for layer in spec.layers:
        if layer.layer == "embedding" and _takes_data(layers, layer):
            vocabulary = int(str(layer.settings["vocabulary"]))
            value = _unknown(inputs, vocabulary)
            if value is not None:
                raise WorkbenchError(
                    ErrorCode.IDS_UNFIT, node=layer.name, value=f"{value:g}", vocabulary=vocabulary, data=data
                )


def _takes_data(layers: dict[str, LayerSpec], layer: LayerSpec) -> bool:
    before = layers[layer.inputs[0]]
    while before.layer in _MOVING:
        before = layers[before.inputs[0]]
    return before.layer == "input"


def _unknown(inputs: npt.NDArray[Any], vocabulary: int) -> float | None:
    """Return the first value that is no id; the data may be larger than memory, so they come in parts."""
    for begin in range(0, len(inputs), _CHUNK):
        part = np.asarray(inputs[begin : begin + _CHUNK])
        wrong = part[~((part >= 0) & (part < vocabulary) & (part == np.floor(part)))]
        if len(wrong):
            return float(wrong[0])
    return None
