"""Parameter rules of the layers: names, canonical layouts, initializers and fans."""

from __future__ import annotations

import math

from engines.contract.spec import ParameterSpec
from engines.design.kinds import Settings, Shape
from engines.design.shapes import attended, sizes, whole


def dense(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Weight ``(out, in)``, Glorot uniform (Glorot and Bengio 2010, eq. 16); bias zero."""
    fan_in, units = inputs[0][-1], whole(settings, "units")
    weight = ParameterSpec(f"{name}/weight", (units, fan_in), "glorot_uniform", fan_in, units)
    return (weight, *_bias(name, settings, units))


def convolution(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Weight ``(out, in / groups, *kernel)``, He normal (He et al. 2015, eq. 10); bias zero."""
    filters, kernel = whole(settings, "filters"), sizes(settings, "kernel")
    shape = (filters, inputs[0][0] // whole(settings, "groups"), *kernel)
    fans = math.prod(shape[1:]), filters * math.prod(kernel)
    return (ParameterSpec(f"{name}/weight", shape, "he_normal", *fans), *_bias(name, settings, filters))


def batch_norm(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Scale one and shift zero a channel; running mean zero and running variance one, not trained."""
    channels = inputs[0][:1]
    return (
        *_scale_and_shift(name, channels),
        ParameterSpec(f"{name}/running_mean", channels, "zeros", trainable=False),
        ParameterSpec(f"{name}/running_var", channels, "ones", trainable=False),
    )


def layer_norm(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Scale one and shift zero for every value of a sample, or for every feature."""
    return _scale_and_shift(name, inputs[0][-1:] if settings["over"] == "features" else inputs[0])


def group_norm(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Scale one and shift zero a channel."""
    return _scale_and_shift(name, inputs[0][:1])


def rms_norm(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Scale one for every feature."""
    return (ParameterSpec(f"{name}/weight", inputs[0][-1:], "ones"),)


def prelu(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """A slope of 0.25 a channel (He et al. 2015, section 2.1)."""
    return (ParameterSpec(f"{name}/weight", inputs[0][:1], "quarter"),)


def embedding(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Weight ``(vocabulary, units)``, normal with deviation 0.02 (Radford et al. 2018, section 4.1)."""
    shape = whole(settings, "vocabulary"), whole(settings, "units")
    return (ParameterSpec(f"{name}/weight", shape, "small_normal"),)


def positional_encoding(
    name: str, settings: Settings, inputs: tuple[Shape, ...]
) -> tuple[ParameterSpec, ...]:
    """Nothing where the waves are fixed, else a weight ``(time, features)``, like an embedding's."""
    learned = settings["form"] == "learned"
    return (ParameterSpec(f"{name}/weight", inputs[0], "small_normal"),) if learned else ()


def lstm(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Four gates; the forget gate's bias one (Jozefowicz et al. 2015), the others zero."""
    return _recurrent(name, settings, inputs, 4, "forget_one")


def gru(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Three gates; biases zero."""
    return _recurrent(name, settings, inputs, 3, "zeros")


def _recurrent(
    name: str, settings: Settings, inputs: tuple[Shape, ...], gates: int, bias: str
) -> tuple[ParameterSpec, ...]:
    """Weights gate by gate, each Glorot uniform by itself, for each direction."""
    features, units = inputs[0][1], whole(settings, "units")
    rows = gates * units
    return tuple(
        parameter
        for role in ("", "reverse_")[: 2 if settings["bidirectional"] else 1]
        for parameter in (
            ParameterSpec(f"{name}/{role}weight", (rows, features), "glorot_uniform", features, units),
            ParameterSpec(f"{name}/{role}recurrent_weight", (rows, units), "glorot_uniform", units, units),
            ParameterSpec(f"{name}/{role}bias", (rows,), bias),
        )
    )


def attention(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Weights ``(features, in)`` for query, key and value and ``(features, features)`` after them."""
    features = inputs[0][1]
    found: list[ParameterSpec] = []
    shapes = (*attended(inputs), inputs[0])
    for role, shape in zip(("query_", "key_", "value_", ""), shapes, strict=True):
        fans = shape[1], features
        weight = ParameterSpec(f"{name}/{role}weight", (features, shape[1]), "glorot_uniform", *fans)
        found.append(weight)
        if settings["bias"]:
            found.append(ParameterSpec(f"{name}/{role}bias", (features,), "zeros"))
    return tuple(found)


def _scale_and_shift(name: str, shape: Shape) -> tuple[ParameterSpec, ...]:
    return (ParameterSpec(f"{name}/weight", shape, "ones"), ParameterSpec(f"{name}/bias", shape, "zeros"))


def _bias(name: str, settings: Settings, size: int) -> tuple[ParameterSpec, ...]:
    return (ParameterSpec(f"{name}/bias", (size,), "zeros"),) if settings["bias"] else ()
