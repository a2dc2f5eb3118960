"""A comparison as the Compare room shows it, made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from widgets.comparing.shown import Cell, ComparisonView, EngineLine

TITLES = {"torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX", "mxnet": "MXNet"}


def line(key: str, state: str = "done", severity: str = "good", reason: str = "") -> EngineLine:
    """Return an engine that has done its work, or failed for ``reason``."""
    run = "" if reason else f"/runs/{key}"
    figures: dict[str, Any] = (
        {}
        if reason
        else {
            "loss": 0.0586,
            "measure": 0.986,
            "rate": 6574.0,
            "memory": 363.5e6,
            "start": 2.1,
            "seconds": 4.4,
        }
    )
    return EngineLine(key, TITLES[key], state, severity, reason, run=run, **figures)


def cells(*keys: str, failed: tuple[str, str] | None = None) -> dict[tuple[str, str], Cell]:
    """Return a matrix of passed proofs, with one that failed."""
    made = {
        (file, other): Cell("4.3e-6", "good", f"{file} {other} passed") for file in keys for other in keys
    }
    if failed:
        made[failed] = Cell("3.1e-2", "bad", "error above bound")
    return made


def agreed(*keys: str, **changes: Any) -> ComparisonView:
    """Return a finished comparison of ``keys`` that agree."""
    keys = keys or ("torch", "tensorflow")
    made = ComparisonView(
        key="/comparisons/1",
        title="digits-cnn",
        where="digits-cnn · data digits · seed 0 · CPU · 6 epochs in FP32",
        verdict="PyTorch and TensorFlow agree: 6.2e-15 over 100 steps in FP64, bound 1e-9.",
        severity="good",
        further=("In FP32: 2.9e-7 over the first 100 steps.", "All 4 proofs of the ONNX files passed."),
        figure="6.2e-15",
        figure_severity="good",
        figure_note="bound 1e-9 · 100 steps, FP64",
        engines=tuple(line(key) for key in keys),
        files=keys,
        cells=cells(*keys),
        notes=("Dropout is switched off in these runs, since every engine draws its own masks.",),
        bounds=(5e-4, 1e-9),
        steps=(200, 100),
    )
    return replace(made, **changes)


def falling(count: int, apart: float = 0.0) -> dict[str, Any]:
    """Return curves that fall, ``apart`` relatively from those with 0."""
    steps = np.arange(count)
    values = 2.3 * np.exp(-steps / 40) + 0.05
    ends = np.arange(35, count + 1, 35)
    return {
        "loss": (steps, values * (1 + apart)),
        "validation_loss": (ends, values[ends - 1] * (1 + apart)),
    }
