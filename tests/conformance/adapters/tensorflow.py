"""TensorFlow for the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.backends.tensorflow import runtime

runtime.prepare()  # before anything that imports TensorFlow

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.python.framework.config import disable_op_determinism, enable_op_determinism  # noqa: E402

from engines.backends.tensorflow import train  # noqa: E402
from engines.backends.tensorflow.build import DesignModel, build, load_weights, read_weights  # noqa: E402
from engines.backends.tensorflow.devices import devices, open_device  # noqa: E402, F401
from engines.backends.tensorflow.export import to_onnx  # noqa: E402
from engines.backends.tensorflow.reference import own_layout  # noqa: E402
from engines.backends.tensorflow.saving import FORMATS  # noqa: E402
from engines.backends.tensorflow.train import TensorflowTrainer as Trainer  # noqa: E402, F401
from engines.contract.capabilities import DeviceView  # noqa: E402
from engines.contract.spec import GraphSpec  # noqa: E402

Arrays = dict[str, Any]
DEVICE = "cpu"


def prepare() -> None:
    runtime.use_threads(1)


def list_second_cpu() -> None:
    global devices, open_device
    with runtime.without_chatter():
        (cpu,) = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    own = open_device
    devices = lambda: (DeviceView("cpu", "CPU"), DeviceView("cuda:0", "CPU"))  # noqa: E731
    open_device = lambda name: own(name) if name == "cpu" else "/CPU:1"  # noqa: E731
    train.open_device = open_device


def place() -> str:
    return f"/job:localhost/replica:0/task:0/device:{open_device(DEVICE)[1:]}"


def places_of(trainer: Any) -> set[str]:
    held = [entry.variable for entry in trainer.model.parameters] + trainer._variables()
    held += [trainer._steps._seed]
    held += [tensor for pair in trainer.samples._whole.values() for tensor in pair]
    return {entry.device for entry in held}


def compute_in(precision: str) -> None:
    runtime.round_products(precision)


def open_model(spec: GraphSpec, weights: Arrays, precision: str) -> DesignModel:
    runtime.round_products(precision)
    model = build(spec, precision)
    load_weights(model, weights)
    return model


def _placed() -> Any:
    """Return a scope in which all lies on the device."""
    return tf.device(open_device(DEVICE))


def _tensor(x: Any, model: DesignModel) -> Any:
    return tf.constant(own_layout(model, x).astype(model.dtype))


def forward(spec: GraphSpec, weights: Arrays, x: Any, precision: str) -> Any:
    with _placed():
        model = open_model(spec, weights, precision)
        return model([_tensor(x, model)]).numpy()


def gradients(spec: GraphSpec, weights: Arrays, x: Any, seed: Any, precision: str) -> tuple[Any, Arrays]:
    """The output in evaluation, and the gradients of Σ seed · output by canonical name and ``x``.

    A GPU's batch norm has no repeatable ones but in training.
    """
    disable_op_determinism()
    try:
        with _placed():
            return _gradients(spec, weights, x, seed, precision)
    finally:
        enable_op_determinism()


def _gradients(spec: GraphSpec, weights: Arrays, x: Any, seed: Any, precision: str) -> tuple[Any, Arrays]:
    model = open_model(spec, weights, precision)
    given = _tensor(x, model)
    sources = [given, *(parameter.variable for parameter in model.trained)]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        output = model([given])
        value = tf.reduce_sum(output * seed.astype(model.dtype))
    first, *others = tape.gradient(value, sources)
    found = {
        parameter.name: parameter.canonical(gradient)
        for parameter, gradient in zip(model.trained, others)
        if gradient is not None
    }
    if first is not None:  # ids have none
        found["x"] = model.as_designed(spec.inputs[0].name, first).numpy()
    return output.numpy(), found


def train_forward(spec: GraphSpec, weights: Arrays, x: Any) -> tuple[Any, Arrays]:
    """Output of one pass in training, and the parameters after it."""
    with _placed():
        model = open_model(spec, weights, "fp32")
        for dropout in model.dropouts:
            dropout.seed = tf.Variable(5, dtype=tf.int64)
        output = model([_tensor(x, model)], training=True).numpy()
        return output, read_weights(model)


def export(spec: GraphSpec, weights: Arrays, target: str) -> None:
    with tf.device("/CPU:0"):
        model = open_model(spec, weights, "fp32")
        Path(target).write_bytes(to_onnx(model, "answer", Path(target)).SerializeToString())


def save(spec: GraphSpec, weights: Arrays, form: str, target: str) -> None:
    """Write a model in a format of TensorFlow's own."""
    FORMATS[form].write(open_model(spec, weights, "fp32"), Path(target))


def loss(name: str, outputs: Any, targets: Any) -> float:
    from engines.backends.tensorflow.losses import LOSSES

    with _placed():
        return float(LOSSES[name](tf.constant(outputs), tf.constant(np.asarray(targets))))
