"""The layer catalogue: one table of data, one row a kind of layer; a new layer is one row here.

Each row states what every engine has to compute; where an engine's own layer differs, its backend adapts.
"""

from __future__ import annotations

from engines.contract.errors import ErrorCode, WorkbenchError
from engines.design import costs, parameters, shapes
from engines.design.kinds import LayerKind, SettingKind
from engines.design.own_layers import OWN_KIND
from engines.design.sequences import SEQUENCES, TIME_POOLS
from engines.design.settings import BIAS, EPSILON, count
from engines.design.sources import ONNX, TORCH

_SAME = "https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2"
_PADDING = (
    "valid: windows lie inside the input. same: ceil(in / stride) windows; the padding needed is split "
    "evenly, an odd one goes to the end (TensorFlow's rule)"
)


def _padding(default: str) -> SettingKind:
    return SettingKind(
        "padding", "choice", default, "Whether windows may reach over the edge", choices=("same", "valid")
    )


def _window(key: str, size: int, axes: int, help: str) -> SettingKind:
    return SettingKind(key, "sizes", (size,) * axes, help, 1, 1024, length=axes)


def _convolution(axes: int) -> LayerKind:
    return LayerKind(
        key=f"conv{axes}d",
        title=f"Convolution {axes}-D",
        family="convolution",
        shape=shapes.convolution,
        cost=costs.convolution,
        parameters=parameters.convolution,
        settings=(
            count("filters", 16, "Channels of the output"),
            _window("kernel", 3, axes, "Size of the window on each axis"),
            _window("stride", 1, axes, "Step of the window on each axis"),
            _padding("same"),
            count("groups", 1, "Shares of channels that are convolved apart"),
            BIAS,
        ),
        semantics=f"Cross-correlation (the kernel is not turned). {_PADDING}; padded with zeros. "
        "Weight (filters, channels / groups, *kernel)",
        source=f"{ONNX}Conv.html; {_SAME}",
    )


def _pool(form: str, axes: int) -> LayerKind:
    edges = {"max": "padding never wins", "average": "padding does not count in the mean"}[form]
    operator = {"max": "MaxPool", "average": "AveragePool"}[form]
    return LayerKind(
        key=f"{form}_pool{axes}d",
        title=f"{form.capitalize()} pool {axes}-D",
        family="pool",
        shape=shapes.pool,
        cost=costs.pool,
        settings=(
            _window("size", 2, axes, "Size of the window on each axis"),
            _window("stride", 2, axes, "Step of the window on each axis"),
            _padding("valid"),
        ),
        semantics=f"The {form} under each window, a channel at a time. {_PADDING}; {edges}",
        source=f"{ONNX}{operator}.html; {_SAME}",
    )


def _global_pool(form: str) -> LayerKind:
    return LayerKind(
        key=f"global_{form}_pool",
        title=f"Global {form} pool",
        family="pool",
        shape=shapes.global_pool,
        cost=costs.once_an_input,
        semantics=f"The {form} over all places of a channel; (channels, *spatial) becomes (channels)",
        source=f"{ONNX}Global{form.capitalize()}Pool.html",
    )


def _activation(
    key: str, title: str, operations: int, semantics: str, source: str, *settings: SettingKind
) -> LayerKind:
    return LayerKind(
        key=key,
        title=title,
        family="activate",
        shape=shapes.softmax if key == "softmax" else shapes.unchanged,
        cost=costs.a_value(operations),
        settings=settings,
        semantics=semantics,
        source=source,
    )


_ROWS = (
    LayerKind(
        key="input",
        title="Input",
        family="io",
        shape=shapes.given,
        cost=costs.nothing,
        inputs=(0, 0),
        settings=(SettingKind("shape", "sizes", (1, 8, 8), "Shape of one sample, channels first", 1, 2**24),),
        semantics="Where samples enter, float32, without the batch, channels first",
    ),
    LayerKind(
        key="dense",
        title="Dense",
        family="dense",
        shape=shapes.dense,
        cost=costs.dense,
        parameters=parameters.dense,
        settings=(count("units", 64, "Values of the output"), BIAS),
        semantics="y = x Wᵀ + b with weight (units, values); on (time, features) each time step by itself",
        source=f"{TORCH}.Linear.html",
    ),
    *SEQUENCES,
    _convolution(1),
    _convolution(2),
    _pool("max", 1),
    _pool("max", 2),
    _pool("average", 1),
    _pool("average", 2),
    _global_pool("average"),
    _global_pool("max"),
    *TIME_POOLS,
    LayerKind(
        key="batch_norm",
        title="Batch norm",
        family="normalize",
        shape=shapes.batch_norm,
        cost=costs.scale_and_shift,
        parameters=parameters.batch_norm,
        settings=(
            SettingKind("momentum", "float", 0.9, "Share of the old running value that is kept", 0.0, 1.0),
            EPSILON,
        ),
        semantics="In training y = scale (x - mean) / sqrt(variance + epsilon) + shift a channel, over batch "
        "and places; running = momentum · running + (1 - momentum) · of this batch. The variance is the "
        "population's (divided by n) in both places. In evaluation the running values are used",
        source=f"{ONNX}BatchNormalization.html; https://arxiv.org/abs/1502.03167",
    ),
    LayerKind(
        key="layer_norm",
        title="Layer norm",
        family="normalize",
        shape=shapes.layer_norm,
        cost=costs.a_value(7),
        parameters=parameters.layer_norm,
        settings=(
            SettingKind(
                "over", "choice", "sample", "What is brought to one scale", choices=("sample", "features")
            ),
            EPSILON,
        ),
        semantics="y = scale (x - mean) / sqrt(variance + epsilon) + shift, population variance. Over "
        "sample: over all values of a sample, scale and shift have its shape. Over features: over the last "
        "axis of (time, features), each time step by itself; scale and shift (features)",
        source=f"{TORCH}.LayerNorm.html; https://arxiv.org/abs/1607.06450",
    ),
    LayerKind(
        key="rms_norm",
        title="RMS norm",
        family="normalize",
        shape=shapes.rms_norm,
        cost=costs.a_value(5),
        parameters=parameters.rms_norm,
        settings=(EPSILON,),
        semantics="y = scale x / sqrt(mean of x² + epsilon) over the last axis of (time, features) or "
        "(values); scale (features)",
        source=f"{TORCH}.RMSNorm.html; https://arxiv.org/abs/1910.07467",
    ),
    LayerKind(
        key="group_norm",
        title="Group norm",
        family="normalize",
        shape=shapes.group_norm,
        cost=costs.a_value(7),
        parameters=parameters.group_norm,
        settings=(count("groups", 4, "Shares of channels that are normalized apart"), EPSILON),
        semantics="y = scale (x - mean) / sqrt(variance + epsilon) + shift; mean and population variance of "
        "a sample over each run of channels / groups channels and all places; scale and shift (channels)",
        source=f"{TORCH}.GroupNorm.html; https://arxiv.org/abs/1803.08494",
    ),
    LayerKind(
        key="dropout",
        title="Dropout",
        family="other",
        shape=shapes.unchanged,
        cost=costs.nothing,
        settings=(SettingKind("rate", "float", 0.5, "Share of values set to zero in training", 0.0, 0.99),),
        semantics="In training each value is zero with probability rate, the others are divided by 1 - rate; "
        "in evaluation nothing changes",
        source=f"{TORCH}.Dropout.html; https://jmlr.org/papers/v15/srivastava14a.html",
    ),
    _activation("relu", "ReLU", 1, "max(x, 0)", f"{ONNX}Relu.html"),
    _activation(
        "leaky_relu",
        "Leaky ReLU",
        2,
        "x where x ≥ 0, else slope · x",
        f"{ONNX}LeakyRelu.html",
        SettingKind("slope", "float", 0.01, "Slope below zero", 0.0, 1.0),
    ),
    _activation(
        "elu",
        "ELU",
        3,
        "x where x > 0, else alpha · (exp(x) - 1)",
        f"{ONNX}Elu.html",
        SettingKind("alpha", "float", 1.0, "How far it falls below zero", 0.0, 100.0),
    ),
    LayerKind(
        key="prelu",
        title="PReLU",
        family="activate",
        shape=shapes.channels,
        cost=costs.a_value(2),
        parameters=parameters.prelu,
        semantics="x where x ≥ 0, else slope · x, with a learned slope for each channel, 0.25 at first; "
        "weight (channels)",
        source=f"{TORCH}.PReLU.html; https://arxiv.org/abs/1502.01852",
    ),
    _activation(
        "gelu",
        "GELU",
        5,
        "x · Φ(x) with the exact error function, not the tanh form",
        f"{ONNX}Gelu.html; https://arxiv.org/abs/1606.08415",
    ),
    _activation("silu", "SiLU", 4, "x · sigmoid(x)", f"{TORCH}.SiLU.html"),
    _activation("sigmoid", "Sigmoid", 3, "1 / (1 + exp(-x))", f"{ONNX}Sigmoid.html"),
    _activation("tanh", "Tanh", 1, "tanh(x)", f"{ONNX}Tanh.html"),
    _activation("softplus", "Softplus", 3, "log(1 + exp(x)), without overflow", f"{ONNX}Softplus.html"),
    _activation(
        "softmax",
        "Softmax",
        4,
        "exp(x) / Σ exp(x) over axis, counted without the batch; -1 is the last",
        f"{ONNX}Softmax.html",
        SettingKind("axis", "int", -1, "Axis whose values add up to one", -6, 5),
    ),
    LayerKind(
        key="flatten",
        title="Flatten",
        family="shape",
        shape=shapes.flatten,
        cost=costs.nothing,
        semantics="All values of a sample in one row, row-major over (channels, *spatial)",
        source=f"{ONNX}Flatten.html",
    ),
    LayerKind(
        key="reshape",
        title="Reshape",
        family="shape",
        shape=shapes.reshape,
        cost=costs.nothing,
        settings=(SettingKind("shape", "sizes", (64,), "Shape of the output, without the batch", 1, 2**24),),
        semantics="The same values in another shape, row-major, channels first",
        source=f"{ONNX}Reshape.html",
    ),
    LayerKind(
        key="permute",
        title="Permute",
        family="shape",
        shape=shapes.permute,
        cost=costs.nothing,
        settings=(
            SettingKind("axes", "sizes", (1, 0), "Which axis of the input each axis of the output is", 0, 5),
        ),
        semantics="Axis i of the output is axis axes[i] of the input, counted without the batch: (1, 0) "
        "turns (channels, length) into (time, features), (1, 2, 0) puts an image's channels last",
        source=f"{ONNX}Transpose.html",
    ),
    LayerKind(
        key="upsample2d",
        title="Upsample 2-D",
        family="shape",
        shape=shapes.upsample,
        cost=costs.nothing,
        settings=(_window("factor", 2, 2, "How often each value is repeated on each axis"),),
        semantics="Each value repeated factor times on height and width (nearest neighbour)",
        source=f"{ONNX}Resize.html",
    ),
    LayerKind(
        key="add",
        title="Add",
        family="combine",
        shape=shapes.add,
        cost=costs.sums,
        inputs=(2, 16),
        semantics="The sum of all inputs, value by value; shapes are equal, nothing is broadcast",
        source=f"{ONNX}Sum.html",
    ),
    LayerKind(
        key="multiply",
        title="Multiply",
        family="combine",
        shape=shapes.add,
        cost=costs.sums,
        inputs=(2, 16),
        semantics="The product of all inputs, value by value; shapes are equal, nothing is broadcast",
        source=f"{ONNX}Mul.html",
    ),
    LayerKind(
        key="concatenate",
        title="Concatenate",
        family="combine",
        shape=shapes.concatenate,
        cost=costs.nothing,
        inputs=(2, 16),
        settings=(SettingKind("axis", "int", 0, "Axis that is joined; 0 is the channels", 0, 5),),
        semantics="The inputs one after the other along axis, counted without the batch, in their order",
        source=f"{ONNX}Concat.html",
    ),
)

CATALOGUE: dict[str, LayerKind] = {row.key: row for row in _ROWS}
"""Every kind of layer by its key, in the order in which a palette shows them."""


def kind_of(key: str) -> LayerKind:
    """Return the catalogue's row, or the one of every layer of one's own; raises ``DESIGN_LAYER_UNKNOWN``."""
    if key == OWN_KIND.key:
        return OWN_KIND
    try:
        return CATALOGUE[key]
    except KeyError:
        raise WorkbenchError(ErrorCode.DESIGN_LAYER_UNKNOWN, layer=key) from None
