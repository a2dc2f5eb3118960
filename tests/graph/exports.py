"""Run in a child: real run folders with settled batch norms, exported by PyTorch for the graph tests.

``python -m tests.graph.exports FOLDER`` leaves ``<design>.onnx``, ``<design>.npz``, ``runs/`` and ``data/``;
of the templates it leaves the answers alone, without ``.onnx``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits

from engines.contract.events import Answer, Finished
from engines.contract.jobs import ExportJob, ReferenceJob, TrainJob
from engines.contract.records import to_plain
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.contract.views import ReferenceView
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES, open_design
from engines.training.checkpoints import CheckpointRecord, save_checkpoint
from engines.training.control import ControlFlags
from engines.training.early_stopping import EarlyStopping
from engines.training.initial_weights import initial_weights
from engines.training.run_folder import RunFolder
from engines.training.shards import open_shards


class Sketch:
    """A design written down as a chain with branches."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        self.design = Design(name)
        self.last = self.design.add("input", "pixels", {"shape": shape}).name

    def then(self, kind: str, name: str = "", /, *others: str, **settings: object) -> str:
        """Add a layer after the last one (and after ``others``)."""
        node = self.design.add(kind, name, settings)
        for source in (self.last, *others):
            self.design.connect(source, node.name)
        self.last = node.name
        return node.name


def cnn() -> GraphSpec:
    """Two convolutions with batch norm, a residual, dropout, and batch norm after a dense layer."""
    sketch = Sketch("cnn", (1, 8, 8))
    sketch.then("conv2d", "conv1", filters=8, kernel=(3, 3), padding="same")
    sketch.then("batch_norm", "norm1")
    kept = sketch.then("relu", "relu1")
    sketch.then("conv2d", "conv2", filters=8, kernel=(3, 3), padding="same")
    sketch.then("batch_norm", "norm2")
    sketch.then("add", "sum", kept)
    sketch.then("relu", "relu2")
    sketch.then("max_pool2d", "pool", size=(2, 2), stride=(2, 2))
    sketch.then("flatten", "flat")
    sketch.then("dropout", "drop", rate=0.25)
    sketch.then("dense", "hidden", units=32)
    sketch.then("batch_norm", "norm3")
    sketch.then("relu", "relu3")
    sketch.then("dense", "logits", units=10)
    return freeze(sketch.design)


def deep() -> GraphSpec:
    """Residual stages with strides (uneven padding), a concatenation and several activations."""
    sketch = Sketch("deep", (1, 8, 8))
    for stage, (filters, stride) in enumerate(((8, 1), (12, 2), (16, 2))):
        for block in range(3):
            step = (stride, stride) if block == 0 else (1, 1)
            sketch.then("conv2d", "", filters=filters, kernel=(3, 3), stride=step, padding="same", bias=False)
            sketch.then("batch_norm")
            start = sketch.then(("relu", "silu", "gelu")[stage])
            sketch.then("conv2d", "", filters=filters, kernel=(3, 3), padding="same")
            sketch.then("batch_norm")
            sketch.then("add", "", start)
            sketch.then(("relu", "leaky_relu", "elu")[stage])
    both = sketch.last
    sketch.then("conv2d", "side", filters=4, kernel=(1, 1))
    sketch.then("concatenate", "joined", both, axis=0)
    sketch.then("global_average_pool", "mean")
    sketch.then("dropout", "drop", rate=0.1)
    sketch.then("dense", "head", units=10)
    return freeze(sketch.design)


def table() -> GraphSpec:
    """A small regression."""
    sketch = Sketch("table", (10,))
    sketch.then("dense", "hidden", units=16)
    sketch.then("tanh", "bent")
    sketch.then("layer_norm", "level")
    sketch.then("dense", "answer", units=1)
    return freeze(sketch.design)


def settled_weights(spec: GraphSpec, seed: int = 7) -> dict[str, np.ndarray]:
    """Initial weights, with batch norms that look trained instead of neutral."""
    random = np.random.default_rng(seed)
    weights = initial_weights(spec, seed)
    for name, array in weights.items():
        role = name.rsplit("/", 1)[1]
        if array.ndim == 1 and role in ("weight", "running_var"):
            weights[name] = random.uniform(0.5, 1.5, array.shape).astype(np.float32)
        elif array.ndim == 1:
            weights[name] = random.normal(0, 0.3, array.shape).astype(np.float32)
    return weights


SOURCES = {"classification": load_digits, "binary": load_breast_cancer, "regression": load_diabetes}
TASKS = {"digits": "classification", "breast-cancer": "binary", "diabetes": "regression"}


def write_data(folder: Path, task: str) -> DataManifest:
    """Write digits, breast cancer or diabetes as prepared data."""
    source = SOURCES[task]()
    inputs = np.asarray(source.data, np.float32)
    inputs = (inputs / 16).reshape(-1, 1, 8, 8) if task == "classification" else inputs / abs(inputs).max(0)
    targets = np.asarray(source.target, np.int64 if task == "classification" else np.float32)
    order = np.random.default_rng(0).permutation(len(inputs))
    test, validation, train = np.split(order, (len(order) // 5, len(order) // 4))
    folder.mkdir(parents=True)
    arrays = {"inputs": inputs, "targets": targets, "test": test, "validation": validation, "train": train}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    manifest = DataManifest(
        name=next(name for name, its in TASKS.items() if its == task),
        source="scikit-learn",
        task=task,
        digest="0" * 8,
        input_shape=inputs.shape[1:],
        target_shape=(),
        samples=len(inputs),
        splits={"train": len(train), "validation": len(validation), "test": len(test)},
        classes=tuple(str(digit) for digit in range(10)) if task == "classification" else (),
        preparation={"scale": "1/16"},
    )
    (folder / "manifest.json").write_text(json.dumps(to_plain(manifest)))
    return manifest


def write_run(run: Path, spec: GraphSpec, data: Path, manifest: DataManifest, recipe: Recipe) -> None:
    """Write a run folder that holds one checkpoint."""
    folder = RunFolder(run)
    job = TrainJob(str(run), spec, recipe, str(data), manifest)
    folder.begin(job, "torch", {}, open_shards(data), settled_weights(spec))
    arrays: Mapping[str, np.ndarray] = {f"model/{k}": v for k, v in settled_weights(spec).items()}
    save_checkpoint(folder.checkpoints, "best", CheckpointRecord(1, 0, 1, 1e-3, EarlyStopping()), arrays)
    folder.close()


def export_run(folder: Path, name: str, data: Path) -> None:
    """Export a run with the backend itself."""
    from engines.backends.torch.export import export

    job = ExportJob(
        str(folder / "runs" / name), str(data), str(folder / f"{name}.onnx"), str(folder / f"{name}.npz")
    )
    events = list(export(job, ControlFlags()))
    assert isinstance(events[-1], Finished), events
    assert isinstance(events[-2], Answer), events


def answer_template(folder: Path, name: str) -> None:
    """Leave what PyTorch answers in the run of a template."""
    from engines.backends.torch.jobs import run

    design = open_design(name)
    data = folder / "data" / TASKS[design.data]
    manifest = _manifest(data) if data.exists() else write_data(data, data.name)
    recipe = Recipe(loss=design.recipe.loss, metrics=(), threads=1)
    write_run(folder / "runs" / name, freeze(design), data, manifest, recipe)
    job = ReferenceJob(str(folder / "runs" / name), str(data), str(folder / f"{name}.npz"))
    *_, answer, end = run(job, ControlFlags())
    assert isinstance(answer, Answer), answer
    assert answer.record == ReferenceView(job.reference, manifest.splits["test"])
    assert isinstance(end, Finished), end


def main(folder: Path) -> None:
    """Write everything."""
    import torch

    torch.set_num_threads(1)
    for spec, task, loss in (
        (cnn(), "classification", "cross_entropy"),
        (deep(), "classification", "cross_entropy"),
        (table(), "regression", "mean_squared_error"),
    ):
        data = folder / "data" / task
        manifest = _manifest(data) if data.exists() else write_data(data, task)
        recipe = Recipe(loss=loss, metrics=(), threads=1)
        write_run(folder / "runs" / spec.name, spec, data, manifest, recipe)
        export_run(folder, spec.name, data)
    for name in TEMPLATES:
        answer_template(folder, name)


def _manifest(data: Path) -> DataManifest:
    from engines.training.shards import read_manifest

    return read_manifest(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
