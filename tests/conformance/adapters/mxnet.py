"""MXNet for the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.backends.mxnet import runtime

runtime.prepare()  # before anything that imports MXNet

import mxnet as mx  # noqa: E402
import numpy as np  # noqa: E402

from engines.backends.mxnet import train  # noqa: E402
from engines.backends.mxnet.build import DesignBlock, build, load_weights, read_weights  # noqa: E402
from engines.backends.mxnet.devices import devices, open_device  # noqa: E402, F401
from engines.backends.mxnet.export import to_onnx  # noqa: E402
from engines.backends.mxnet.train import MxnetTrainer as Trainer  # noqa: E402, F401
from engines.contract.capabilities import DeviceView  # noqa: E402
from engines.contract.spec import GraphSpec  # noqa: E402

Arrays = dict[str, Any]
DEVICE = "cpu"


def prepare() -> None:
    runtime.use_threads(1)


def list_second_cpu() -> None:
    global devices, open_device
    own = open_device
    devices = lambda: (DeviceView("cpu", "CPU"), DeviceView("cuda:0", "CPU"))  # noqa: E731
    open_device = lambda name: own(name) if name == "cpu" else mx.cpu(1)  # noqa: E731
    train.open_device = open_device


def place() -> str:
    return str(open_device(DEVICE))


def places_of(trainer: Any) -> set[str]:
    arrays = [entry.data() for entry in trainer.block.collect_params().values()]
    arrays += trainer.optimizer.arrays()
    arrays += [array for pair in trainer.samples._whole.values() for array in pair]
    return {str(array.context) for array in arrays}


def compute_in(precision: str) -> None:
    """Nothing of the process depends on it."""


def open_model(spec: GraphSpec, weights: Arrays, precision: str) -> DesignBlock:
    block = build(spec, precision, open_device(DEVICE))
    load_weights(block, weights)
    block.hybridize(static_alloc=True, static_shape=True)
    return block


def _array(x: Any, block: DesignBlock) -> Any:
    return mx.nd.array(x, open_device(DEVICE), dtype=block.dtype)


def forward(spec: GraphSpec, weights: Arrays, x: Any, precision: str) -> Any:
    block = open_model(spec, weights, precision)
    return block(_array(x, block)).asnumpy()


def gradients(spec: GraphSpec, weights: Arrays, x: Any, seed: Any, precision: str) -> tuple[Any, Arrays]:
    """The output in evaluation, and the gradients of Σ seed · output by canonical name and ``x``.

    Some of MXNet's operators prepare their gradient in training alone (its pools give a wrong one, its
    recurrent layers none); where training computes the same, it is asked there.
    """
    training = not {layer.layer for layer in spec.layers} & {"batch_norm", "dropout"}
    block = open_model(spec, weights, precision)
    given = _array(x, block)
    given.attach_grad()
    with runtime.without_chatter():
        with mx.autograd.record(train_mode=training):
            value = (block(given) * _array(seed, block)).sum()
        value.backward(train_mode=training)
        mx.nd.waitall()
    found = {name: entry.grad().asnumpy() for name, entry in block.trained.items()}
    return block(given).asnumpy(), {"x": given.grad.asnumpy(), **found}


def train_forward(spec: GraphSpec, weights: Arrays, x: Any) -> tuple[Any, Arrays]:
    """Output of one pass in training, and the parameters after it; MXNet moves some on its way back."""
    block = open_model(spec, weights, "fp32")
    given = _array(x, block)
    given.attach_grad()
    mx.random.seed(5)
    with mx.autograd.record():
        output = block(given)
    output.backward()
    mx.nd.waitall()
    return output.asnumpy(), read_weights(block)


def export(spec: GraphSpec, weights: Arrays, target: str) -> None:
    block = build(spec)
    load_weights(block, weights)
    Path(target).write_bytes(to_onnx(block, "answer", Path(target)).SerializeToString())


def loss(name: str, outputs: Any, targets: Any) -> float:
    from engines.backends.mxnet.losses import LOSSES

    given = (mx.nd.array(np.asarray(array), open_device(DEVICE)) for array in (outputs, targets))
    return float(LOSSES[name](mx.nd, *given).asscalar())
