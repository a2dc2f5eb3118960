"""Parameter rules of the layers: names, canonical layouts, initializers and fans."""

from __future__ import annotations

import math

from engines.contract.spec import ParameterSpec
from engines.design.kinds import Settings, Shape
from engines.design.shapes import sizes, whole


def dense(name: str, settings: Settings, inputs: tuple[Shape, ...]) -> tuple[ParameterSpec, ...]:
    """Weight ``(out, in)``, Glorot uniform (Glorot and Bengio 2010, eq. 16); bias zero."""
    fan_in, units = inputs[0][0], whole(settings, "units")
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
    """Scale one and shift zero for every value of a sample."""
    return _scale_and_shift(name, inputs[0])


def _scale_and_shift(name: str, shape: Shape) -> tuple[ParameterSpec, ...]:
    return (ParameterSpec(f"{name}/weight", shape, "ones"), ParameterSpec(f"{name}/bias", shape, "zeros"))


def _bias(name: str, settings: Settings, size: int) -> tuple[ParameterSpec, ...]:
    return (ParameterSpec(f"{name}/bias", (size,), "zeros"),) if settings["bias"] else ()
