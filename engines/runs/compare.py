"""Two runs side by side: what was set differently, what came out, and where the losses part."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from engines.runs.history import whole_history
from engines.training.run_folder import read_data, read_design, read_recipe, read_run


@dataclass(frozen=True)
class Pair:
    """One value of both; None where one has no such value."""

    name: str
    first: Any
    second: Any


@dataclass(frozen=True)
class RunComparison:
    """``settings`` holds what differs alone, ``figures`` every figure of either summary.

    ``common_steps`` have a loss in both; ``first_difference`` is the first step whose losses are not bit
    for bit equal (-1: none); ``max_rel_difference`` is max|a-b| divided by max|a| of the finite losses; both
    are infinite where one run's loss is no number and the other's is one.
    """

    settings: tuple[Pair, ...]
    figures: tuple[Pair, ...]
    common_steps: int
    first_difference: int
    max_abs_difference: float
    max_rel_difference: float


def compare_runs(a: Path | str, b: Path | str) -> RunComparison:
    """Compare two run folders.

    Raises:
        WorkbenchError: ``NOT_A_RUN`` or ``FILE_DAMAGED``.
    """
    first, second = Path(a), Path(b)
    return RunComparison(_settings(first, second), _figures(first, second), *_losses(first, second))


def _described(run: Path) -> dict[str, Any]:
    record, recipe = read_run(run), read_recipe(run)
    return {
        "engine": record.engine,
        "device": record.device,
        "data": read_data(run).digest,
        "layers": tuple((layer.name, layer.layer, dict(layer.settings)) for layer in read_design(run).layers),
        **{field.name: getattr(recipe, field.name) for field in fields(recipe)},
    }


def _settings(first: Path, second: Path) -> tuple[Pair, ...]:
    ours, theirs = _described(first), _described(second)
    return tuple(Pair(name, ours[name], theirs[name]) for name in ours if ours[name] != theirs[name])


def _figures(first: Path, second: Path) -> tuple[Pair, ...]:
    ours, theirs = read_run(first).summary, read_run(second).summary
    names = [*ours, *(name for name in theirs if name not in ours)]
    return tuple(Pair(name, ours.get(name), theirs.get(name)) for name in names)


def _losses(first: Path, second: Path) -> tuple[int, int, float, float]:
    ours, theirs = (whole_history(run).series("loss")[1] for run in (first, second))
    common = min(len(ours), len(theirs))
    ours, theirs = ours[:common].astype(np.float64), theirs[:common].astype(np.float64)
    apart = np.flatnonzero(~((ours == theirs) | (np.isnan(ours) & np.isnan(theirs))))
    if not apart.size:
        return common, -1, 0.0, 0.0
    distances = np.abs(ours[apart] - theirs[apart])
    largest = float(np.where(np.isnan(distances), np.inf, distances).max())
    scale = float(np.abs(ours[np.isfinite(ours)]).max(initial=0.0))
    return common, int(apart[0]), largest, largest / scale if scale else float("inf")
