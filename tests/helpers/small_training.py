"""A small classification and an engine in plain NumPy, to try the training loop without a framework."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engines.contract.events import Event, Metrics
from engines.contract.jobs import TrainJob
from engines.contract.records import to_plain
from engines.contract.spec import DataManifest, GraphSpec, LayerSpec, ParameterSpec, Recipe
from engines.training import session
from engines.training.checkpoints import latest_valid
from engines.training.control import ControlFlags
from engines.training.losses import log_softmax
from engines.training.metric_log import read_header
from engines.training.run_folder import METRICS
from engines.training.shards import Shards
from engines.training.words import step_seeds

FEATURES, CLASSES = 6, 3


def small_spec() -> GraphSpec:
    """Return one dense layer from features to classes."""
    weight = ParameterSpec(
        "head/weight", (CLASSES, FEATURES), "glorot_uniform", fan_in=FEATURES, fan_out=CLASSES
    )
    bias = ParameterSpec("head/bias", (CLASSES,), "zeros")
    settings = {"units": CLASSES, "bias": True}
    return GraphSpec(
        "small",
        (
            LayerSpec("input", "input", {"shape": (FEATURES,)}, (), (FEATURES,)),
            LayerSpec("head", "dense", settings, ("input",), (CLASSES,), (weight, bias)),
        ),
        ("head",),
    )


def small_data(folder: Path, samples: int = 100, validation: int = 20, test: int = 20) -> DataManifest:
    """Write noisy clusters as a prepared data set and return its manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(7)
    targets = random.integers(0, CLASSES, samples)
    centres = random.normal(size=(CLASSES, FEATURES)) * 2
    inputs = (centres[targets] + random.normal(size=(samples, FEATURES))).astype(np.float32)
    train = samples - validation - test
    parts = np.split(random.permutation(samples), [train, train + validation])
    np.save(folder / "inputs.npy", inputs)
    np.save(folder / "targets.npy", targets.astype(np.int64))
    for name, part in zip(("train", "validation", "test"), parts):
        np.save(folder / f"{name}.npy", part.astype(np.int64))
    splits = {"train": train, "validation": validation, "test": test}
    manifest = DataManifest(
        name="clusters",
        source="made",
        task="classification",
        digest="0" * 64,
        input_shape=(FEATURES,),
        target_shape=(),
        samples=samples,
        splits=splits,
        classes=("a", "b", "c"),
    )
    (folder / "manifest.json").write_text(json.dumps(to_plain(manifest)))
    return manifest


def small_job(home: Path, resume: bool = False, **changes: Any) -> TrainJob:
    """Return a training job in ``home/run`` on data in ``home/data``."""
    values: dict[str, Any] = {
        "optimizer": "sgd",
        "learning_rate": 0.05,
        "epochs": 6,
        "batch_size": 8,
        "threads": 1,
        "chunk_steps": 3,
        **changes,
    }
    manifest = small_data(home / "data")
    return TrainJob(
        str(home / "run"), small_spec(), Recipe(**values), str(home / "data"), manifest, resume=resume
    )


class NumpyTrainer:
    """Softmax regression by stochastic gradient descent with momentum and noise on its inputs.

    ``bad_at`` makes the loss NaN at that step. Measured times are made up.
    """

    environment: Mapping[str, str] = {"engine": "numpy"}
    bad_at = -1

    def __init__(self, job: TrainJob, shards: Shards) -> None:
        self._recipe, self._shards = job.recipe, shards
        self._weight = self._bias = np.zeros(0, np.float32)
        self._momentum: list[npt.NDArray[np.float32]] = []
        self.measured: list[int] = []

    def thread_candidates(self) -> Sequence[int]:
        return (1, 2)

    def measure(self, threads: int, batches: npt.NDArray[np.int64]) -> float:
        self.measured.append(threads)
        return 0.01 / threads

    def set_threads(self, threads: int) -> None:
        self.threads = threads

    def run_chunk(
        self, first_step: int, batches: npt.NDArray[np.int64], rates: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.float32]]:
        seeds = step_seeds(self._recipe.seed, "noise", first_step, len(batches))
        pairs = [
            self._step(*given, step) for step, given in enumerate(zip(batches, rates, seeds), first_step)
        ]
        losses, hits = zip(*pairs)
        return {"loss": np.array(losses, np.float32), "accuracy": np.array(hits, np.float32)}

    def _step(self, batch: npt.NDArray[np.int64], rate: float, seed: int, step: int) -> tuple[float, float]:
        chosen = self._shards.indices["train"][batch]
        noise = np.random.Generator(np.random.Philox(seed)).normal(size=(len(batch), FEATURES))
        x = self._shards.inputs[chosen] + 0.1 * noise.astype(np.float32)
        y = self._shards.targets[chosen]
        logs = log_softmax((x @ self._weight.T + self._bias).astype(np.float64))
        slope = (np.exp(logs) - np.eye(CLASSES)[y]).astype(np.float32) / len(batch)
        self._update([slope.T @ x, slope.sum(axis=0)], np.float32(rate))
        loss = float("nan") if step == self.bad_at else float(-logs[np.arange(len(y)), y].mean())
        return loss, float((logs.argmax(axis=1) == y).mean())

    def _update(self, slopes: list[npt.NDArray[np.float32]], rate: np.float32) -> None:
        old = self._momentum or [np.zeros_like(slope) for slope in slopes]
        kept = np.float32(self._recipe.momentum)
        self._momentum = [kept * moment + slope for moment, slope in zip(old, slopes)]
        self._weight = self._weight - rate * self._momentum[0]
        self._bias = self._bias - rate * self._momentum[1]

    def evaluate(self, split: str) -> npt.NDArray[np.float32]:
        x = self._shards.inputs[self._shards.indices[split]]
        return (x @ self._weight.T + self._bias).astype(np.float32)

    def weights(self) -> dict[str, npt.NDArray[Any]]:
        return {"head/weight": self._weight.copy(), "head/bias": self._bias.copy()}

    def state(self) -> dict[str, npt.NDArray[Any]]:
        arrays = {f"model/{name}": array for name, array in self.weights().items()}
        for role, moment in zip(("weight", "bias"), self._momentum):
            arrays[f"optimizer/momentum/head/{role}"] = moment.copy()
        return arrays

    def load_state(self, arrays: Mapping[str, npt.NDArray[Any]], step: int) -> None:
        self._weight = np.array(arrays["model/head/weight"])
        self._bias = np.array(arrays["model/head/bias"])
        keys = [f"optimizer/momentum/head/{role}" for role in ("weight", "bias")]
        self._momentum = [np.array(arrays[key]) for key in keys if key in arrays]


def run_small(
    job: TrainJob, flags: ControlFlags | None = None, make: type[NumpyTrainer] = NumpyTrainer
) -> Generator[Event, None, None]:
    """Train with ``NumpyTrainer``."""
    return session.train(job, flags or ControlFlags(), "numpy", make)


def stop_at(
    home: Path, step: int, flags: ControlFlags, act: Callable[[], object], **changes: Any
) -> list[Event]:
    """Train a small job in ``home`` and ``act`` once the metrics from ``step`` on are told."""
    events = []
    for event in run_small(small_job(home, **changes), flags):
        events.append(event)
        if isinstance(event, Metrics) and event.first_step == step:
            act()
    return events


def logged(home: Path, name: str) -> npt.NDArray[Any]:
    """Return every step's value of a metric as the run's folder holds it."""
    with (home / "run" / METRICS).open("rb") as file:
        header = read_header(file)
        assert header is not None
        columns, begin, _ = header
        file.seek(begin)
        table = np.frombuffer(file.read(), "<f4").reshape(-1, len(columns))
    return table[:, columns.index(name)]


def weights_of(home: Path) -> dict[str, Any]:
    """Return the arrays of the run's last checkpoint."""
    checkpoint, _ = latest_valid(home / "run" / "checkpoints")
    assert checkpoint is not None
    return dict(checkpoint.arrays)
