"""A look at prepared data for a person: a few samples, classes, columns in the source's own units."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engines.contract.events import Answer, Event, Finished, Progress
from engines.contract.jobs import PreviewDataJob
from engines.contract.preview import ColumnView, DataPreview
from engines.contract.spec import DataManifest
from engines.data.prepared import PreparedData, open_prepared

SAMPLES = 64
ROWS = 20_000
"""Rows that statistics of columns look at, evenly spread: a big set costs no more than a small one."""
BINS = 16
Values = npt.NDArray[np.float64]


def run(job: PreviewDataJob, flags: object) -> Iterator[Event]:
    """Answer with the preview of the set in ``job.data``."""
    yield Progress(stage="read", done=0, total=1)
    yield Answer(preview(open_prepared(Path(job.data))))
    yield Finished()


def preview(prepared: PreparedData) -> DataPreview:
    """Return what the data room shows; reads at most ``ROWS`` rows of the inputs."""
    manifest = prepared.manifest
    rows = _spread(manifest.samples, SAMPLES)
    samples = np.array(prepared.inputs[rows], np.float32)
    targets = np.asarray(prepared.targets).reshape(manifest.samples, -1)
    return DataPreview(
        samples=_in_units(samples, manifest).astype(np.float32),
        labels=_labels(targets[rows], manifest),
        parts=_parts(prepared, rows),
        class_counts=_class_counts(targets, manifest),
        columns=_columns(prepared),
        target=_target(targets, manifest),
    )


def _spread(count: int, wanted: int) -> npt.NDArray[np.int64]:
    return np.unique(np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64))


def _in_units(values: npt.NDArray[np.float32], manifest: DataManifest) -> Values:
    """Undo the standardizing of a table's columns; anything else stays as it is."""
    facts = manifest.preparation
    if "std" not in facts or "mean" not in facts or len(manifest.input_shape) != 1:
        return values.astype(np.float64)
    std, mean = (np.array(json.loads(facts[name]), np.float64) for name in ("std", "mean"))
    units = values * std + mean
    rounding = 1e-6 * (np.abs(mean) + std)  # of float32, which would show a zero as 5e-10
    return np.asarray(np.where(np.abs(units) < rounding, 0.0, units), np.float64)


def _labels(targets: npt.NDArray[np.generic], manifest: DataManifest) -> tuple[str, ...]:
    if manifest.classes:
        return tuple(manifest.classes[int(row[0])] for row in targets.astype(np.int64))
    return tuple(", ".join(f"{value:.6g}" for value in row) for row in _target_units(targets, manifest))


def _target_units(targets: npt.NDArray[np.generic], manifest: DataManifest) -> Values:
    facts = manifest.preparation
    mean, std = json.loads(facts.get("target_mean", "0")), json.loads(facts.get("target_std", "1"))
    return targets.astype(np.float64) * np.asarray(std, np.float64) + np.asarray(mean, np.float64)


def _parts(prepared: PreparedData, rows: npt.NDArray[np.int64]) -> tuple[str, ...]:
    part = np.full(prepared.manifest.samples, "", dtype="<U10")
    for name, indices in prepared.indices.items():
        part[indices] = name
    return tuple(str(name) for name in part[rows])


def _class_counts(targets: npt.NDArray[np.generic], manifest: DataManifest) -> tuple[int, ...]:
    if not manifest.classes:
        return ()
    counts = np.bincount(targets[:, 0].astype(np.int64), minlength=len(manifest.classes))
    return tuple(int(count) for count in counts)


def _columns(prepared: PreparedData) -> tuple[ColumnView, ...]:
    manifest = prepared.manifest
    if len(manifest.input_shape) != 1:
        return ()
    rows = _spread(manifest.samples, ROWS)
    values = _in_units(np.array(prepared.inputs[rows], np.float32), manifest)
    names = manifest.features or tuple(f"column {place + 1}" for place in range(values.shape[1]))
    return tuple(_column(name, values[:, place]) for place, name in enumerate(names))


def _target(targets: npt.NDArray[np.generic], manifest: DataManifest) -> ColumnView | None:
    if manifest.classes or targets.shape[1] != 1:
        return None
    return _column(manifest.target, _target_units(targets, manifest)[:, 0])


def _column(name: str, values: Values) -> ColumnView:
    counts, _ = np.histogram(values, bins=BINS)
    return ColumnView(
        name,
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=float(values.mean()),
        std=float(values.std()),
        counts=tuple(int(count) for count in counts),
    )
