"""Training loops by hand, each engine's own, as a person would tune them: what the app is held against."""

from __future__ import annotations

_DATA = """
import sys, time, json, numpy as np
folder, steps = sys.argv[1], int(sys.argv[2])
index = np.load(folder + "/train.npy")
inputs, targets = np.load(folder + "/inputs.npy")[index], np.load(folder + "/targets.npy")[index]
order = np.random.default_rng(0).permutation(len(inputs))[: len(inputs) // 32 * 32].reshape(-1, 32)
"""

_TORCH = (
    _DATA
    + """
import torch
from torch import nn
torch.set_num_threads(1)
model = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(),
                      nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
if LAST:
    model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
def forward(xb, yb):
    return nn.functional.cross_entropy(model(xb), yb)
if COMPILED:
    forward = torch.compile(forward, dynamic=False)
kept = []
def step(number):
    batch = torch.from_numpy(order[number % len(order)])
    optimizer.zero_grad(set_to_none=True)
    loss = forward(x[batch], y[batch])
    loss.backward()
    optimizer.step()
    kept.append(loss.detach())
for number in range(3):
    step(number)
begin = time.perf_counter()
for number in range(steps):
    step(number)
torch.stack(kept)
print(json.dumps(steps * 32 / (time.perf_counter() - begin)))
"""
)

_TENSORFLOW = (
    _DATA
    + """
import tensorflow as tf, keras
tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)
L = keras.layers
model = keras.Sequential([keras.Input((32, 32, 3)), L.Conv2D(64, 3, padding="same", activation="relu"),
    L.Conv2D(128, 3, padding="same", activation="relu"), L.GlobalAveragePooling2D(), L.Dense(10)])
x, y = tf.constant(inputs.transpose(0, 2, 3, 1)), tf.constant(targets)
optimizer = keras.optimizers.Adam(1e-3)
optimizer.build(model.trainable_variables)
loss_of = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
@tf.function(jit_compile=XLA)
def step(batch):
    xb, yb = tf.gather(x, batch), tf.gather(y, batch)
    with tf.GradientTape() as tape:
        loss = loss_of(yb, model(xb, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
batches = [tf.constant(row) for row in order]
for number in range(3):
    step(batches[number % len(batches)])
begin = time.perf_counter()
kept = [step(batches[number % len(batches)]) for number in range(steps)]
[float(loss) for loss in kept]
print(json.dumps(steps * 32 / (time.perf_counter() - begin)))
"""
)

_JAX = (
    _DATA
    + """
import os
import jax, jax.numpy as jnp, optax
random = np.random.default_rng(0)
def made(*shape):
    return jnp.asarray(random.normal(size=shape).astype(np.float32) * 0.05)
params = {"a": made(3, 3, 3, 64), "b": made(64), "c": made(3, 3, 64, 128), "d": made(128), "e": made(128, 10)}
x, y = jnp.asarray(inputs.transpose(0, 2, 3, 1)), jnp.asarray(targets.astype(np.int32))
def conv(value, weight, bias):
    axes = ("NHWC", "HWIO", "NHWC")
    found = jax.lax.conv_general_dilated(value, weight, (1, 1), "SAME", dimension_numbers=axes)
    return jax.nn.relu(found + bias)
def loss_of(p, xb, yb):
    out = conv(conv(xb, p["a"], p["b"]), p["c"], p["d"]).mean((1, 2)) @ p["e"]
    return optax.softmax_cross_entropy_with_integer_labels(out, yb).mean()
adam = optax.adam(1e-3)
def step(state, batch):
    p, slots = state
    loss, grads = jax.value_and_grad(loss_of)(p, x[batch], y[batch])
    updates, slots = adam.update(grads, slots, p)
    return (optax.apply_updates(p, updates), slots), loss
call = jax.jit(step, donate_argnums=0)
state = (params, adam.init(params))
for number in range(3):
    state, loss = call(state, order[number % len(order)])
loss.block_until_ready()
begin = time.perf_counter()
for number in range(steps):
    state, loss = call(state, order[number % len(order)])
loss.block_until_ready()
print(json.dumps(steps * 32 / (time.perf_counter() - begin)))
"""
)

LOOPS: dict[str, dict[str, str]] = {
    "torch": {
        f"{'compiled' if compiled else 'eager'}, channels {'last' if last else 'first'}": (
            f"LAST, COMPILED = {last}, {compiled}\n{_TORCH}"
        )
        for compiled in (False, True)
        for last in (False, True)
    },
    "tensorflow": {"graph": f"XLA = False\n{_TENSORFLOW}", "xla": f"XLA = True\n{_TENSORFLOW}"},
    "jax": {"jit": _JAX},
}
"""By engine and name: source that prints samples a second; ``argv`` is the prepared data and the steps."""
