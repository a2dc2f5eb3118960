"""Engines made of plain NumPy, as hosts in this thread: alike, or a little wrong in one way."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from app.project import Project
from engines.contract.capabilities import DeviceView, EngineRow
from engines.contract.errors import ErrorCode, WorkbenchError
from engines.contract.events import Answer, Control, Crashed, Event, Finished, is_last
from engines.contract.faults import failure
from engines.contract.jobs import ExportDesignJob, ExportJob, Job, TrainJob
from engines.contract.spec import Recipe
from engines.contract.views import ExportView
from engines.design.storage import save
from engines.host.thread import InThreadHost
from engines.training import session
from engines.training.checkpoints import run_weights
from engines.training.control import ControlFlags
from engines.training.report import known_device
from engines.training.shards import open_shards
from tests.design.builders import chain
from tests.helpers.small_training import CLASSES, FEATURES, NumpyTrainer

MODES = ("plain", "quick")
ROWS = {name: EngineRow(name, name.title(), "numpy", "", "", modes=MODES) for name in ("one", "two", "three")}


class Wrong(NumpyTrainer):
    """Its momentum is a little too small: another meaning, not another rounding."""

    def __init__(self, job: TrainJob, shards: object) -> None:
        super().__init__(job, shards)  # type: ignore[arg-type]
        self._recipe = Recipe(momentum=0.89, seed=job.recipe.seed)


class Adaptive(NumpyTrainer):
    """Adam, as it stands in the paper."""

    epsilon = 1e-8

    def __init__(self, job: TrainJob, shards: object) -> None:
        super().__init__(job, shards)  # type: ignore[arg-type]
        self._squares: list[np.ndarray] = []  # type: ignore[type-arg]
        self._steps = 0

    def _update(self, slopes: list[np.ndarray], rate: np.float32) -> None:  # type: ignore[type-arg]
        zeros = [np.zeros_like(slope) for slope in slopes]
        self._steps += 1
        self._momentum = [0.9 * m + 0.1 * s for m, s in zip(self._momentum or zeros, slopes)]
        self._squares = [0.999 * v + 0.001 * s * s for v, s in zip(self._squares or zeros, slopes)]
        first, second = 1 - 0.9**self._steps, 1 - 0.999**self._steps
        self._weight, self._bias = (
            (old - rate * m / first / (np.sqrt(v / second) + self.epsilon)).astype(np.float32)
            for old, m, v in zip((self._weight, self._bias), self._momentum, self._squares)
        )


class OtherEpsilon(Adaptive):
    """Its epsilon is not the one that was agreed on."""

    epsilon = 1e-5


class Rough(NumpyTrainer):
    """Rounds its weights far more than single precision does, from a kink on; not at all in the check."""

    step = 2.0**-9
    done = 0

    @staticmethod
    def nearest(values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.round(values)

    def _update(self, slopes: list[np.ndarray], rate: np.float32) -> None:  # type: ignore[type-arg]
        super()._update(slopes, rate)
        self.done += 1
        if self._recipe.precision == "fp32" and self.done > 20:
            self._weight = np.float32(self.step) * self.nearest(self._weight / np.float32(self.step))


class RoughDownwards(Rough):
    """Rounds as much, another way."""

    @staticmethod
    def nearest(values: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return np.floor(values)


class WrongInSingle(Wrong):
    """Means something else in single precision alone."""

    def __init__(self, job: TrainJob, shards: object) -> None:
        super().__init__(job, shards)
        if job.recipe.precision != "fp32":
            self._recipe = job.recipe


class Layerless(NumpyTrainer):
    """Has no layer for the design."""

    def __init__(self, job: TrainJob, shards: object) -> None:
        raise WorkbenchError(ErrorCode.LAYER_UNSUPPORTED, node="head", layer="dense", engine="three")


class SingleOnly(NumpyTrainer):
    """Knows no double precision."""

    def __init__(self, job: TrainJob, shards: object) -> None:
        if job.recipe.precision == "fp64":
            facts = {"setting": "precision", "value": "fp64", "wanted": "fp32"}
            raise WorkbenchError(ErrorCode.RECIPE_INVALID, **facts)
        super().__init__(job, shards)  # type: ignore[arg-type]


class CpuOnly(NumpyTrainer):
    """Has the CPU and one further device that is the same."""

    def __init__(self, job: TrainJob, shards: object) -> None:
        known_device(job.device, [DeviceView("cpu", "CPU"), DeviceView("second:0", "Second")])
        super().__init__(job, shards)  # type: ignore[arg-type]


class QuickWrong(NumpyTrainer):
    """Means something else where it is compiled."""

    def __init__(self, job: TrainJob, shards: object) -> None:
        super().__init__(job, shards)  # type: ignore[arg-type]
        if job.recipe.run_mode == "quick":
            self._recipe = Recipe(momentum=0.89, seed=job.recipe.seed)


class SmallHost:
    """Trains and exports in the calling thread. ``crash``: its trainings die without a last event."""

    pid = os.getpid()

    def __init__(self, make: type[NumpyTrainer], name: str, *, crash: bool = False, lie: float = 0.0) -> None:
        self._make, self._name, self._crash, self._lie = make, name, crash, lie
        self._flags = ControlFlags()

    def warm(self) -> None:
        """Nothing is slow here."""

    def run(self, job: Job) -> Iterator[Event]:
        """Answer the job."""
        try:
            if isinstance(job, TrainJob):
                yield from self._train(job)
            elif isinstance(job, ExportJob):
                yield from self._export(job)
        except WorkbenchError as fault:
            yield failure(fault, job.kind)

    def _train(self, job: TrainJob) -> Iterator[Event]:
        for number, event in enumerate(session.train(job, self._flags, self._name, self._make)):
            if self._crash and number == 3:
                yield Crashed("signal", 0, 9, "killed")
                return
            yield event

    def _export(self, job: ExportJob) -> Iterator[Event]:
        for event in InThreadHost("tools").run(ExportDesignJob(job.run, job.target, job.checkpoint)):
            if is_last(event) and not isinstance(event, Finished):
                yield event
                return
        shards, weights = open_shards(job.data), run_weights(Path(job.run) / "checkpoints", job.checkpoint)
        inputs = np.asarray(shards.inputs[shards.indices["test"]], np.float32)
        outputs = inputs @ np.float32(weights["head/weight"]).T + np.float32(weights["head/bias"]) + self._lie
        np.savez(job.reference, inputs=inputs, outputs=outputs.astype(np.float32))
        yield Answer(ExportView(job.target, job.reference, Path(job.target).stat().st_size, 18, "design"))
        yield Finished()

    def control(self, control: Control) -> None:
        self._flags.apply(control)

    def stop(self, keep: bool) -> None:
        self._flags.stop(keep)

    def kill(self) -> None:
        self._flags.stop(keep=False)

    def close(self) -> None:
        """Nothing is held."""


def small_project(folder: Path, *, dropout: float = 0.0, **recipe: object) -> Project:
    """Make a project of one dense layer on six features, with a table of its own."""
    layers: list[tuple[str, str, Mapping[str, object]]] = [("input", "features", {"shape": (FEATURES,)})]
    if dropout:
        layers.append(("dropout", "drop", {"rate": dropout}))
    layers.append(("dense", "head", {"units": CLASSES}))
    design = chain(*layers, name="small")
    values = {"optimizer": "sgd", "learning_rate": 0.05, "epochs": 4, "batch_size": 8, "threads": 1, **recipe}
    design.set_recipe(Recipe(chunk_steps=5, **values))  # type: ignore[arg-type]
    design.set_data(f"{small_table(folder / 'clusters.csv')}?target=y")
    file = folder / "small.json"
    save(design, file)
    return Project.create(folder / "project", str(file))


def small_table(path: Path, samples: int = 200) -> Path:
    """Write noisy clusters as a table with the target ``y``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(3)
    targets = random.integers(0, CLASSES, samples)
    centres = random.normal(size=(CLASSES, FEATURES)) * 2
    rows = centres[targets] + random.normal(size=(samples, FEATURES))
    head = ",".join([*(f"f{place}" for place in range(FEATURES)), "y"])
    lines = [
        ",".join([*(f"{value:.6f}" for value in row), "abc"[target]]) for row, target in zip(rows, targets)
    ]
    path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return path


def names(rows: Sequence[EngineRow]) -> tuple[str, ...]:
    """Return the names of ``rows``."""
    return tuple(row.name for row in rows)
