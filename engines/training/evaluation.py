"""From outputs and targets to figures, the same for every engine and for ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import DataManifest
from engines.contract.views import Evaluation
from engines.training.losses import LOSSES
from engines.training.metrics import METRICS, predicted_classes

Array = npt.NDArray[Any]


def shape_targets(targets: Array, output_shape: tuple[int, ...], loss: str) -> Array:
    """Return targets as ``loss`` compares them: int64 classes, or float32 of the outputs' shape.

    Raises:
        WorkbenchError: ``TARGETS_UNFIT`` with both shapes.
    """
    each = tuple(targets.shape[1:])
    if LOSSES[loss].targets == "classes":
        fits = each == output_shape[:-1] and len(output_shape) > 0
        fits = fits and (not targets.size or int(targets.max()) < output_shape[-1])
        shape, kind = each, "int64"
    else:
        fits = int(np.prod(each, dtype=np.int64)) == int(np.prod(output_shape, dtype=np.int64))
        shape, kind = output_shape, "float32"
    if not fits:
        shapes = {"targets": str(each), "outputs": str(output_shape)}
        raise WorkbenchError(ErrorCode.TARGETS_UNFIT, loss=loss, **shapes)
    return np.ascontiguousarray(targets.reshape(len(targets), *shape), kind)


def figures(outputs: Array, targets: Array, loss: str, metrics: Sequence[str]) -> dict[str, float]:
    """Return ``loss`` and each metric of a split; ``targets`` as ``shape_targets`` gives them."""
    values, row = outputs.astype(np.float64), LOSSES[loss]
    binary = row.targets == "binary"
    if row.targets != "classes":
        targets = targets.astype(np.float64)
    # Values that grew without bound make NaN; that is the figure, not a fault.
    with np.errstate(all="ignore"):
        found = {"loss": row.value(values, targets)}
        for name in metrics:
            found[name] = METRICS[name](values, targets, binary)
    return found


def evaluate(
    outputs: Array, targets: Array, loss: str, metrics: Sequence[str], split: str, manifest: DataManifest
) -> Evaluation:
    """Return the whole evaluation of a split, with the confusion of classes where there are any."""
    shaped = shape_targets(targets, tuple(outputs.shape[1:]), loss)
    kind = LOSSES[loss].targets
    confusion: tuple[tuple[int, ...], ...] = ()
    classes = manifest.classes
    if kind != "values":
        size = max(len(classes), 2 if kind == "binary" else outputs.shape[-1])
        confusion = _confusion(outputs, shaped, kind == "binary", size)
        if classes:  # a model may know more classes than the data have
            classes = (*classes, *map(str, range(len(classes), size)))
    return Evaluation(
        split=split,
        samples=len(outputs),
        values=figures(outputs, shaped, loss, metrics),
        classes=classes,
        confusion=confusion,
    )


def _confusion(outputs: Array, targets: Array, binary: bool, size: int) -> tuple[tuple[int, ...], ...]:
    true = targets.reshape(-1).astype(np.int64)
    flat = np.bincount(true * size + predicted_classes(outputs, binary), minlength=size * size)
    return tuple(tuple(int(count) for count in row) for row in flat.reshape(size, size))
