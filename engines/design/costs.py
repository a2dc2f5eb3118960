"""Cost rules of the layers, for one sample in inference: multiply-adds, and operations beside them.

A multiply-add counts as two floating-point operations; an exponential, root or division as one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engines.contract.spec import LayerSpec
from engines.design.kinds import CostRule, Settings, Shape
from engines.design.shapes import attended, sizes, whole

FLOAT32 = 4


@dataclass(frozen=True)
class Cost:
    """What a layer or a whole model costs; ``activation_bytes`` is its output for one sample, float32."""

    parameters: int = 0
    trainable: int = 0
    multiply_adds: int = 0
    flops: int = 0
    activation_bytes: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.parameters + other.parameters,
            self.trainable + other.trainable,
            self.multiply_adds + other.multiply_adds,
            self.flops + other.flops,
            self.activation_bytes + other.activation_bytes,
        )


def nothing(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """Moving or naming values is free."""
    return 0, 0


def dense(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """One multiply-add a weight, one addition a bias, for each time step."""
    return math.prod(inputs[0]) * output[-1], math.prod(output) if settings["bias"] else 0


def convolution(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """One multiply-add a weight of the filter and place; padding counts, as in the usual counters."""
    weights = inputs[0][0] // whole(settings, "groups") * math.prod(sizes(settings, "kernel"))
    return math.prod(output) * weights, math.prod(output) if settings["bias"] else 0


def pool(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """One operation for every value under every window."""
    return 0, math.prod(output) * math.prod(sizes(settings, "size"))


def once_an_input(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """One operation for every value that comes in: global pools."""
    return 0, math.prod(inputs[0])


def sums(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """One addition a value for every input after the first."""
    return 0, math.prod(output) * (len(inputs) - 1)


def scale_and_shift(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """One multiply-add a value: batch norm with fixed statistics."""
    return math.prod(output), 0


def lstm(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """Four gates and, for each value: 4 biases, 3 sigmoids, 2 tanh, 4 products and sums."""
    return _recurrent(settings, inputs, 4, 19)


def gru(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """Three gates and, for each value: 3 biases, 2 sigmoids, 1 tanh, 5 products and sums."""
    return _recurrent(settings, inputs, 3, 15)


def _recurrent(settings: Settings, inputs: tuple[Shape, ...], gates: int, operations: int) -> tuple[int, int]:
    time, features = inputs[0]
    values = whole(settings, "units") * time * (2 if settings["bidirectional"] else 1)
    return values * gates * (features + whole(settings, "units")), values * operations


def attention(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
    """Four projections, every query with every key and value; scaling and softmax of every pair."""
    query, key, value = attended(inputs)
    width, pairs = query[1], query[0] * key[0]
    adds = width * (math.prod(query) + math.prod(key) + math.prod(value) + math.prod(query))
    biases = width * 2 * (query[0] + key[0]) if settings["bias"] else 0
    return adds + 2 * pairs * width, biases + 5 * whole(settings, "heads") * pairs


def a_value(operations: int) -> CostRule:
    """Return the rule of so many operations for every value of the output."""

    def rule(settings: Settings, inputs: tuple[Shape, ...], output: Shape) -> tuple[int, int]:
        return 0, math.prod(output) * operations

    return rule


def layer_cost(rule: CostRule, layer: LayerSpec, inputs: tuple[Shape, ...]) -> Cost:
    """Work out the cost of one layer from its catalogue rule."""
    adds, others = rule(layer.settings, inputs, layer.output_shape)
    counts = [(math.prod(parameter.shape), parameter.trainable) for parameter in layer.parameters]
    return Cost(
        parameters=sum(count for count, _ in counts),
        trainable=sum(count for count, trainable in counts if trainable),
        multiply_adds=adds,
        flops=2 * adds + others,
        activation_bytes=FLOAT32 * math.prod(layer.output_shape),
    )
