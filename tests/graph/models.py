"""Small ONNX models, built node by node."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def model_of(
    nodes: Sequence[onnx.NodeProto],
    weights: dict[str, np.ndarray],
    shape: Sequence[int | str],
    output: Sequence[int | str],
    functions: Sequence[onnx.FunctionProto] = (),
) -> onnx.ModelProto:
    """One input ``x`` and one output ``y``."""
    graph = helper.make_graph(
        nodes,
        "made",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info("y", FLOAT, output)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 20)]
    if functions:
        opsets.append(helper.make_opsetid("own", 1))
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10, functions=functions)
    onnx.checker.check_model(model)
    return model


def numbers(seed: int, *shape: int) -> np.ndarray:
    """Normal numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def dense(out: int = 5) -> onnx.ModelProto:
    """``y = relu(x·W + b)·V``: three features to ``out`` values."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], name="first"),
        helper.make_node("Add", ["a", "b"], ["s"], name="shift"),
        helper.make_node("Relu", ["s"], ["r"], name="bend"),
        helper.make_node("MatMul", ["r", "v"], ["y"], name="second"),
    ]
    weights = {"w": numbers(0, 3, 8), "b": numbers(1, 8), "v": numbers(2, 8, out)}
    return model_of(nodes, weights, ("n", 3), ("n", out))


def constant() -> onnx.ModelProto:
    """A model that answers the same whatever it is asked."""
    model = dense()
    for tensor in model.graph.initializer:
        if tensor.name == "w":
            tensor.CopyFrom(numpy_helper.from_array(np.zeros((3, 8), np.float32), "w"))
    return model


def conv_chain(blocks: int, groups: int = 1, bias: bool = True, seed: int = 0) -> onnx.ModelProto:
    """``blocks`` times convolution, batch norm, Identity and Relu on ``(n, 4, 6, 6)``."""
    random = np.random.default_rng(seed)
    nodes, weights, last = [], {}, "x"
    for i in range(blocks):
        weights[f"w{i}"] = (random.standard_normal((4, 4 // groups, 3, 3)) / 4).astype(np.float32)
        weights[f"c{i}"] = random.standard_normal(4).astype(np.float32)
        for role in ("scale", "var"):
            weights[f"{role}{i}"] = random.uniform(0.5, 1.5, 4).astype(np.float32)
        for role in ("shift", "mean"):
            weights[f"{role}{i}"] = random.standard_normal(4).astype(np.float32) / 2
        inputs = [last, f"w{i}", *([f"c{i}"] if bias else [])]
        norm = [f"k{i}", f"scale{i}", f"shift{i}", f"mean{i}", f"var{i}"]
        last = "y" if i == blocks - 1 else f"r{i}"
        nodes += [
            helper.make_node("Conv", inputs, [f"k{i}"], name=f"conv{i}", pads=[1, 1, 1, 1], group=groups),
            helper.make_node("BatchNormalization", norm, [f"n{i}"], name=f"norm{i}", epsilon=1e-5),
            helper.make_node("Identity", [f"n{i}"], [f"i{i}"], name=f"same{i}"),
            helper.make_node("Relu", [f"i{i}"], [last], name=f"relu{i}"),
        ]
    if not bias:
        weights = {name: array for name, array in weights.items() if not name.startswith("c")}
    return model_of(nodes, weights, ("n", 4, 6, 6), ("n", 4, 6, 6))


def weight(model: onnx.ModelProto, name: str) -> np.ndarray:
    """Return a writable copy of a stored array."""
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    return numpy_helper.to_array(tensor).copy()


def set_weight(model: onnx.ModelProto, name: str, array: np.ndarray) -> None:
    """Replace a stored array."""
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == name)
    tensor.CopyFrom(numpy_helper.from_array(array, name))
