"""Questions with random parameters, and how far answers are from the reference in bounds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engines.contract.spec import GraphSpec
from tests.conformance.engine import Engine
from tests.conformance.nets import layer_cases
from tests.conformance.work import Question
from tests.design import reference

FORWARD, GRADIENT = 1e-5, 1e-4
SAMPLES = 3


def question(spec: GraphSpec, seed: int) -> Question:
    """Return random weights, an input and a seed for gradients that belong to ``spec``."""
    random = np.random.default_rng(seed)
    weights = {
        entry.name: 0.5 + random.random(entry.shape)
        if entry.name.endswith("running_var")
        else random.normal(size=entry.shape)
        for entry in spec.parameters
    }
    shape = next(layer.output_shape for layer in spec.layers if layer.name == spec.outputs[0])
    x = inputs_for(spec, random, SAMPLES)
    return spec, weights, x, random.normal(size=(SAMPLES, *shape))


def inputs_for(spec: GraphSpec, random: np.random.Generator, samples: int) -> Any:
    """Return samples that the design's first input may get: ids, some too small or large, or values."""
    shape = (samples, *spec.inputs[0].output_shape)
    for layer in spec.layers:
        if layer.layer == "embedding":
            # A quarter over whole numbers, so that a small shift changes no id.
            return random.integers(-1, int(str(layer.settings["vocabulary"])) + 1, shape) + 0.25
    return random.normal(size=shape)


def questions() -> list[Question]:
    """Return one question for every layer in its corners."""
    return [question(spec, number) for number, (_, spec) in enumerate(layer_cases().values())]


def answer(asked: Question, shift: float = 0.0, along: Mapping[str, Any] | None = None) -> Any:
    """Return the reference's answer, all that is given moved by ``shift`` along a direction."""
    spec, weights, x, _ = asked
    along = along or {}
    moved = {name: array + shift * along.get(name, 0.0) for name, array in weights.items()}
    return reference.answer(spec, moved, x + shift * along.get("x", 0.0))


def error(found: Any, wanted: Any, bound: float) -> float:
    """Return the largest error in units of ``bound + bound · max|wanted|``: 1 is the most allowed."""
    assert found.shape == wanted.shape, f"{found.shape} ≠ {wanted.shape}"
    away = np.abs(np.asarray(found, np.float64) - wanted).max(initial=0.0)
    return float(away / (bound + bound * np.abs(wanted).max(initial=0.0)))


def slope_error(asked: Question, gradients: Mapping[str, Any]) -> float:
    """Return how far gradients are from the reference's slope along a random direction, relatively."""
    random = np.random.default_rng(1)
    along = {name: random.normal(size=array.shape) for name, array in gradients.items()}
    step = 1e-6
    ends = [(answer(asked, sign * step, along) * asked[3]).sum() for sign in (1, -1)]
    wanted = (ends[0] - ends[1]) / (2 * step)
    found = sum(float((array * along[name]).sum()) for name, array in gradients.items())
    size = sum(float(np.abs(array * along[name]).sum()) for name, array in gradients.items())
    return abs(found - wanted) / max(size, 1e-3)


def forward_errors(engine: Engine, asked: list[Question]) -> list[float]:
    """Return each layer's error in float32, in bounds."""
    found = engine.ask("forwards", questions=asked, precision="fp32")
    return [error(value, answer(entry), FORWARD) for value, entry in zip(found, asked)]


def gradient_errors(found: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[float]:
    """Return each layer's largest error of a gradient, in bounds."""
    return [
        max(error(gradients[name], right[name], GRADIENT) for name in right)
        for gradients, right in zip(found, wanted, strict=True)
    ]


def curve_distance(first: Any, second: Any) -> float:
    """Return the largest |a - b| / max(|a|, 0.01)."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    return float((np.abs(first - second) / np.maximum(np.abs(first), 0.01)).max())
