"""JAX for the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.backends.jax import runtime

runtime.prepare()  # before anything that imports JAX

import jax  # noqa: E402
import numpy as np  # noqa: E402

from engines.backends.jax import devices as room  # noqa: E402
from engines.backends.jax.build import DesignModel, build, load_weights, read_weights  # noqa: E402
from engines.backends.jax.devices import devices, open_device  # noqa: E402, F401
from engines.backends.jax.layers import to_design  # noqa: E402
from engines.backends.jax.reference import answers, own_order  # noqa: E402
from engines.backends.jax.train import JaxTrainer as Trainer  # noqa: E402, F401
from engines.contract.spec import GraphSpec  # noqa: E402

Arrays = dict[str, Any]
DEVICE = "cpu"
HASTY = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
"""A quarter of the time that a program of one layer is compiled in."""


def prepare() -> None:
    runtime.use_threads(1)


def list_second_cpu() -> None:
    found = room._found
    room._found = lambda: {**found(), "cuda:0": jax.devices("cpu")[1]}


def place() -> str:
    return str(open_device(DEVICE))


def places_of(trainer: Any) -> set[str]:
    return {str(device) for array in jax.live_arrays() for device in array.devices()}


def compute_in(precision: str) -> None:
    runtime.use_precision(precision)


def open_model(spec: GraphSpec, weights: Arrays, precision: str) -> DesignModel:
    model = build(spec, precision)
    load_weights(model, weights)
    return model


def _array(x: Any, model: DesignModel) -> Any:
    return own_order(x.astype(model.types.weights))


def forward(spec: GraphSpec, weights: Arrays, x: Any, precision: str) -> Any:
    model = open_model(spec, weights, precision)
    with jax.default_device(open_device(DEVICE)):
        return answers(model)(x.astype(model.types.weights))


def gradients(spec: GraphSpec, weights: Arrays, x: Any, seed: Any, precision: str) -> tuple[Any, Arrays]:
    """The output in evaluation, and the gradients of Σ seed · output by canonical name and ``x``.

    Compiled in haste: what the layers compute is asked here, and what XLA makes of it everywhere else.
    """
    model = open_model(spec, weights, precision)
    values = {entry.name: model.arrays[entry.name] for entry in model.trained}
    seeds = seed.astype(model.types.weights)

    def value(values: Arrays, x: Any) -> Any:
        output = model.answer({**model.arrays, **values}, [x])
        return (output * seeds).sum(), output

    slope = jax.value_and_grad(value, argnums=(0, 1), has_aux=True)
    with jax.default_device(open_device(DEVICE)):
        (_, output), (found, first) = jax.jit(slope, compiler_options=HASTY)(values, _array(x, model))
    by_name = {entry.name: entry.canonical(found[entry.name]) for entry in model.trained}
    by_name["x"] = np.asarray(to_design(first, spec.inputs[0].output_shape))
    return np.asarray(output), by_name


def train_forward(spec: GraphSpec, weights: Arrays, x: Any) -> tuple[Any, Arrays]:
    """Output of one pass in training, and the parameters after it."""
    model = open_model(spec, weights, "fp32")
    run = jax.jit(lambda arrays, x, key: model.train(arrays, [x], key))
    with jax.default_device(open_device(DEVICE)):
        output, running = run(model.arrays, _array(x, model), jax.random.key(5))
    return np.asarray(output), read_weights(model, {**model.arrays, **running})


def export(spec: GraphSpec, weights: Arrays, target: str) -> None:
    from engines.backends.jax.export import to_onnx

    model = open_model(spec, weights, "fp32")
    Path(target).write_bytes(to_onnx(model, "answer", Path(target)).SerializeToString())


def loss(name: str, outputs: Any, targets: Any) -> float:
    from engines.backends.jax.losses import LOSSES

    runtime.use_precision("fp64")
    with jax.default_device(open_device(DEVICE)):
        return float(LOSSES[name](outputs, np.asarray(targets)))
