"""The digits MLP live in the real window, as it is and tuned, against each engine's own usual loops.

Run: ``python -m tests.bench.tuned_live [--repeats N] [--device D] [--json]``. PyTorch against the tuned bare
loop of ``throughput.py``; TensorFlow against Keras' ``fit``: plain, with an epoch of steps per execution,
with XLA. Batch 32, Adam, one thread, no validation on either side; from the engine's first step to its last;
medians of the ratios of interleaved pairs.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.plans import prepared_folder
from engines.contract.spec import DataManifest, Recipe
from engines.design.freeze import freeze
from tests.bench.compute_bound import tuned
from tests.bench.device import device, shown
from tests.bench.figures import Figure, run, say
from tests.bench.live_training import RECIPE
from tests.bench.real_window import RealWindow
from tests.bench.throughput import bare

EPOCHS = 400
FIT_EPOCHS = 60

KERAS = """
import sys, time, json, numpy as np
import tensorflow as tf, keras
folder, epochs, way = sys.argv[1], int(sys.argv[2]), sys.argv[3]
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
index = np.load(folder + "/train.npy")
x = np.load(folder + "/inputs.npy")[index].reshape(len(index), -1)
y = np.load(folder + "/targets.npy")[index]
steps = len(x) // 32
x, y = x[: steps * 32], y[: steps * 32]
L = keras.layers
model = keras.Sequential([keras.Input((64,)), L.Dense(128, activation="relu"), L.Dense(10)])
options = {"plain": {}, "many": {"steps_per_execution": steps}, "xla": {"jit_compile": True}}[way]
model.compile(keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True),
              metrics=["accuracy"], **{"jit_compile": False, **options})
model.fit(x, y, batch_size=32, epochs=2, verbose=0)
begin = time.perf_counter()
model.fit(x, y, batch_size=32, epochs=epochs, verbose=0)
print(json.dumps(epochs * steps * 32 / (time.perf_counter() - begin)))
"""
WAYS = ("plain", "many", "xla")


def keras_fit(folder: Path, way: str) -> float:
    """Return samples a second of Keras' own loop, in a process of its own."""
    command = [sys.executable, "-c", KERAS, str(folder), str(FIT_EPOCHS), way]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow", **shown()}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout.splitlines()[-1]))


def live(window: RealWindow) -> float:
    """Train once in the window; return samples a second."""
    window.settle()
    started, finished = window.train()
    return started.total_steps * started.batch_size / (finished.t - started.t)


def choose(window: RealWindow, engine: str) -> tuple[Path, DataManifest]:
    """Let the window train with ``engine``; return the data."""
    bench = window.bench
    bench.choose_engine(engine, device())
    bench.shell.open_room("settings")  # where all engines are looked at
    window.settle()
    bench.shell.open_room("train")
    assert bench.manifest is not None
    return prepared_folder(bench.manifest), bench.manifest


def take_the_tuners_way(window: RealWindow, engine: str, folder: Path, manifest: DataManifest) -> None:
    """Set the recipe as the tuner would."""
    design = window.bench.design
    assert design is not None
    found = tuned(engine, freeze(design), design.recipe, folder, manifest).chosen
    say(f"{engine}: tuned to {dict(found)}")
    window.set_recipe(**{**found, "threads": 1})


def ratios(
    window: RealWindow, repeats: int, others: dict[str, Callable[[], float]]
) -> dict[str, list[float]]:
    """Return how much faster the window was than each of ``others``, pair by pair."""
    found: dict[str, list[float]] = {name: [] for name in others}
    for _ in range(repeats):
        ours = live(window)
        rates = {name: other() for name, other in others.items()}
        for name, rate in rates.items():
            found[name].append(ours / rate)
        told = "  ".join(f"{name} {rate:,.0f}" for name, rate in rates.items())
        say(f"in the window {ours:,.0f} samples/s  {told}")
    return found


def torch_figures(window: RealWindow, repeats: int) -> list[Figure]:
    """Return PyTorch's ratio as it is and tuned."""
    folder, manifest = choose(window, "torch")
    others = {"bare loop": lambda: bare(folder, EPOCHS)}
    plain = statistics.median(ratios(window, repeats, others)["bare loop"])
    take_the_tuners_way(window, "torch", folder, manifest)
    best = statistics.median(ratios(window, repeats, others)["bare loop"])
    return [
        Figure("PyTorch digits MLP live, of the tuned bare loop", plain, 0.95, "×", True),
        Figure("the same in the tuner's way", best, 1.00, "×", True),
    ]


def tensorflow_figures(window: RealWindow, repeats: int) -> list[Figure]:
    """Return TensorFlow's ratios against Keras' own loops."""
    folder, manifest = choose(window, "tensorflow")
    take_the_tuners_way(window, "tensorflow", folder, manifest)
    found = ratios(window, repeats, {way: (lambda way=way: keras_fit(folder, way)) for way in WAYS})
    best = statistics.median(map(min, zip(*found.values())))
    return [
        Figure("TensorFlow digits MLP live, of the best Keras fit", best, 1.2, "×", True),
        Figure("the same, of plain Keras fit", statistics.median(found["plain"]), 2.0, "×", True),
    ]


def measure(repeats: int) -> list[Figure]:
    """Return all ratios."""
    recipe: dict[str, Any] = {**RECIPE, "epochs": EPOCHS}
    with RealWindow("digits-mlp", **recipe) as window:
        figures = torch_figures(window, repeats)
        window.set_recipe(**{key: getattr(Recipe(), key) for key in ("run_mode", "memory_layout")})
        window.set_recipe(**recipe, chunk_steps=0)
        return figures + tensorflow_figures(window, repeats)


if __name__ == "__main__":
    sys.exit(run(measure, 5, __doc__))
