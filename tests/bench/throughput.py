"""Training speed of the digits MLP through the process host against a tuned bare loop.

Run: ``python -m tests.bench.throughput [--pairs N] [--epochs N] [--device D]``. Prints samples a second of
both (medians of interleaved pairs, the same thread, both without validation) and their ratio; 0.90 is wanted.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from engines.contract.events import Answer, Finished, Metrics
from engines.contract.jobs import PrepareDataJob, TrainJob
from engines.data.prepare import run as prepare
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from engines.host.process import ProcessHost
from engines.training.control import ControlFlags
from tests.bench.device import add_option, choose, device, shown

WANTED = 0.90

BARE = """
import sys, time, json, numpy as np, torch
from torch import nn
folder, epochs = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)
index = np.load(folder + "/train.npy")
device = "cuda" if torch.cuda.is_available() else "cpu"
x = torch.from_numpy(np.load(folder + "/inputs.npy")[index]).reshape(len(index), -1).contiguous().to(device)
y = torch.from_numpy(np.load(folder + "/targets.npy")[index]).to(device)
model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10)).to(device)
loss_of = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
steps = len(x) // 32

def epoch(kept):
    order = torch.randperm(len(x))[: steps * 32].to(device)
    for xb, yb in zip(x[order].split(32), y[order].split(32)):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(model(xb), yb)
        loss.backward()
        optimizer.step()
        kept.append(loss.detach())

epoch([])
begin, kept = time.perf_counter(), []
for _ in range(epochs):
    epoch(kept)
losses = torch.stack(kept).cpu()
print(json.dumps(epochs * steps * 32 / (time.perf_counter() - begin)))
"""


def bare(folder: Path, epochs: int) -> float:
    """Return samples a second of the bare loop, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(folder), str(epochs)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **shown()},
    )
    return float(json.loads(done.stdout))


def workbench(job: TrainJob) -> float:
    """Return samples a second of the whole run, from start to finish, through the process host."""
    host = ProcessHost("torch")
    try:
        events = list(host.run(job))
    finally:
        host.close()
    assert isinstance(events[-1], Finished), events[-1]
    assert sum(len(event.values["loss"]) for event in events if isinstance(event, Metrics))
    return float(events[-1].summary["samples_per_second"])


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=200)
    add_option(parser)
    options = parser.parse_args()
    choose(options.device)
    template = TEMPLATES["digits-mlp"]
    with tempfile.TemporaryDirectory() as home:
        answers = prepare(PrepareDataJob(source="digits", folder=home), ControlFlags())
        manifest = next(event.record for event in answers if isinstance(event, Answer))
        folder = Path(home) / manifest.digest
        recipe = dataclasses.replace(
            template.recipe, epochs=options.epochs, batch_size=32, optimizer="adam", validate_every=0
        )
        recipe = dataclasses.replace(recipe, threads=1, metrics=("accuracy",), monitor="validation_loss")
        spec = freeze(template.design())
        pairs = []
        for number in range(options.pairs):
            job = TrainJob(str(Path(home) / f"run{number}"), spec, recipe, str(folder), manifest, device())
            pairs.append((workbench(job), bare(folder, options.epochs)))
            print("workbench {:,.0f}  bare {:,.0f} samples/s".format(*pairs[-1]))
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(f"ratio on {device()} {ratio:.3f} (wanted {WANTED:.2f})")
    return 0 if ratio >= WANTED else 1


if __name__ == "__main__":
    sys.exit(main())
