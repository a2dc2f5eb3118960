"""What MXNet itself answers to samples, and each of its layers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mxnet as mx
import numpy.typing as npt

from engines.backends.mxnet.build import DesignBlock

Array = npt.NDArray[Any]


def answers(block: DesignBlock) -> Callable[[Array], Array]:
    """Return what answers one batch."""

    def answer(inputs: Array) -> Array:
        found: Array = block(mx.nd.array(inputs, dtype=block.dtype)).asnumpy()
        return found

    return answer


def layer_answers(block: DesignBlock, inputs: Array) -> dict[str, Array]:
    """Return what each of the design's nodes answers to one batch."""
    values = block.walk(mx.nd.array(inputs, dtype=block.dtype))
    given = {layer.name for layer in block.spec.inputs}
    return {name: value.asnumpy() for name, value in values.items() if name not in given}
