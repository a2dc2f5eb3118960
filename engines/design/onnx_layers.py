"""How each layer of the catalogue is written in ONNX: a table of native operators, without importing onnx."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from engines.contract.spec import LayerSpec
from engines.design.kinds import Shape
from engines.design.shapes import sizes, whole

Attribute = int | float | str | tuple[int, ...]
Form = Callable[["Block"], str]
"""Write a layer's operations into its block and return the name of the value they end in."""


@dataclass(frozen=True)
class Operation:
    """One ONNX node: operator, names of values, attributes, and the design's node it is of."""

    operator: str
    inputs: tuple[str, ...]
    output: str
    attributes: Mapping[str, Attribute]
    layer: str


@dataclass
class Block:
    """What one layer becomes; ``sources`` are the values that enter it, ``shapes`` theirs per sample.

    The last operation's value carries the layer's name, those before it ``<layer>/<operator>``.
    """

    layer: LayerSpec
    sources: tuple[str, ...]
    shapes: tuple[Shape, ...]
    operations: list[Operation] = field(default_factory=list)
    constants: dict[str, tuple[int, ...]] = field(default_factory=dict)

    def add(self, operator: str, *inputs: str, **attributes: Attribute) -> str:
        """Append the layer's last operation, on ``inputs``, and return its value's name."""
        return self._append(Operation(operator, inputs, self.layer.name, attributes, self.layer.name))

    def before(self, operator: str, *inputs: str) -> str:
        """Append an operation that others of the layer follow, and return its value's name."""
        output = f"{self.layer.name}/{operator}"
        return self._append(Operation(operator, inputs, output, {}, self.layer.name))

    def _append(self, operation: Operation) -> str:
        self.operations.append(operation)
        return operation.output

    def constant(self, role: str, values: tuple[int, ...]) -> str:
        """Return the name of an int64 constant of the layer."""
        name = f"{self.layer.name}/{role}"
        self.constants[name] = values
        return name

    @property
    def weights(self) -> tuple[str, ...]:
        """The layer's parameters in the catalogue's order, which is that of ONNX."""
        return tuple(parameter.name for parameter in self.layer.parameters)

    def number(self, key: str) -> float:
        """Return a setting as float."""
        return float(cast("float", self.layer.settings[key]))


def written(layer: LayerSpec, sources: tuple[str, ...], shapes: tuple[Shape, ...]) -> tuple[Block, str]:
    """Return the block of one layer and the name of its value."""
    block = Block(layer, sources, shapes)
    return block, LAYERS[layer.layer](block)


def _dense(block: Block) -> str:
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
    # Over all values of a sample: every axis from the first after the batch.
    return block.add(
        "LayerNormalization", *block.sources, *block.weights, axis=1, epsilon=block.number("epsilon")
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


LAYERS: dict[str, Form] = {
    "dense": _dense,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "max_pool1d": _max_pool,
    "max_pool2d": _max_pool,
    "average_pool1d": _average_pool,
    "average_pool2d": _average_pool,
    "global_average_pool": _global_pool("GlobalAveragePool"),
    "global_max_pool": _global_pool("GlobalMaxPool"),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "dropout": _nothing,
    "relu": _plain("Relu"),
    "leaky_relu": _with_number("LeakyRelu", "slope"),
    "elu": _with_number("Elu", "alpha"),
    "gelu": _plain("Gelu", approximate="none"),
    "silu": _silu,
    "sigmoid": _plain("Sigmoid"),
    "tanh": _plain("Tanh"),
    "softplus": _plain("Softplus"),
    "softmax": lambda block: block.add("Softmax", *block.sources, axis=_axis(block)),
    "flatten": _flatten,
    "reshape": _reshape,
    "add": _add,
    "concatenate": lambda block: block.add("Concat", *block.sources, axis=_axis(block)),
}
"""The catalogue's layers by key; ``input`` has no operation."""
