"""MXNet for the conformance suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engines.backends.mxnet import runtime

runtime.prepare()

import mxnet as mx  # noqa: E402
import numpy as np  # noqa: E402

from engines.backends.mxnet.build import DesignBlock, build, load_weights, read_weights  # noqa: E402
from engines.backends.mxnet.export import to_onnx  # noqa: E402
from engines.backends.mxnet.train import MxnetTrainer as Trainer  # noqa: E402, F401
from engines.contract.spec import GraphSpec  # noqa: E402

Arrays = dict[str, Any]


def prepare() -> None:
    runtime.use_threads(1)


def open_model(spec: GraphSpec, weights: Arrays, precision: str) -> DesignBlock:
    block = build(spec, precision)
    load_weights(block, weights)
    block.hybridize(static_alloc=True, static_shape=True)
    return block


def _array(x: Any, block: DesignBlock) -> Any:
    return mx.nd.array(x, dtype=block.dtype)


def forward(spec: GraphSpec, weights: Arrays, x: Any, precision: str) -> Any:
    block = open_model(spec, weights, precision)
    return block(_array(x, block)).asnumpy()


def gradients(spec: GraphSpec, weights: Arrays, x: Any, seed: Any, precision: str) -> Arrays:
    """Gradients of Σ seed · output in evaluation, by canonical name and ``x``.

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
    return {"x": given.grad.asnumpy(), **found}


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

    return float(LOSSES[name](mx.nd, mx.nd.array(outputs), mx.nd.array(np.asarray(targets))).asscalar())
