"""Training loops by hand, each engine's own, as a person would tune them: what the app is held against.

Each is the source of a process that reads counts of steps, a line each, trains so many and prints the
seconds that they took; ``argv`` is the folder of the prepared data. Batch 32, Adam, every loss kept. Each
uses the accelerator that it is shown, if any: see ``device.py``.
"""

from __future__ import annotations

_DATA = """
import sys, time, json, numpy as np
folder = sys.argv[1]
index = np.load(folder + "/train.npy")
inputs, targets = np.load(folder + "/inputs.npy")[index], np.load(folder + "/targets.npy")[index]
order = np.random.default_rng(0).permutation(len(inputs))[: len(inputs) // 32 * 32].reshape(-1, 32)
"""

_ANSWER = """
begun = 0
for line in sys.stdin:
    rows = order[np.arange(begun, begun + int(line)) % len(order)]
    begin = time.perf_counter()
    run(rows)
    print(json.dumps(time.perf_counter() - begin), flush=True)
    begun += len(rows)
"""

_TORCH = """
import torch
from torch import nn
torch.set_num_threads(1)
model = nn.Sequential(nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(),
                      nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
device = "cuda" if torch.cuda.is_available() else "cpu"
model, x, y = model.to(device), torch.from_numpy(inputs).to(device), torch.from_numpy(targets).to(device)
if LAST:
    model, x = model.to(memory_format=torch.channels_last), x.contiguous(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
def forward(xb, yb):
    return nn.functional.cross_entropy(model(xb), yb)
if COMPILED:
    forward = torch.compile(forward, dynamic=False)
def step(batch):
    optimizer.zero_grad(set_to_none=True)
    loss = forward(x[batch], y[batch])
    loss.backward()
    optimizer.step()
    return loss.detach()
def run(rows):
    torch.stack([step(row) for row in torch.from_numpy(rows).to(device)]).cpu()
"""

_TENSORFLOW = """
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
def step(batch):
    xb, yb = tf.gather(x, batch), tf.gather(y, batch)
    with tf.GradientTape() as tape:
        loss = loss_of(yb, model(xb, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss
if MANY:
    @tf.function(input_signature=[tf.TensorSpec((None, 32), tf.int64)], autograph=False)
    def many(rows):
        count = tf.shape(rows)[0]
        def body(number, kept):
            return number + 1, kept.write(number, step(rows[number]))
        start = (0, tf.TensorArray(tf.float32, count))
        return tf.while_loop(lambda number, _: number < count, body, start, parallel_iterations=1)[1].stack()
    def run(rows):
        many(tf.constant(rows)).numpy()
else:
    call = tf.function(step, jit_compile=XLA)
    def run(rows):
        np.stack([call(tf.constant(row)) for row in rows])
"""

_JAX = """
import jax, jax.numpy as jnp, optax
random = np.random.default_rng(0)
def made(*shape):
    return jnp.asarray(random.normal(size=shape).astype(np.float32) * 0.05)
AXES, MEAN, TURN = (("NHWC", "HWIO", "NHWC"), (1, 2), (0, 2, 3, 1))
shapes, flat = ((3, 3, 3, 64), (3, 3, 64, 128)), ()
if not LAST:
    AXES, MEAN, TURN = ("NCHW", "OIHW", "NCHW"), (2, 3), (0, 1, 2, 3)
    shapes, flat = ((64, 3, 3, 3), (128, 64, 3, 3)), (1, 1)
params = {"a": made(*shapes[0]), "b": made(64, *flat), "c": made(*shapes[1]), "d": made(128, *flat),
          "e": made(128, 10), "f": made(10)}
x, y = jnp.asarray(inputs.transpose(TURN)), jnp.asarray(targets.astype(np.int32))
def conv(value, weight, bias):
    found = jax.lax.conv_general_dilated(value, weight, (1, 1), "SAME", dimension_numbers=AXES)
    return jax.nn.relu(found + bias)
def loss_of(p, xb, yb):
    out = conv(conv(xb, p["a"], p["b"]), p["c"], p["d"]).mean(MEAN) @ p["e"] + p["f"]
    return optax.softmax_cross_entropy_with_integer_labels(out, yb).mean()
adam = optax.adam(1e-3)
def step(state, batch):
    p, slots = state
    loss, grads = jax.value_and_grad(loss_of)(p, x[batch], y[batch])
    updates, slots = adam.update(grads, slots, p)
    return (optax.apply_updates(p, updates), slots), loss
def scan(state, rows):
    return jax.lax.scan(step, state, rows)
call = jax.jit(scan if SCAN else step, donate_argnums=0)
state = (params, adam.init(params))
def run(rows):
    global state
    if SCAN:
        state, kept = call(state, rows)
    else:
        kept = []
        for row in rows:
            state, loss = call(state, row)
            kept.append(loss)
    np.stack(kept)
"""

_MXNET = """
import mxnet as mx
from mxnet import autograd, gluon
def mean(F, value):
    if PRODUCT:
        return F.dot(F.reshape(value, (-1, 1024)), F.full((1024,), 1 / 1024)).reshape((-1, 128))
    return F.mean(value, axis=(2, 3))
net = gluon.nn.HybridSequential()
net.add(gluon.nn.Conv2D(64, 3, padding=1, activation="relu"),
        gluon.nn.Conv2D(128, 3, padding=1, activation="relu"),
        gluon.nn.HybridLambda(mean),  # GlobalAvgPool2D is slow
        gluon.nn.Dense(10))
device = mx.gpu(0) if mx.context.num_gpus() else mx.cpu()
net.initialize(mx.init.Xavier(), ctx=device)
loss_of = gluon.loss.SoftmaxCrossEntropyLoss()
if HYBRID:
    net.hybridize(static_alloc=True, static_shape=True)
    loss_of.hybridize(static_alloc=True, static_shape=True)
trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 1e-3})
x, y = mx.nd.array(inputs, device), mx.nd.array(targets, device)
def step(row):
    places = mx.nd.array(row, device, dtype="int32")
    xb, yb = mx.nd.take(x, places), mx.nd.take(y, places)
    with autograd.record():
        loss = loss_of(net(xb), yb)
    loss.backward()
    trainer.step(32)
    return loss.mean()
def run(rows):
    mx.nd.stack(*[step(row) for row in rows]).asnumpy()
    mx.nd.waitall()
"""


def _source(loop: str, **flags: bool) -> str:
    return _DATA + "".join(f"{name} = {value}\n" for name, value in flags.items()) + loop + _ANSWER


LOOPS: dict[str, dict[str, str]] = {
    "torch": {
        f"{'compiled' if compiled else 'eager'}, channels {'last' if last else 'first'}": _source(
            _TORCH, LAST=last, COMPILED=compiled
        )
        for compiled in (False, True)
        for last in (False, True)
    },
    "tensorflow": {
        "graph": _source(_TENSORFLOW, XLA=False, MANY=False),
        "graph of many steps": _source(_TENSORFLOW, XLA=False, MANY=True),
        "xla": _source(_TENSORFLOW, XLA=True, MANY=False),
    },
    "jax": {
        "jit, channels last": _source(_JAX, LAST=True, SCAN=False),
        "jit, channels first": _source(_JAX, LAST=False, SCAN=False),
        "scan": _source(_JAX, LAST=True, SCAN=True),
    },
    "mxnet": {
        "imperative": _source(_MXNET, HYBRID=False, PRODUCT=False),
        "hybridized": _source(_MXNET, HYBRID=True, PRODUCT=False),
        "hybridized, means by a product": _source(_MXNET, HYBRID=True, PRODUCT=True),
    },
}
"""By engine and name."""
