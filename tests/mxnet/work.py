"""What the tests of MXNet's own parts ask of them, in its process; ``engine`` is the suite's adapter."""

from __future__ import annotations

from typing import Any

import mxnet as mx
import numpy as np

from engines.backends.mxnet.optimizers import Kernels
from engines.backends.mxnet.windows import GlobalAverage
from engines.contract.spec import GraphSpec, Recipe


def adam_by_kernels(
    engine: Any, recipe: Recipe, weights: Any, gradients: Any, rates: Any
) -> tuple[Any, Any, Any]:
    """Take a step for each row of ``gradients``; return the weights and both moments after them."""
    update = Kernels(recipe)
    arrays = [mx.nd.array(weights), mx.nd.zeros(weights.shape), mx.nd.zeros(weights.shape)]
    for numbers, gradient in zip(update.numbers(np.arange(1, len(rates) + 1), rates, "float32"), gradients):
        update(numbers, [mx.nd.array(gradient)], [arrays])
    weight, first, second = (array.asnumpy() for array in arrays)
    return weight, first, second


def global_average(
    engine: Any, spec: GraphSpec, x: Any, seed: Any, precision: str, quick: bool
) -> tuple[Any, Any]:
    """Return the means, and the gradient of Σ seed · means."""
    block = engine.open_model(spec, {}, precision)
    (average,) = block.layers
    assert isinstance(average, GlobalAverage)
    average.quick = quick
    given = mx.nd.array(x, dtype=block.dtype)
    given.attach_grad()
    with mx.autograd.record():
        means = block(given)
        value = (means * mx.nd.array(seed, dtype=block.dtype)).sum()
    value.backward()
    return means.asnumpy(), given.grad.asnumpy()
