"""How the layers over (time, features) are written in ONNX, natively where an opset has them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from engines.contract.positions import sinusoids
from engines.design.onnx_block import Array, Block, Form, Weights
from engines.design.shapes import whole

Make = Callable[[Weights], Array]
_ATTENTION_OPSET = 23
_GATES = {"LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}
"""The catalogue's gates in ONNX's order: i, o, f, c and z, r, h."""


def project(block: Block, value: str, role: str = "", *, last: bool = True) -> str:
    """Multiply every time step by a weight (out, in), and add its bias where there is one."""
    name, bias = block.own(f"{role}weight"), block.own(f"{role}bias")
    weight = block.array(f"{role}weight", lambda weights: weights[name].T)
    add = block.add if last and not bias else block.before
    product = add("MatMul", value, weight)
    return (block.add if last else block.before)("Add", product, bias) if bias else product


def embedding(block: Block) -> str:
    """Cut ids to whole numbers that the table has, and gather its rows."""
    largest = whole(block.layer.settings, "vocabulary") - 1
    ids = block.before("Cast", *block.sources, to=7)  # int64
    inside = block.before("Clip", ids, block.constant("first", 0), block.constant("last", largest))
    return block.add("Gather", *block.weights, inside)


def positional_encoding(block: Block) -> str:
    """Add the learned rows or the waves."""
    time, features = block.shapes[0]
    waves = block.weights or (block.array("waves", lambda weights: sinusoids(time, features)),)
    return block.add("Add", *block.sources, *waves)


def recurrent(operator: str) -> Form:
    """Return the form of ONNX's own LSTM or GRU, which reads time first."""

    def write(block: Block) -> str:
        settings = block.layer.settings
        both = bool(settings["bidirectional"])
        ways = ("", "reverse_") if both else ("",)
        rows = block.before("Transpose", *block.sources, perm=(1, 0, 2))
        arrays = [block.array(role, _gates(block, operator, role, ways)) for role in _ROLES]
        options = {"linear_before_reset": 1} if operator == "GRU" else {}
        sequences = bool(settings["return_sequences"])
        values = block.before(
            operator,
            rows,
            *arrays,
            skipped=0 if sequences else 1,
            hidden_size=whole(settings, "units"),
            direction="bidirectional" if both else "forward",
            **options,
        )
        if not sequences:
            return block.add("Flatten", block.before("Transpose", values, perm=(1, 0, 2)), axis=1)
        turned = block.before("Transpose", values, perm=(2, 0, 1, 3))
        return block.add("Reshape", turned, block.constant("shape", (0, *block.layer.output_shape)))

    return write


_ROLES = ("weight", "recurrent_weight", "bias")


def _gates(block: Block, operator: str, role: str, ways: Sequence[str]) -> Make:
    """Return what makes an array for all directions with its gates in ONNX's order."""
    order, base = _GATES[operator], block.layer.name

    def turned(array: Array) -> Array:
        parts = np.split(array, len(order))
        return np.concatenate([parts[gate] for gate in order])

    def make(weights: Weights) -> Array:
        arrays = [turned(weights[f"{base}/{way}{role}"]) for way in ways]
        # ONNX has a second bias, after the recurrent weight.
        return np.stack([np.concatenate([a, 0 * a]) if role == "bias" else a for a in arrays])

    return make


def attention(block: Block) -> str:
    """Project, attend with ONNX's own Attention, project."""
    block.opset = _ATTENTION_OPSET
    heads = whole(block.layer.settings, "heads")
    query, key, value = (*block.sources, block.sources[-1], block.sources[-1])[:3]
    parts = [
        project(block, source, role, last=False)
        for source, role in ((query, "query_"), (key, "key_"), (value, "value_"))
    ]
    causal = int(bool(block.layer.settings["causal"]))
    mixed = block.before("Attention", *parts, q_num_heads=heads, kv_num_heads=heads, is_causal=causal)
    return project(block, mixed)


def take_step(block: Block) -> str:
    """Gather one place of the time axis, which goes."""
    return block.add(
        "Gather", *block.sources, block.constant("step", whole(block.layer.settings, "step")), axis=1
    )


def time_pool(operator: str) -> Form:
    """Return the form of a reduction over time."""
    return lambda block: block.add(operator, *block.sources, block.constant("axes", (1,)), keepdims=0)


def rms_norm(block: Block) -> str:
    """ONNX's own, over the last axis."""
    block.opset = 23
    return block.add(
        "RMSNormalization", *block.sources, *block.weights, axis=-1, epsilon=block.number("epsilon")
    )


def group_norm(block: Block) -> str:
    """ONNX's own since opset 21, whose scale has a value for each channel."""
    block.opset = 21
    groups, epsilon = whole(block.layer.settings, "groups"), block.number("epsilon")
    return block.add("GroupNormalization", *block.sources, *block.weights, num_groups=groups, epsilon=epsilon)


def prelu(block: Block) -> str:
    """ONNX's own; its slopes are broadcast from the last axis on."""
    (name,), rank = block.weights, len(block.shapes[0])
    slopes = block.array("weight", lambda weights: weights[name].reshape(-1, *[1] * (rank - 1)))
    return block.add("PRelu", *block.sources, slopes)
