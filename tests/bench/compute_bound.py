"""A convolutional net whose time is arithmetic, each engine in the app against its own best bare loop.

Run: ``python -m tests.bench.compute_bound [--repeats N] [--json]``. Images of 32×32×3, 64 and 128 filters,
batch 32, Adam, one thread. The bare loops stand in ``bare_loops.py``, several for each engine as a person
would tune them; the best of them counts. Ours runs in the tuner's way, which is found first. The figure is
the median of the ratios of interleaved pairs.
"""

from __future__ import annotations

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from engines.contract.events import Answer, Finished, Metrics
from engines.contract.jobs import PrepareDataJob, TrainJob, TuneJob
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.contract.views import TuneView
from engines.data.prepare import run as prepare
from engines.design.document import Design
from engines.design.freeze import freeze
from engines.host.process import ProcessHost
from engines.training.control import ControlFlags
from tests.bench.bare_loops import LOOPS
from tests.bench.figures import Figure, run, say

WANTED = 0.98
SAMPLES, STEPS = 640, 16


def net() -> GraphSpec:
    """Two convolutions and a dense layer over their mean."""
    design = Design("bound")
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("image", "input", {"shape": (3, 32, 32)}),
        ("conv1", "conv2d", {"filters": 64}),
        ("relu1", "relu", {}),
        ("conv2", "conv2d", {"filters": 128}),
        ("relu2", "relu", {}),
        ("pool", "global_average_pool", {}),
        ("logits", "dense", {"units": 10}),
    ]
    for place, (name, kind, settings) in enumerate(rows):
        design.add(kind, name, settings)
        if place:
            design.connect(rows[place - 1][0], name)
    return freeze(design)


def data_in(home: Path) -> tuple[Path, DataManifest]:
    """Prepare random images."""
    random = np.random.default_rng(0)
    source = home / "images.npz"
    inputs = random.random((SAMPLES, 3, 32, 32), np.float32)
    np.savez(source, inputs=inputs, targets=np.arange(SAMPLES) % 10)
    answers = prepare(PrepareDataJob(source=str(source), folder=str(home)), ControlFlags())
    manifest = next(event.record for event in answers if isinstance(event, Answer))
    assert isinstance(manifest, DataManifest)
    return home / manifest.digest, manifest


def tuned(engine: str, spec: GraphSpec, recipe: Recipe, folder: Path, manifest: DataManifest) -> TuneView:
    """Let the tuner choose, on one thread."""
    host = ProcessHost(engine)
    try:
        job = TuneJob(spec, recipe, str(folder), manifest, seconds=20.0)
        return next(
            event.record
            for event in list(host.run(job))
            if isinstance(event, Answer) and isinstance(event.record, TuneView)
        )
    finally:
        host.close()


def workbench(engine: str, job: TrainJob) -> float:
    """Return samples a second between the first chunk's end and the last one's."""
    host = ProcessHost(engine)
    try:
        events = list(host.run(job))
    finally:
        host.close()
    assert isinstance(events[-1], Finished), events[-1]
    chunks = [event for event in events if isinstance(event, Metrics)]
    steps = sum(len(event.values["loss"]) for event in chunks[1:])
    return steps * job.recipe.batch_size / (chunks[-1].t - chunks[0].t)


def bare(engine: str, loop: str, folder: Path) -> float:
    """Return samples a second of a loop by hand, in a process of its own."""
    command = [sys.executable, "-c", LOOPS[engine][loop], str(folder), str(STEPS)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout.splitlines()[-1]))


def measure_engine(engine: str, home: Path, repeats: int) -> Figure:
    """Return one engine's ratio."""
    spec, (folder, manifest) = net(), data_in(home)
    recipe = Recipe(batch_size=32, epochs=4, threads=1, validate_every=0, checkpoint_every=0)
    recipe = dataclasses.replace(recipe, monitor="validation_loss")
    view = tuned(engine, spec, recipe, folder, manifest)
    chosen: dict[str, Any] = {**view.chosen, "chunk_steps": 1, "threads": 1}
    best = dataclasses.replace(recipe, **chosen)
    say(f"{engine}: tuned to {dict(view.chosen)}")
    loops = {loop: bare(engine, loop, folder) for loop in LOOPS[engine]}
    fastest = max(loops, key=loops.__getitem__)
    say(f"{engine}: by hand " + ", ".join(f"{loop} {rate:,.0f}" for loop, rate in loops.items()))
    pairs = []
    for number in range(repeats):
        job = TrainJob(str(home / f"{engine}{number}"), spec, best, str(folder), manifest)
        pairs.append((workbench(engine, job), bare(engine, fastest, folder)))
        say("{}: workbench {:,.1f}  by hand {:,.1f} samples/s".format(engine, *pairs[-1]))
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    return Figure(f"compute-bound CNN on {engine}, of {fastest} by hand", ratio, WANTED, "×", True)


def measure(repeats: int) -> list[Figure]:
    """Return every engine's ratio."""
    with tempfile.TemporaryDirectory() as home:
        return [measure_engine(engine, Path(home), repeats) for engine in LOOPS]


if __name__ == "__main__":
    sys.exit(run(measure, 5, __doc__))
