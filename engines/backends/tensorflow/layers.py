"""Each layer of the catalogue as a Keras layer, with the workbench's one meaning.

A value of shape ``(channels, *spatial)`` in the design is ``(*spatial, channels)`` for most of them; those of
``AS_DESIGNED`` take and give values as they are in the design, which for a sequence is ``(time, features)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import keras
import tensorflow as tf

from engines.backends.tensorflow import recurrent, sequences
from engines.contract.own_layers import OWN
from engines.contract.spec import LayerSpec

Shape = tuple[int, ...]
Maker = Callable[[LayerSpec, "list[Shape]", str], keras.Layer]
"""From a layer, its inputs' shapes in the design and the type of its values."""


def last_axes(rank: int) -> Shape:
    """Return the axes, batch first, that take channels first to channels last."""
    return (0, *range(2, rank + 1), 1) if rank > 1 else (0, 1)


def first_axes(rank: int) -> Shape:
    """Return the axes, batch first, that take channels last to channels first."""
    return (0, rank, *range(1, rank)) if rank > 1 else (0, 1)


def place_of(axis: int, rank: int) -> int:
    """Return where the design's per-sample axis lies in a channels-last value with its batch."""
    return first_axes(rank)[axis % rank + 1]


def to_design(value: Any, shape: Shape) -> Any:
    """Return a channels-last value in the design's layout; ``shape`` is the design's."""
    if len(shape) < 2:
        return value
    if shape[0] == 1 or all(size == 1 for size in shape[1:]):
        return tf.reshape(value, (-1, *shape))
    return tf.transpose(value, first_axes(len(shape)))


def from_design(value: Any, shape: Shape) -> Any:
    """Return a value in the design's layout with channels last; ``shape`` is the design's."""
    return value if len(shape) < 2 else tf.transpose(value, last_axes(len(shape)))


class Turn(keras.Layer):
    """From channels last to the design's layout, or back, between two layers that differ in it."""

    def __init__(self, shape: Shape, designed: bool, **options: Any) -> None:
        super().__init__(autocast=False, **options)
        self.shape, self.designed = tuple(shape), designed

    def call(self, value: Any) -> Any:
        """Return the value in the other layout."""
        return (to_design if self.designed else from_design)(value, self.shape)


class Reshape(keras.Layer):
    """Another shape for each sample, row by row; flattening is one form of it."""

    def __init__(self, new: Shape, **options: Any) -> None:
        super().__init__(autocast=False, **options)
        self.new = tuple(new)

    def call(self, value: Any) -> Any:
        """Return ``(batch, *new)``."""
        return tf.reshape(value, (-1, *self.new))


class Upsample(keras.Layer):
    """Each value of an image repeated.

    Keras' own and ``tf.tile`` make TensorFlow complain of integers on processors without AVX-512.
    """

    def __init__(self, factor: Shape, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, value: Any) -> Any:
        """Return the larger image; its channels are last."""
        _, height, width, channels = value.shape
        down, across = self.factor
        apart = tf.reshape(value, (-1, height, 1, width, 1, channels))
        repeated = apart * tf.ones((1, 1, down, 1, across, 1), value.dtype)
        return tf.reshape(repeated, (-1, height * down, width * across, channels))


class FusedBatchNorm(keras.layers.BatchNormalization):
    """Keras' batch normalization on TensorFlow's one kernel for it, which float64 has not.

    The kernel reports the unbiased variance; the running one takes the population's.
    """

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """Normalize by the batch's statistics in training, by the running ones otherwise."""
        if self.compute_dtype != "float32":
            return super().call(inputs, training=training, mask=mask)
        images = _as_images(inputs)
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=images,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=[] if training else self.moving_mean.value,
            variance=[] if training else self.moving_variance.value,
            epsilon=self.epsilon,
            is_training=training,
        )
        if training:
            self._take_over(mean, variance, tf.size(images) // tf.shape(images)[-1])
        return y if images is inputs else tf.reshape(y, tf.shape(inputs))

    def _take_over(self, mean: Any, unbiased: Any, count: Any) -> None:
        values = tf.cast(count, tf.float32)
        # One value has no variance; a GPU's kernel says "no number" of it.
        variance = tf.math.multiply_no_nan(unbiased, (values - 1.0) / values)
        for running, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            running.assign(running.value * self.momentum + new * (1.0 - self.momentum))


def _as_images(value: Any) -> Any:
    if len(value.shape) == 4:
        return value
    places = 1 if len(value.shape) == 2 else value.shape[1]
    return tf.reshape(value, (-1, places, 1, value.shape[-1]))


class SeededDropout(keras.Layer):
    """Dropout whose choice depends on the step's seed and the layer's number alone."""

    seed: Any = None
    """A variable with the step's seed; whoever trains sets it."""

    def __init__(self, rate: float, **options: Any) -> None:
        super().__init__(**options)
        self.rate = rate
        self.number = 0

    def call(self, value: Any, training: bool = False) -> Any:
        """Drop values in training alone."""
        if not training or self.rate == 0.0:
            return value
        seed = tf.stack([self.seed.read_value(), tf.constant(self.number, tf.int64)])
        drawn = tf.random.stateless_uniform(tf.shape(value), seed, dtype=tf.float32, alg="philox")
        kept = tf.cast(drawn >= self.rate, value.dtype)
        return value * kept / (1.0 - self.rate)


class Gelu(keras.Layer):
    """The exact GELU. Keras' own is written with ``erfc``, which tf2onnx 1.17 cannot translate."""

    def call(self, value: Any) -> Any:
        """Return x · Φ(x)."""
        half = tf.constant(0.5, value.dtype)
        return half * value * (1.0 + tf.math.erf(value * tf.sqrt(half)))


class GroupedConv1D(keras.layers.Conv1D):
    """A convolution in groups; TensorFlow's own kernel has no gradient for them on every CPU."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolve depth by depth as an image of one row, or each share of the channels apart."""
        if self.groups == inputs.shape[-1]:
            images, kernels = tf.expand_dims(inputs, 1), tf.expand_dims(kernel, 0)
            return tf.squeeze(_depthwise(images, kernels, self.strides[0], self.padding), 1)
        return _shares(self, inputs, kernel)

    def call(self, inputs: Any) -> Any:
        """Convolve, and add the bias; Keras' own passes ``convolution_op`` by in one dimension."""
        value = self.convolution_op(inputs, self.kernel)
        return value + self.bias if self.use_bias else value


class GroupedConv2D(keras.layers.Conv2D):
    """A convolution in groups; TensorFlow's own kernel has no gradient for them on every CPU."""

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """Convolve depth by depth where its kernel can, or each share of the channels apart."""
        if self.groups == inputs.shape[-1] and len(set(self.strides)) == 1:
            return _depthwise(inputs, tf.convert_to_tensor(kernel), self.strides[0], self.padding)
        return _shares(self, inputs, kernel)


def _depthwise(images: Any, kernel: Any, stride: int, padding: str) -> Any:
    height, width, _, filters = kernel.shape
    channels = images.shape[-1]
    kernel = tf.reshape(kernel, (height, width, channels, filters // channels))
    return tf.nn.depthwise_conv2d(images, kernel, (1, stride, stride, 1), padding.upper())


def _shares(layer: Any, inputs: Any, kernel: Any) -> Any:
    pairs = zip(tf.split(inputs, layer.groups, -1), tf.split(tf.convert_to_tensor(kernel), layer.groups, -1))
    padding = layer.padding.upper()
    return tf.concat([tf.nn.convolution(*pair, strides=layer.strides, padding=padding) for pair in pairs], -1)


class LeakyRelu(keras.layers.LeakyReLU):
    """Keras' leaky ReLU; TensorFlow's kernel holds the slope in float32 whatever it computes."""

    def call(self, inputs: Any) -> Any:
        """Return x, or slope · x below zero; the slope is at most 1."""
        if self.compute_dtype == "float32":
            return super().call(inputs)
        return tf.maximum(inputs, self.negative_slope * inputs)


def _convolution(plain: Any, grouped: Any) -> Maker:
    def make(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
        options = {key: layer.settings[key] for key in ("filters", "padding", "groups")}
        return (plain if options["groups"] == 1 else grouped)(
            **options,
            kernel_size=layer.settings["kernel"],
            strides=layer.settings["stride"],
            use_bias=layer.settings["bias"],
            data_format="channels_last",
            kernel_initializer="zeros",
            **_common(layer, dtype),
        )

    return make


def _pool(kind: Any) -> Maker:
    return lambda layer, inputs, dtype: kind(
        pool_size=layer.settings["size"],
        strides=layer.settings["stride"],
        padding=layer.settings["padding"],
        data_format="channels_last",
        **_common(layer, dtype),
    )


def _global_pool(one: Any, two: Any) -> Maker:
    return lambda layer, inputs, dtype: {2: one, 3: two}[len(inputs[0])](
        data_format="channels_last", **_common(layer, dtype)
    )


def _dense(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    return keras.layers.Dense(
        layer.settings["units"],
        use_bias=layer.settings["bias"],
        kernel_initializer="zeros",
        **_common(layer, dtype),
    )


def _batch_norm(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    momentum, epsilon = layer.settings["momentum"], layer.settings["epsilon"]
    return FusedBatchNorm(axis=-1, momentum=momentum, epsilon=epsilon, **_common(layer, dtype))


def _layer_norm(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    rank = len(inputs[0])
    axes = list(range(1 + rank - len(layer.parameters[0].shape), rank + 1))
    return keras.layers.LayerNormalization(
        axis=axes, epsilon=layer.settings["epsilon"], **_common(layer, dtype)
    )


def _group_norm(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    groups, epsilon = layer.settings["groups"], layer.settings["epsilon"]
    return keras.layers.GroupNormalization(groups, axis=-1, epsilon=epsilon, **_common(layer, dtype))


def _rms_norm(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    epsilon = layer.settings["epsilon"]
    return keras.layers.RMSNormalization(axis=-1, epsilon=epsilon, **_common(layer, dtype))


def _permute(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    axes = [axis + 1 for axis in cast("Shape", layer.settings["axes"])]
    return keras.layers.Permute(axes, **_common(layer, dtype))


def _upsample(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    return Upsample(cast("Shape", layer.settings["factor"]), **_common(layer, dtype))


def _time_pool(kind: Any) -> Maker:
    return lambda layer, inputs, dtype: kind(data_format="channels_last", **_common(layer, dtype))


def _recurrent(kind: type[recurrent.Recurrent]) -> Maker:
    return lambda layer, inputs, dtype: recurrent.recurrent(kind, layer, dtype)


def _prelu(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    return keras.layers.PReLU(shared_axes=list(range(1, len(inputs[0]))), **_common(layer, dtype))


def _reshape(layer: LayerSpec, inputs: list[Shape], dtype: str) -> keras.Layer:
    return Reshape(layer.output_shape, **_common(layer, dtype))


def _axis(layer: LayerSpec, shape: Shape) -> int:
    return place_of(cast("int", layer.settings["axis"]), len(shape))


def _activation(name: str) -> Maker:
    return lambda layer, inputs, dtype: keras.layers.Activation(name, **_common(layer, dtype))


def _common(layer: LayerSpec, dtype: str) -> dict[str, Any]:
    return {"name": layer.name, "dtype": dtype}


LAYERS: dict[str, Maker] = {
    "dense": _dense,
    "embedding": sequences.embedding,
    "positional_encoding": sequences.positions,
    "lstm": _recurrent(recurrent.Lstm),
    "gru": _recurrent(recurrent.Gru),
    "multi_head_attention": sequences.attention,
    "take_step": sequences.take_step,
    "conv1d": _convolution(keras.layers.Conv1D, GroupedConv1D),
    "conv2d": _convolution(keras.layers.Conv2D, GroupedConv2D),
    "max_pool1d": _pool(keras.layers.MaxPooling1D),
    "max_pool2d": _pool(keras.layers.MaxPooling2D),
    "average_pool1d": _pool(keras.layers.AveragePooling1D),
    "average_pool2d": _pool(keras.layers.AveragePooling2D),
    "global_average_pool": _global_pool(
        keras.layers.GlobalAveragePooling1D, keras.layers.GlobalAveragePooling2D
    ),
    "global_max_pool": _global_pool(keras.layers.GlobalMaxPooling1D, keras.layers.GlobalMaxPooling2D),
    "time_average_pool": _time_pool(keras.layers.GlobalAveragePooling1D),
    "time_max_pool": _time_pool(keras.layers.GlobalMaxPooling1D),
    "batch_norm": _batch_norm,
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "dropout": lambda layer, inputs, dtype: SeededDropout(
        float(cast("float", layer.settings["rate"])), **_common(layer, dtype)
    ),
    "relu": _activation("relu"),
    "leaky_relu": lambda layer, inputs, dtype: LeakyRelu(
        negative_slope=layer.settings["slope"], **_common(layer, dtype)
    ),
    "elu": lambda layer, inputs, dtype: keras.layers.ELU(
        alpha=layer.settings["alpha"], **_common(layer, dtype)
    ),
    "prelu": _prelu,
    "gelu": lambda layer, inputs, dtype: Gelu(**_common(layer, dtype)),
    "silu": _activation("silu"),
    "sigmoid": _activation("sigmoid"),
    "tanh": _activation("tanh"),
    "softplus": _activation("softplus"),
    "softmax": lambda layer, inputs, dtype: keras.layers.Softmax(
        axis=_axis(layer, inputs[0]), **_common(layer, dtype)
    ),
    "flatten": _reshape,
    "reshape": _reshape,
    "permute": _permute,
    "upsample2d": _upsample,
    "add": lambda layer, inputs, dtype: keras.layers.Add(**_common(layer, dtype)),
    "multiply": lambda layer, inputs, dtype: keras.layers.Multiply(**_common(layer, dtype)),
    "concatenate": lambda layer, inputs, dtype: keras.layers.Concatenate(
        axis=_axis(layer, inputs[0]), **_common(layer, dtype)
    ),
}
"""The catalogue's layers by key; ``input`` has no maker."""

AS_DESIGNED = {
    *("embedding", "positional_encoding", "lstm", "gru", "multi_head_attention", "take_step"),
    *(OWN, "time_average_pool", "time_max_pool", "dense", "rms_norm", "flatten", "reshape", "permute"),
}
"""Layers that take and give values in the design's layout."""
AS_GIVEN = {
    *("dropout", "relu", "leaky_relu", "elu", "gelu", "silu", "sigmoid", "tanh", "softplus"),
    *("add", "multiply"),
}
"""Layers to which the layout is all one: they take and give the one of their first input."""


def lies_as_designed(layer: LayerSpec, inputs: Sequence[bool]) -> bool:
    """Tell whether a layer works in the design's layout, from whether its inputs lie so."""
    if layer.layer in AS_GIVEN:
        return inputs[0]
    over_features = layer.layer == "layer_norm" and len(layer.parameters[0].shape) == 1
    return over_features or layer.layer in AS_DESIGNED


def call(made: keras.Layer, layer: LayerSpec, sources: list[Any]) -> Any:
    """Call a layer as Keras has it on its inputs' values."""
    if layer.layer == "multi_head_attention":
        query, key, value = (*sources, sources[-1], sources[-1])[:3]
        return made(query, value, key, use_causal_mask=layer.settings["causal"])
    return made(sources[0] if len(sources) == 1 else sources)
