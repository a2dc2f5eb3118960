"""TensorFlow for the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.backends.tensorflow import runtime

runtime.prepare()

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from engines.backends.tensorflow.build import DesignModel, build, load_weights, read_weights  # noqa: E402
from engines.backends.tensorflow.export import to_onnx  # noqa: E402
from engines.backends.tensorflow.layers import to_design  # noqa: E402
from engines.backends.tensorflow.reference import channels_last  # noqa: E402
from engines.backends.tensorflow.train import TensorflowTrainer as Trainer  # noqa: E402, F401
from engines.contract.spec import GraphSpec  # noqa: E402

Arrays = dict[str, Any]


def prepare() -> None:
    runtime.use_threads(1)


def open_model(spec: GraphSpec, weights: Arrays, precision: str) -> DesignModel:
    model = build(spec, precision)
    load_weights(model, weights)
    return model


def _tensor(x: Any, model: DesignModel) -> Any:
    return tf.constant(channels_last(x).astype(model.dtype))


def forward(spec: GraphSpec, weights: Arrays, x: Any, precision: str) -> Any:
    model = open_model(spec, weights, precision)
    return model([_tensor(x, model)]).numpy()


def gradients(spec: GraphSpec, weights: Arrays, x: Any, seed: Any, precision: str) -> Arrays:
    """Gradients of Σ seed · output in evaluation, by canonical name and ``x``."""
    model = open_model(spec, weights, precision)
    given = _tensor(x, model)
    sources = [given, *(parameter.variable for parameter in model.trained)]
    with tf.GradientTape() as tape:
        tape.watch(sources)
        value = tf.reduce_sum(model([given]) * seed.astype(model.dtype))
    first, *others = tape.gradient(value, sources)
    found = {
        parameter.name: parameter.canonical(gradient)
        for parameter, gradient in zip(model.trained, others)
        if gradient is not None
    }
    if first is not None:  # ids have none
        found["x"] = to_design(first, spec.inputs[0].output_shape).numpy()
    return found


def train_forward(spec: GraphSpec, weights: Arrays, x: Any) -> tuple[Any, Arrays]:
    """Output of one pass in training, and the parameters after it."""
    model = open_model(spec, weights, "fp32")
    for dropout in model.dropouts:
        dropout.seed = tf.Variable(5, dtype=tf.int64)
    output = model([_tensor(x, model)], training=True).numpy()
    return output, read_weights(model)


def export(spec: GraphSpec, weights: Arrays, target: str) -> None:
    model = open_model(spec, weights, "fp32")
    Path(target).write_bytes(to_onnx(model, "answer", Path(target)).SerializeToString())


def loss(name: str, outputs: Any, targets: Any) -> float:
    from engines.backends.tensorflow.losses import LOSSES

    return float(LOSSES[name](tf.constant(outputs), tf.constant(np.asarray(targets))))
