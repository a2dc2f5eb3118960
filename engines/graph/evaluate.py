"""Loss and metrics of an ONNX file on a prepared split, without the engine that trained it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.spec import DataManifest
from engines.contract.views import Evaluation
from engines.graph.reference import real_inputs
from engines.graph.runtime import Array, Session
from engines.training import evaluation
from engines.training.losses import LOSSES
from engines.training.shards import open_shards, read_manifest

LOSS_KEY = "modelwright.loss"
_BATCH = 256
_LOSS_OF_TASK = {"classification": "cross_entropy", "binary": "binary_cross_entropy"}


def evaluate(
    model: onnx.ModelProto, data: Path, split: str, name: str = "", provider: str = ""
) -> Evaluation:
    """Run ``model`` on a split of the prepared data in ``data`` and hold its answers against the targets.

    The loss is the one that the model was trained with, where its metadata says so. ``provider`` is an
    execution provider, "" the CPU; the answer names it, and how many nodes it left to others.

    Raises:
        WorkbenchError: ``MODEL_DATA_MISMATCH``, ``MODEL_NOT_RUNNABLE``, ``DATA_SHARDS_BROKEN``.
    """
    shards, manifest = open_shards(data), read_manifest(data)
    rows = shards.indices[split]
    inputs = np.asarray(shards.inputs[rows])
    session = Session(model, name=name, provider=provider)
    outputs = _answers(model, session, inputs, name)[: len(inputs)]
    loss = _loss(model, manifest)
    metrics = LOSSES[loss].metrics
    found = evaluation.evaluate(outputs, np.asarray(shards.targets[rows]), loss, metrics, split, manifest)
    return replace(found, provider=session.provider, nodes_elsewhere=session.nodes_elsewhere)


def _answers(model: onnx.ModelProto, session: Session, inputs: Array, name: str) -> Array:
    wanted = real_inputs(model)
    dims = list(wanted[0].type.tensor_type.shape.dim) if len(wanted) == 1 else []
    fixed = [dim.dim_value or size for dim, size in zip(dims[1:], inputs.shape[1:])]
    if len(dims) != inputs.ndim or fixed != list(inputs.shape[1:]):
        shape = " × ".join(str(dim.dim_value or dim.dim_param or "?") for dim in dims)
        raise WorkbenchError(
            ErrorCode.MODEL_DATA_MISMATCH,
            path=name,
            model=shape or f"{len(wanted)} inputs",
            data=" × ".join(str(size) for size in inputs.shape),
        )
    kind = onnx.helper.tensor_dtype_to_np_dtype(wanted[0].type.tensor_type.elem_type)
    batch = dims[0].dim_value
    if batch:  # a model of one batch size takes no smaller last one: it is filled up
        inputs = np.resize(inputs, (-(-len(inputs) // batch) * batch, *inputs.shape[1:]))
    answers = session.run_in_batches({wanted[0].name: inputs.astype(kind)}, batch or _BATCH)
    return answers[session.outputs[0]]


def _loss(model: onnx.ModelProto, manifest: DataManifest) -> str:
    written = next((entry.value for entry in model.metadata_props if entry.key == LOSS_KEY), "")
    return written if written in LOSSES else _LOSS_OF_TASK.get(manifest.task, "mean_squared_error")
