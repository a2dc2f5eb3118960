"""How each layer of the catalogue is written in ONNX: a table of native operators, without importing onnx."""

from __future__ import annotations

import numpy as np

from engines.contract.spec import LayerSpec
from engines.design import onnx_sequences as sequences
from engines.design.kinds import Shape
from engines.design.onnx_block import Attribute, Block, Form
from engines.design.shapes import sizes, whole


def written(layer: LayerSpec, sources: tuple[str, ...], shapes: tuple[Shape, ...]) -> tuple[Block, str]:
    """Return the block of one layer and the name of its value."""
    block = Block(layer, sources, shapes)
    return block, LAYERS[layer.layer](block)


def _dense(block: Block) -> str:
    if len(block.shapes[0]) == 2:
        return sequences.project(block, *block.sources)
    return block.add("Gemm", *block.sources, *block.weights, transB=1)


def _pads(block: Block, key: str) -> tuple[int, ...]:
    """Return the padding before each axis, then after each: ``same`` puts an odd one at the end."""
    settings = block.layer.settings
    if settings["padding"] != "same":
        return (0,) * 2 * len(sizes(settings, key))
    windows = zip(block.shapes[0][1:], sizes(settings, key), sizes(settings, "stride"), strict=True)
    totals = [max((-(-size // step) - 1) * step + width - size, 0) for size, width, step in windows]
    return (*(total // 2 for total in totals), *(total - total // 2 for total in totals))


def _windows(block: Block, key: str) -> dict[str, Attribute]:
    """Return the attributes that say where windows lie."""
    settings = block.layer.settings
    return {
        "kernel_shape": sizes(settings, key),
        "strides": sizes(settings, "stride"),
        "pads": _pads(block, key),
    }


def _convolution(block: Block) -> str:
    group = whole(block.layer.settings, "groups")
    return block.add("Conv", *block.sources, *block.weights, group=group, **_windows(block, "kernel"))


def _max_pool(block: Block) -> str:
    return block.add("MaxPool", *block.sources, **_windows(block, "size"))


def _average_pool(block: Block) -> str:
    return block.add("AveragePool", *block.sources, count_include_pad=0, **_windows(block, "size"))


def _global_pool(operator: str) -> Form:
    def write(block: Block) -> str:
        pooled = block.before(operator, *block.sources)
        return block.add("Flatten", pooled, axis=1)

    return write


def _batch_norm(block: Block) -> str:
    epsilon, momentum = block.number("epsilon"), block.number("momentum")
    return block.add("BatchNormalization", *block.sources, *block.weights, epsilon=epsilon, momentum=momentum)


def _layer_norm(block: Block) -> str:
    # Over all values of a sample, every axis from the first after the batch, or over the last one alone.
    axis = -len(block.layer.parameters[0].shape)
    return block.add(
        "LayerNormalization", *block.sources, *block.weights, axis=axis, epsilon=block.number("epsilon")
    )


def _plain(operator: str, **attributes: Attribute) -> Form:
    return lambda block: block.add(operator, *block.sources, **attributes)


def _with_number(operator: str, key: str) -> Form:
    """Return the form of an activation with one number, which ONNX calls alpha."""
    return lambda block: block.add(operator, *block.sources, alpha=block.number(key))


def _silu(block: Block) -> str:
    share = block.before("Sigmoid", *block.sources)
    return block.add("Mul", *block.sources, share)


def _axis(block: Block) -> int:
    """Return an axis counted with the batch, as ONNX counts."""
    axis = whole(block.layer.settings, "axis")
    return axis + 1 if axis >= 0 else axis


def _nothing(block: Block) -> str:
    return block.sources[0]


def _flatten(block: Block) -> str:
    return _nothing(block) if len(block.shapes[0]) == 1 else block.add("Flatten", *block.sources, axis=1)


def _reshape(block: Block) -> str:
    wanted = block.layer.output_shape
    if wanted == block.shapes[0]:
        return _nothing(block)
    if len(wanted) == 1:
        return _flatten(block)
    # Zero takes the batch's length from the input, whatever it is.
    return block.add("Reshape", *block.sources, block.constant("shape", (0, *wanted)))


def _add(block: Block) -> str:
    return block.add("Add" if len(block.sources) == 2 else "Sum", *block.sources)


def _permute(block: Block) -> str:
    perm = (0, *(axis + 1 for axis in sizes(block.layer.settings, "axes")))
    return (
        _nothing(block) if perm == tuple(sorted(perm)) else block.add("Transpose", *block.sources, perm=perm)
    )


def _upsample(block: Block) -> str:
    factor = sizes(block.layer.settings, "factor")
    scales = block.array("scales", lambda weights: np.array([1, 1, *factor], np.float32))
    rule = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return block.add("Resize", *block.sources, "", scales, mode="nearest", **rule)


def _multiply(block: Block) -> str:
    *others, last = block.sources[1:]
    product = block.sources[0]
    for other in others:
        product = block.before("Mul", product, other)
    return block.add("Mul", product, last)


LAYERS: dict[str, Form] = {
    "dense": _dense,
    "embedding": sequences.embedding,
    "positional_encoding": sequences.positional_encoding,
    "lstm": sequences.recurrent("LSTM"),
    "gru": sequences.recurrent("GRU"),
    "multi_head_attention": sequences.attention,
    "take_step": sequences.take_step,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "max_pool1d": _max_pool,
    "max_pool2d": _max_pool,
    "average_pool1d": _average_pool,
    "average_pool2d": _average_pool,
    "global_average_pool": _global_pool("GlobalAveragePool"),
    "global_max_pool": _global_pool("GlobalMaxPool"),
    "time_average_pool": sequences.time_pool("ReduceMean"),
    "time_max_pool": sequences.time_pool("ReduceMax"),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": sequences.rms_norm,
    "group_norm": sequences.group_norm,
    "dropout": _nothing,
    "relu": _plain("Relu"),
    "leaky_relu": _with_number("LeakyRelu", "slope"),
    "elu": _with_number("Elu", "alpha"),
    "prelu": sequences.prelu,
    "gelu": _plain("Gelu", approximate="none"),
    "silu": _silu,
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "softplus": _plain("Softplus"),
    "softmax": lambda block: block.add("Softmax", *block.sources, axis=_axis(block)),
    "flatten": _flatten,
    "reshape": _reshape,
    "permute": _permute,
    "upsample2d": _upsample,
    "add": _add,
    "multiply": _multiply,
    "concatenate": lambda block: block.add("Concat", *block.sources, axis=_axis(block)),
}
"""The catalogue's layers by key; ``input`` has no operation."""
