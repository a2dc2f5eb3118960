"""Training jobs for the fake engine, small enough for a test, with real prepared data behind them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engines.contract.jobs import TrainJob
from engines.contract.records import to_plain
from engines.contract.spec import DataManifest, GraphSpec, LayerSpec, ParameterSpec, Recipe

SPLITS = {"train": 160, "validation": 20, "test": 20}


def small_spec() -> GraphSpec:
    """Four features to three classes."""
    weight = ParameterSpec("answer/weight", (3, 4), "glorot_uniform", 4, 3)
    bias = ParameterSpec("answer/bias", (3,), "zeros")
    return GraphSpec(
        "small",
        (
            LayerSpec("features", "input", {"shape": (4,)}, (), (4,)),
            LayerSpec("answer", "dense", {"units": 3, "bias": True}, ("features",), (3,), (weight, bias)),
        ),
        ("answer",),
    )


def small_data(folder: Path) -> DataManifest:
    """Write 200 prepared samples into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = sum(SPLITS.values())
    draw = np.random.default_rng(0)
    np.save(folder / "inputs.npy", draw.normal(size=(samples, 4)).astype(np.float32))
    np.save(folder / "targets.npy", np.arange(samples) % 3)
    begin = 0
    for split, size in SPLITS.items():
        np.save(folder / f"{split}.npy", np.arange(begin, begin + size))
        begin += size
    classes = ("red", "green", "blue")
    manifest = DataManifest("small", "test", "classification", "0" * 64, (4,), (), samples, SPLITS, classes)
    (folder / "manifest.json").write_text(json.dumps(to_plain(manifest)), encoding="utf-8")
    return manifest


def fake_training(folder: Path, device: str = "fake", epochs: int = 2, resume: bool = False) -> TrainJob:
    """Return a job of ten steps an epoch, in ``folder/run``; its data lies in ``folder/data``."""
    manifest = small_data(folder / "data")
    recipe = Recipe(epochs=epochs, batch_size=16, chunk_steps=5, threads=1)
    run, data = str(folder / "run"), str(folder / "data")
    return TrainJob(run, small_spec(), recipe, data, manifest, device, resume)
