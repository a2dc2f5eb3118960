"""The padding of windows as ``same`` asks for it, which may be larger at the end."""

from __future__ import annotations

from collections.abc import Sequence

Sides = tuple[int, int]
"""What is added before and after along an axis."""


def same_padding(length: int, kernel: int, stride: int) -> Sides:
    """Return the padding of TensorFlow's rule: ceil(length / stride) outputs.

    Source: https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
    """
    outputs = -(-length // stride)
    total = max((outputs - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def is_symmetric(sides: Sequence[Sides]) -> bool:
    """Tell whether a library's own padding, alike on both sides, will do."""
    return all(before == after for before, after in sides)
