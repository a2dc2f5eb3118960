"""Training speed of the digits MLP on JAX through the process host against a hand-written epoch in one scan.

Run: ``python -m tests.bench.jax_throughput [--repeats N] [--device D] [--json]``. Both validate after every
epoch, on the same thread, and keep each step's loss; the figure is the median of the ratios of interleaved
pairs.
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

from engines.contract.events import Answer, Finished, Validated
from engines.contract.jobs import PrepareDataJob, TrainJob
from engines.data.prepare import run as prepare
from engines.design.freeze import freeze
from engines.design.templates import TEMPLATES
from engines.host.process import ProcessHost
from engines.training.control import ControlFlags
from tests.bench.device import device, shown
from tests.bench.figures import Figure, run, say

WANTED = 0.90
EPOCHS = 1500

BARE = """
import sys, time, json, numpy as np, jax, jax.numpy as jnp, optax
folder, epochs = sys.argv[1], int(sys.argv[2])
inputs, targets = np.load(folder + "/inputs.npy"), np.load(folder + "/targets.npy")
def split(name):
    index = np.load(folder + "/" + name + ".npy")
    return jnp.asarray(inputs[index].reshape(len(index), -1)), jnp.asarray(targets[index].astype(np.int32))
x, y = split("train")
held = split("validation")
random = np.random.default_rng(0)
def dense(n, m):
    return jnp.asarray(random.normal(size=(n, m)).astype(np.float32) / n ** 0.5), jnp.zeros(m)
params = [dense(64, 128), dense(128, 10)]
def forward(params, x):
    (w1, b1), (w2, b2) = params
    return jax.nn.relu(x @ w1 + b1) @ w2 + b2
def loss_of(params, x, y):
    out = forward(params, x)
    loss = optax.softmax_cross_entropy_with_integer_labels(out, y).mean()
    return loss, (out.argmax(-1) == y).mean()
adam = optax.adam(1e-3)
state = (params, adam.init(params))
steps = len(x) // 32
def step(state, order):
    params, slots = state
    told, grads = jax.value_and_grad(loss_of, has_aux=True)(params, x[order], y[order])
    updates, slots = adam.update(grads, slots, params)
    return (optax.apply_updates(params, updates), slots), jnp.stack(told)
def one(state, order):
    return jax.lax.scan(step, state, order)
epoch = jax.jit(one, donate_argnums=0)
validate = jax.jit(lambda params: jnp.stack(loss_of(params, *held)))
def train(state, epochs):
    kept = []
    for _ in range(epochs):
        order = random.permutation(len(x))[: steps * 32].reshape(steps, 32).astype(np.int32)
        state, told = epoch(state, order)
        kept.append((np.asarray(told), np.asarray(validate(state[0]))))
    return state
state = train(state, 3)
begin = time.perf_counter()
train(state, epochs)
print(json.dumps(epochs * steps * 32 / (time.perf_counter() - begin)))
"""


def bare(folder: Path) -> float:
    """Return samples a second of the hand-written epochs, in a process of its own with one thread."""
    command = [sys.executable, "-c", BARE, str(folder), str(EPOCHS)]
    environment = {**os.environ, "NPROC": "1", **shown()}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    return float(json.loads(done.stdout))


def workbench(job: TrainJob) -> float:
    """Return samples a second of the whole run, from its first step to its end, through the process host."""
    host = ProcessHost("jax")
    try:
        events = list(host.run(job))
    finally:
        host.close()
    assert isinstance(events[-1], Finished), events[-1]
    assert sum(isinstance(event, Validated) for event in events) == EPOCHS
    return float(events[-1].summary["samples_per_second"])


def measure(repeats: int) -> list[Figure]:
    """Return the median ratio."""
    template = TEMPLATES["digits-mlp"]
    with tempfile.TemporaryDirectory() as home:
        answers = prepare(PrepareDataJob(source="digits", folder=home), ControlFlags())
        manifest = next(event.record for event in answers if isinstance(event, Answer))
        folder = Path(home) / manifest.digest
        recipe = dataclasses.replace(
            template.recipe,
            epochs=EPOCHS,
            batch_size=32,
            optimizer="adam",
            metrics=("accuracy",),
            monitor="validation_loss",
            validate_every=1,
            patience=0,
            threads=1,
        )
        pairs = []
        for number in range(repeats):
            run_folder = str(Path(home) / f"run{number}")
            job = TrainJob(run_folder, freeze(template.design()), recipe, str(folder), manifest, device())
            pairs.append((workbench(job), bare(folder)))
            say("workbench {:,.0f}  by hand {:,.0f} samples/s".format(*pairs[-1]))
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    speed = statistics.median(ours for ours, _ in pairs)
    note = f"{speed:,.0f} samples/s, median of {repeats} pairs"
    return [Figure("JAX: digits MLP against a scan by hand", ratio, WANTED, "×", at_least=True, note=note)]


if __name__ == "__main__":
    sys.exit(run(measure, 3, __doc__))
