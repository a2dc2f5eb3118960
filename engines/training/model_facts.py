"""What an exported model says about itself, the same words whoever exports it: names and metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.errors import WorkbenchError
from engines.contract.spec import DataManifest, GraphSpec
from engines.training.losses import LOSSES
from engines.training.run_folder import ENVIRONMENT, read_data, read_recipe, read_record, read_run
from engines.training.shards import open_shards


def output_name(spec: GraphSpec, loss: str) -> str:
    """Return what the output holds: ``probabilities``, ``logits`` or ``value``; no input's name."""
    if spec.output.layer in ("softmax", "sigmoid"):
        name = "probabilities"
    else:
        name = "value" if LOSSES[loss].targets == "values" else "logits"
    while name in {layer.name for layer in spec.inputs}:
        name += "_"
    return name


def model_facts(run: Path, spec: GraphSpec, engine: str) -> dict[str, str]:
    """Return the metadata of a run's exported model, "" where nothing is known.

    ``engine`` is the name and version of the engine, such as ``torch 2.13.0``.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``FILE_DAMAGED``.
    """
    return {
        "modelwright.design": spec.name,
        "modelwright.run": read_run(run).id,
        "modelwright.engine": engine,
        "modelwright.loss": read_recipe(run).loss,
        **_data_facts(read_data(run)),
    }


def trained_by(run: Path) -> str:
    """Return the engine that trained a run, with its version where the run still knows it.

    Raises:
        WorkbenchError: ``NOT_A_RUN``, ``FILE_DAMAGED``.
    """
    engine = read_run(run).engine
    try:
        environment: dict[str, str] = read_record(run, ENVIRONMENT, dict[str, str])
    except WorkbenchError:
        return engine
    return f"{engine} {environment.get(engine, '')}".strip()


def held_out_samples(data: Path, most: int) -> npt.NDArray[np.float32]:
    """Return up to ``most`` inputs of the test split of prepared data, to hold a file against."""
    shards = open_shards(data)
    rows = shards.indices["test"][:most]
    return np.ascontiguousarray(shards.inputs[rows], dtype=np.float32)


def _data_facts(data: DataManifest) -> dict[str, str]:
    return {
        "modelwright.task": data.task,
        "modelwright.data": data.name,
        "modelwright.data_digest": data.digest,
        "modelwright.target": data.target,
        "modelwright.classes": _written(list(data.classes)),
        "modelwright.features": _written(list(data.features)),
        "modelwright.preparation": _written(dict(data.preparation)),
    }


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if value else ""
