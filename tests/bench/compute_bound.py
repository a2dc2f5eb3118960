"""A convolutional net whose time is arithmetic, each engine in the app against its own best bare loop.

Run: ``python -m tests.bench.compute_bound [--repeats N] [--device D] [--json]``: about 2 minutes an engine,
longer in proportion as N is more than 4. Images of 32×32×3, 64 and 128 filters, batch 32, Adam, one thread.
The bare loops stand in ``bare_loops.py``, several for each engine as a person would tune them; the best of
them counts. Ours runs in the tuner's way, which is found first. Both then take N turns of some steps on one
core, in several pairs of processes (``side_by_side.py``); the figure is the median of the turns' ratios.
"""

from __future__ import annotations

import dataclasses
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from engines.contract.events import Answer
from engines.contract.jobs import PrepareDataJob, TrainJob, TuneJob
from engines.contract.spec import DataManifest, GraphSpec, Recipe
from engines.contract.views import TuneView
from engines.data.prepare import run as prepare
from engines.design.freeze import freeze
from engines.host.process import ProcessHost
from engines.training.control import ControlFlags
from tests.bench.bare_loops import LOOPS
from tests.bench.device import device
from tests.bench.figures import Figure, run, say
from tests.bench.side_by_side import ByHand, InTheApp, alone_on_a_core, fastest, prefer, ratio
from tests.design.builders import chain
from tests.helpers.engine_pythons import has_builds, python_of

WANTED = 0.98
SAMPLES = 640
TURNS, STEPS, LIVES, QUALIFYING = 4, 3, 4, 3
"""Turns, steps a turn, pairs of processes, and turns in which the best loop by hand is found."""
SECONDS, TUNING_SECONDS = 110.0, 6.0
"""An engine's share of eight minutes, after which no further pair of processes begins; and the tuner's."""


def net() -> GraphSpec:
    """Two convolutions and a dense layer over their mean."""
    design = chain(
        ("input", "image", {"shape": (3, 32, 32)}),
        ("conv2d", "conv1", {"filters": 64}),
        ("relu", "relu1", {}),
        ("conv2d", "conv2", {"filters": 128}),
        ("relu", "relu2", {}),
        ("global_average_pool", "pool", {}),
        ("dense", "logits", {"units": 10}),
        name="bound",
    )
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


def tuned(
    engine: str,
    spec: GraphSpec,
    recipe: Recipe,
    folder: Path,
    manifest: DataManifest,
    seconds: float = 20.0,
) -> TuneView:
    """Let the tuner choose."""
    host = ProcessHost(engine, python_of(engine))
    host.warm()
    prefer(host.pid)
    try:
        job = TuneJob(spec, recipe, str(folder), manifest, device(), seconds=seconds)
        return next(
            event.record
            for event in list(host.run(job))
            if isinstance(event, Answer) and isinstance(event.record, TuneView)
        )
    finally:
        host.close()


def measure_engine(engine: str, home: Path, turns: int) -> Figure:
    """Return one engine's ratio, in about ``SECONDS``, and longer for more turns than usual."""
    until = time.monotonic() + SECONDS * max(1.0, turns / TURNS)
    spec, (folder, manifest), python = net(), data_in(home), python_of(engine)
    recipe = Recipe(batch_size=32, epochs=10_000, threads=1, validate_every=0, checkpoint_every=0)
    recipe = dataclasses.replace(recipe, monitor="validation_loss")
    view = tuned(engine, spec, recipe, folder, manifest, TUNING_SECONDS)
    chosen: dict[str, Any] = {**view.chosen, "chunk_steps": 1, "threads": 1}
    say(f"{engine}: tuned to {dict(view.chosen)}")
    loops = LOOPS[engine]
    took = fastest([partial(ByHand, loop, folder, python) for loop in loops.values()], STEPS, QUALIFYING)
    rates = dict(zip(loops, (1.0 / seconds for seconds in took)))
    best = max(rates, key=rates.__getitem__)
    say(f"{engine}: by hand, steps/s: " + ", ".join(f"{loop} {rate:.2f}" for loop, rate in rates.items()))
    way = dataclasses.replace(recipe, **chosen)
    runs = (
        TrainJob(str(home / f"{engine}{life}"), spec, way, str(folder), manifest, device())
        for life in range(LIVES)
    )
    found = ratio(
        lambda: InTheApp(engine, next(runs), python),
        partial(ByHand, loops[best], folder, python),
        STEPS,
        turns,
        LIVES,
        until,
    )
    say(f"{engine}: {found.median:.3f} ({found.note})")
    return Figure(
        f"compute-bound CNN on {engine}, of {best} by hand", found.median, WANTED, "×", True, found.note
    )


def measure(turns: int) -> list[Figure]:
    """Return every engine's ratio."""
    alone_on_a_core()
    with tempfile.TemporaryDirectory() as home:
        return [measure_engine(engine, Path(home), turns) for engine in LOOPS if has_builds(engine)]


if __name__ == "__main__":
    sys.exit(run(measure, TURNS, __doc__))
